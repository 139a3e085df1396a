"""Text and spans become `input_ids`, an `assistant_mask` over them, and the labels of the loss.

One convention everywhere: `assistant_mask` is 1 where the assistant wrote the token, its end-of-turn
token included; a label is the token's id there and `IGNORE_INDEX` elsewhere. Labels are not shifted
here: the model's loss compares position `i` with label `i + 1` by itself.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from typing import Any

from sintonia.chat_templates import EMBEDDED_TOKENIZER, Rendered, render
from sintonia.conversations import Conversation
from sintonia.errors import Fault, InputError

IGNORE_INDEX = -100
TRUNCATIONS = ("keep_start",)


def encode(
    conversations: Iterable[Conversation],
    tokenizer: Any = None,
    *,
    chat_template: str | None = None,
    max_length: int | None = None,
    truncation: str = "keep_start",
) -> list[dict[str, list[int]]]:
    """Tokenize conversations and mark the tokens that the assistant wrote.

    Args:
        conversations: each a list of `{"role", "content"}` dicts.
        tokenizer: a fast tokenizer of transformers; `None` is the embedded SmolLM2.
        chat_template: as in `sintonia.render`.
        max_length: tokens kept of each conversation; `None` keeps all.
        truncation: what to keep when there are more; `keep_start` cuts the end off.

    Returns:
        One dict a conversation: `input_ids` and `assistant_mask`, two lists of the same length.

    Raises:
        InputError: a template or an argument that cannot be used, or a slow tokenizer, which knows no
            offsets.

    Example:
        >>> row = encode([[{"role": "system", "content": ""}, {"role": "user", "content": "Oi"},
        ...                {"role": "assistant", "content": "Olá!"}]])[0]
        >>> row["input_ids"][-6:]
        [198, 40771, 5415, 17, 2, 198]

    Explained in: masks.md#loss-masking
    """
    if truncation not in TRUNCATIONS:
        raise InputError(Fault("truncation", repr(truncation), " or ".join(TRUNCATIONS)))
    if max_length is not None and max_length < 1:
        raise InputError(Fault("max_length", str(max_length), "at least 1 token, or None"))
    rendered = [
        render(_as_conversation(turns), chat_template, tokenizer=tokenizer) for turns in conversations
    ]
    backend = fast_backend(tokenizer)
    # Left over from an earlier call, or from tokenizer.json; transformers sets both anew in each call.
    backend.no_truncation()
    backend.no_padding()
    encodings = backend.encode_batch([row.text for row in rendered], add_special_tokens=False)
    return [
        _columns(_pair(encoding.ids, encoding.offsets, row)[:max_length])
        for encoding, row in zip(encodings, rendered, strict=True)
    ]


def labels(example: dict[str, list[int]]) -> list[int]:
    """The labels of one example: its `input_ids` where `assistant_mask` is 1, else `IGNORE_INDEX`.

    Raises:
        InputError: the two lists differ in length.

    Example:
        >>> labels({"input_ids": [1, 9690, 42, 2], "assistant_mask": [0, 0, 1, 1]})
        [-100, -100, 42, 2]

    Explained in: masks.md#ignore-index
    """
    ids, mask = example["input_ids"], example["assistant_mask"]
    if len(ids) != len(mask):
        raise InputError(Fault("example", f"{len(mask)} mask values", f"{len(ids)}, one for each id"))
    return [token if wrote else IGNORE_INDEX for token, wrote in zip(ids, mask, strict=True)]


def supervised_loss(model: Any, inputs: dict[str, Any], divisor: Any = None) -> Any:
    """The masked loss of a batch, with logits only in the columns that some label grades.

    The loss and its gradients are those of the whole sequence: what is left out has no term in it.
    Where a third of the tokens is supervised, a training step on a CPU takes a third less time.

    Args:
        model: a causal language model whose forward takes `logits_to_keep`.
        inputs: `input_ids` and `labels`, each (batch, seq), not shifted; `attention_mask` if padded.
        divisor: tokens to divide by; `None` counts the batch's own supervised tokens.

    Returns:
        A scalar tensor in nats a token; 0 where nothing is supervised.

    Explained in: masks.md#divisor
    """
    import torch

    rest = {name: value for name, value in inputs.items() if name != "labels"}
    targets = inputs["labels"][:, 1:]
    columns = (targets != IGNORE_INDEX).any(dim=0).nonzero().squeeze(1)
    logits = model(**rest, use_cache=False, logits_to_keep=columns).logits
    if logits.shape[1] != len(columns):  # a model that takes the argument and keeps them all
        logits = logits[:, columns]
    targets = targets[:, columns]
    total = torch.nn.functional.cross_entropy(
        logits.flatten(0, 1).float(), targets.flatten(), ignore_index=IGNORE_INDEX, reduction="sum"
    )
    count = (targets != IGNORE_INDEX).sum() if divisor is None else torch.as_tensor(divisor)
    return total / count.clamp(min=1)


def show_mask(example: dict[str, list[int]], tokenizer: Any = None, *, color: bool = False) -> str:
    """The tokens of one example, one a line, `+` where the loss counts them and `.` where not.

    Args:
        example: `input_ids` and `assistant_mask`, as `encode` returns them.
        tokenizer: the one that made the ids; `None` is the embedded SmolLM2.
        color: paint supervised tokens green, for a terminal. The sign stands there either way.

    Example:
        >>> print(show_mask({"input_ids": [198, 40771, 2], "assistant_mask": [0, 1, 1]}))
          pos     id    token
            0    198  . '\\n'
            1  40771  + 'Ol'
            2      2  + '<|im_end|>'
        2 of 3 tokens supervised (66.7 %)

    Explained in: masks.md#look-at-it
    """
    ids, mask = example["input_ids"], example["assistant_mask"]
    lines = ["  pos     id    token"]
    for position, (token, wrote) in enumerate(zip(ids, mask, strict=True)):
        sign = "+" if wrote else "."
        line = f"{position:5d} {token:6d}  {sign} {readable(token, tokenizer)}"
        lines.append(f"\x1b[32m{line}\x1b[0m" if color and wrote else line)
    share = 100 * sum(mask) / len(mask) if mask else 0.0
    lines.append(f"{sum(mask)} of {len(mask)} tokens supervised ({share:.1f} %)")
    return "\n".join(lines)


def readable(token: int, tokenizer: Any = None) -> str:
    """One token as a person can read it: its text in quotes, or its bytes where it is half a character.

    Example:
        >>> readable(2), readable(198)
        ("'<|im_end|>'", "'\\\\n'")

    Explained in: masks.md#look-at-it
    """
    backend = fast_backend(tokenizer)
    text = backend.decode([token], skip_special_tokens=False)
    if "\ufffd" in text:
        return f"part of a character ({backend.id_to_token(token)})"
    return repr(text)


def fast_backend(tokenizer: Any = None) -> Any:
    """The `tokenizers.Tokenizer` under a transformers tokenizer; the embedded one for `None`.

    Raises:
        InputError: a slow (pure Python) tokenizer.

    Example:
        >>> fast_backend().token_to_id("<|im_end|>")
        2

    Explained in: masks.md#loss-masking
    """
    if tokenizer is None:
        return _embedded_backend()
    backend = getattr(tokenizer, "backend_tokenizer", tokenizer)
    if not hasattr(backend, "encode_batch"):
        kind = type(tokenizer).__name__
        raise InputError(Fault("tokenizer", f"a slow one ({kind})", "a fast one, which knows offsets"))
    return backend


@cache
def _embedded_backend() -> Any:
    from tokenizers import Tokenizer

    return Tokenizer.from_file(str(EMBEDDED_TOKENIZER / "tokenizer.json"))


def _pair(ids: list[int], offsets: list[tuple[int, int]], rendered: Rendered) -> list[tuple[int, int]]:
    """A token is the assistant's when all its characters lie in one span.

    A character that several tokens share (an emoji, a rare Chinese character) gives each of them its
    own offsets, so all of them count. A token that also holds characters of the header does not: at
    generation time the header is already there, and the model never writes that token.
    """
    pairs = []
    spans = iter(rendered.spans)
    span = next(spans, None)
    for token, (start, end) in zip(ids, offsets, strict=True):
        while span is not None and start >= span[1]:
            span = next(spans, None)
        inside = span is not None and span[0] <= start < end <= span[1]
        pairs.append((token, int(inside)))
    return pairs


def _columns(pairs: list[tuple[int, int]]) -> dict[str, list[int]]:
    """Ids and mask grow as pairs and part only here, so that they cannot drift apart."""
    return {
        "input_ids": [token for token, _ in pairs],
        "assistant_mask": [wrote for _, wrote in pairs],
    }


def _as_conversation(turns: Any) -> Conversation:
    if isinstance(turns, dict):
        found = "a message, or a row" if "role" in turns else "a row"
        raise InputError(
            Fault("conversations", found, "a list of conversations", "wrap one conversation in [ ]")
        )
    return turns
