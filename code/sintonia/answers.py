"""Models are asked: replies and losses on the same rows, once. What a base said is kept and not asked again.

A base model is asked the same prompts in each comparison, and as it seldom stops it takes longest. Its
answers are kept in the cache folder under a checksum of all that decides them: weights and configuration,
tokenizer, template, prompt, reference, the limit of new tokens, the kind of device and torch's version.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import re
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from sintonia.chat_templates import find_template
from sintonia.conversations import Conversation
from sintonia.evaluation import response_losses
from sintonia.fast_tokenizers import fast_backend
from sintonia.generation import Reply, generate
from sintonia.models import cache_folder

# The longest reference of the course's test rows is 100 tokens: a lower limit would count some good
# replies in Chinese as never ending.
MAX_NEW_TOKENS = 128
WORTH_KEEPING = 10_000_000  # weights; a smaller model answers sooner than a checksum of it is found out
_PEFT_NAME = re.compile(r"^base_model\.model\.|\.base_layer(?=\.)|\.modules_to_save\.\w+(?=\.)")
# A name, a place or a habit, and nothing that a reply depends on.
_VOLATILE = {"_name_or_path", "transformers_version", "use_cache", "dtype", "torch_dtype"}


@dataclass(frozen=True)
class Answer:
    """A model's reply to a row's prompt, and its loss on the row's reference: nats in all, and tokens."""

    reply: Reply
    loss: float
    tokens: int


def ask(
    model: Any,
    tokenizer: Any,
    rows: list[dict[str, Any]],
    *,
    chat_template: str | None = None,
    max_new_tokens: int = MAX_NEW_TOKENS,
    on_batch: Callable[[int], None] | None = None,
    keep: bool = False,
) -> list[Answer]:
    """Ask a model the last user turn of each row, and measure its loss on what the row holds.

    Args:
        rows: conversations with an assistant turn, which is the reference, as `load_rows` yields them.
        on_batch: called with the number of replies just made, those that were kept included.
        keep: take answers from the cache folder where they are there, and put them there where not.

    Returns:
        One answer a row, in order.

    Explained in: masks.md#run-it
    """
    options = {"chat_template": chat_template}
    path = _kept_in(model, tokenizer, chat_template, max_new_tokens) if keep else None
    kept = _read(path)
    keys = [_checksum(row["messages"]) for row in rows]
    missing = [number for number, key in enumerate(keys) if key not in kept]
    if on_batch and len(missing) < len(rows):
        on_batch(len(rows) - len(missing))
    prompts = [split_reply(rows[number]["messages"])[0] for number in missing]
    replies = generate(model, tokenizer, prompts, max_new_tokens=max_new_tokens, on_batch=on_batch, **options)
    asked = [rows[number]["messages"] for number in missing]
    losses = response_losses(model, tokenizer, asked, **options) if asked else []
    for number, reply, (loss, tokens) in zip(missing, replies, losses, strict=True):
        kept[keys[number]] = Answer(reply, loss, tokens)
    if path and missing:
        _write(path, kept)
    return [kept[key] for key in keys]


def split_reply(conversation: Conversation) -> tuple[Conversation, str]:
    """The conversation up to its last assistant turn, and that turn.

    Example:
        >>> split_reply([{"role": "user", "content": "Oi"}, {"role": "assistant", "content": "Olá!"}])
        ([{'role': 'user', 'content': 'Oi'}], 'Olá!')

    Explained in: masks.md#run-it
    """
    last = max(i for i, turn in enumerate(conversation) if turn["role"] == "assistant")
    return conversation[:last], conversation[last]["content"] or ""


def choose(rows: list[dict[str, Any]], per_language: int | None) -> list[dict[str, Any]]:
    """So many rows of each language, from as many categories as there are, always the same ones.

    Categories take turns in the order in which they first come, each giving its rows in order; so the
    languages of the course, whose rows are parallel, get the same prompts.

    Args:
        per_language: `None` or 0 takes all.

    Example:
        >>> rows = [{"id": n, "lang": "en", "category": c} for n, c in enumerate("aaabbc")]
        >>> [row["id"] for row in choose(rows, 4)]
        [0, 1, 3, 5]

    Explained in: masks.md#run-it
    """
    if not per_language:
        return rows
    turns: Counter[tuple[Any, Any]] = Counter()
    order: dict[Any, dict[Any, int]] = {}
    places: dict[Any, list[tuple[int, int, int]]] = {}
    for number, row in enumerate(rows):
        lang, category = row.get("lang"), row.get("category")
        rank = order.setdefault(lang, {}).setdefault(category, len(order[lang]))
        places.setdefault(lang, []).append((turns[lang, category], rank, number))
        turns[lang, category] += 1
    chosen = {number for found in places.values() for *_, number in sorted(found)[:per_language]}
    return [row for number, row in enumerate(rows) if number in chosen]


def has_base(model: Any) -> bool:
    """Whether switching the adapters off leaves the base exactly as it was loaded.

    So it is with LoRA that adds to the weights beside them. It is not where weights were merged, biases
    trained, or the base's weights changed when the adapter was made, as PiSSA and its kin do.

    Explained in: masks.md#run-it
    """
    configs = list(getattr(model, "peft_config", {}).values())
    merged = any(getattr(module, "merged", False) is True for module in model.modules()) if configs else False
    return bool(configs) and not merged and all(_only_adds(config) for config in configs)


def _only_adds(config: Any) -> bool:
    kind = getattr(config.peft_type, "value", config.peft_type)
    plain_start = getattr(config, "init_lora_weights", None) in (True, False, "gaussian")
    return kind == "LORA" and getattr(config, "bias", None) == "none" and plain_start


@contextlib.contextmanager
def base_of_adapter(model: Any) -> Iterator[Any]:
    """The model with its adapters switched off, inside the block: the base, without a second one in memory.

    Explained in: masks.md#run-it
    """
    with model.disable_adapter():
        yield model


def weights_sha256(model: Any) -> str:
    """A checksum of a model's weights and configuration; adapters are not part of it.

    The same base has the same checksum, bare or under an adapter.

    Explained in: masks.md#run-it
    """
    import torch

    config = {key: value for key, value in model.config.to_diff_dict().items() if key not in _VOLATILE}
    digest = hashlib.sha256(json.dumps(config, sort_keys=True, default=str).encode())
    named = {}
    for name, weight in model.named_parameters():
        if "lora_" not in name and ".modules_to_save." not in name:
            named[_PEFT_NAME.sub("", name).replace(".original_module", "")] = weight
    for name in sorted(named):
        values = named[name].detach().cpu().contiguous()
        digest.update(f"{name} {tuple(values.shape)} {values.dtype}".encode())
        digest.update(memoryview(values.flatten().view(torch.uint8).numpy()))
    return digest.hexdigest()


def _kept_in(model: Any, tokenizer: Any, chat_template: str | None, max_new_tokens: int) -> Path | None:
    """The file that holds this model's answers under these conditions; `None` where none is kept."""
    import torch

    if sum(weight.numel() for weight in model.parameters()) < WORTH_KEEPING:
        return None
    ends = model.generation_config.eos_token_id
    facts = [weights_sha256(model), find_template(chat_template, tokenizer)[1], max_new_tokens]
    facts += [_checksum(fast_backend(tokenizer).to_str()), tokenizer.eos_token_id, ends]
    facts += [model.device.type, torch.__version__]
    return cache_folder() / "answers" / f"{_checksum(facts)[:24]}.jsonl"


def _checksum(value: Any) -> str:
    return hashlib.sha256(json.dumps(value, ensure_ascii=False, sort_keys=True).encode()).hexdigest()


def _read(path: Path | None) -> dict[str, Answer]:
    """What was kept; a line that is not whole is one that was not kept."""
    kept = {}
    with contextlib.suppress(OSError, UnicodeDecodeError):
        for line in path.read_text("utf-8").splitlines() if path else ():
            with contextlib.suppress(ValueError, KeyError, TypeError):
                row = json.loads(line)
                kept[row["key"]] = Answer(Reply(**row["reply"]), float(row["loss"]), int(row["tokens"]))
    return kept


def _write(path: Path, kept: dict[str, Answer]) -> None:
    """Keep answers for the next comparison; where that is impossible, this one goes on without."""
    unfinished = path.with_name(f".{path.name}.{os.getpid()}")
    lines = [json.dumps({"key": key, **asdict(answer)}, ensure_ascii=False) for key, answer in kept.items()]
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        unfinished.write_text("\n".join(lines) + "\n", encoding="utf-8")
        unfinished.replace(path)
    except OSError:
        with contextlib.suppress(OSError):
            unfinished.unlink()
