"""Prompts go in, replies come out: greedy, batched, and honest about whether the model stopped."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sintonia.chat_templates import render
from sintonia.conversations import Conversation


@dataclass(frozen=True)
class Reply:
    """What a model answered.

    Args:
        text: the reply, without special tokens.
        stopped: it ended with the end-of-turn token, and not because `max_new_tokens` ran out.
        tokens: how many it wrote, the end-of-turn token included.
    """

    text: str
    stopped: bool
    tokens: int


def generate(
    model: Any,
    tokenizer: Any,
    prompts: list[Conversation],
    *,
    chat_template: str | None = None,
    max_new_tokens: int = 64,
    batch_size: int = 10,
    on_batch: Callable[[int], None] | None = None,
) -> list[Reply]:
    """Answer each prompt, greedily, so that the same model gives the same replies.

    Prompts are padded on the left: the model continues from the last position, and that must be the
    generation prompt and not padding.

    Args:
        prompts: conversations that end before the assistant's turn.
        max_new_tokens: tokens; a reply that has not ended by then has not stopped.
        batch_size: prompts answered at once; prompts of like length are put together.
        on_batch: called with the number of replies just made.

    Returns:
        One reply a prompt, in the order of `prompts`.

    Explained in: chat-templates.md#generation-prompt
    """
    if not prompts:
        return []
    import torch

    texts = [
        render(turns, chat_template, tokenizer=tokenizer, add_generation_prompt=True).text
        for turns in prompts
    ]
    ids = tokenizer(texts, add_special_tokens=False)["input_ids"]
    ends = _end_ids(model, tokenizer)
    pad = tokenizer.pad_token_id if tokenizer.pad_token_id is not None else min(ends)
    replies: list[Reply | None] = [None] * len(ids)
    order = sorted(range(len(ids)), key=lambda index: len(ids[index]))
    for first in range(0, len(order), batch_size):
        chosen = order[first : first + batch_size]
        width = max(len(ids[index]) for index in chosen)
        rows = [[pad] * (width - len(ids[index])) + ids[index] for index in chosen]
        seen = [[0] * (width - len(ids[index])) + [1] * len(ids[index]) for index in chosen]
        with torch.inference_mode():
            output = model.generate(
                input_ids=torch.tensor(rows, device=model.device),
                attention_mask=torch.tensor(seen, device=model.device),
                max_new_tokens=max_new_tokens,
                do_sample=False,
                use_cache=True,  # training switches it off in the model's configuration
                pad_token_id=pad,
                eos_token_id=sorted(ends),
            )
        for index, row in zip(chosen, output[:, width:].tolist(), strict=True):
            replies[index] = _read(row, ends, tokenizer)
        if on_batch:
            on_batch(len(chosen))
    return replies


def _end_ids(model: Any, tokenizer: Any) -> set[int]:
    """Every id that ends a reply: the tokenizer's and those that the model's own config names."""
    configured = model.generation_config.eos_token_id
    ends = set(configured if isinstance(configured, list) else [configured])
    return (ends | {tokenizer.eos_token_id}) - {None}


def _read(row: list[int], ends: set[int], tokenizer: Any) -> Reply:
    # Cut at the first end by position: what follows it is padding, which may be the same id.
    length = next((place for place, token in enumerate(row) if token in ends), None)
    text = tokenizer.decode(row[:length], skip_special_tokens=True).strip()
    return Reply(text, length is not None, len(row) if length is None else length + 1)
