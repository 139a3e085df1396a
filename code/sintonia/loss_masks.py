"""Text and spans become `input_ids`, an `assistant_mask` over them, and the labels of the loss.

One convention everywhere: `assistant_mask` is 1 where the assistant wrote the token, its end-of-turn
token included; a label is the token's id there and `IGNORE_INDEX` elsewhere. Labels are not shifted
here: the model's loss compares position `i` with label `i + 1` by itself.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from sintonia.errors import Fault, InputError
from sintonia.fast_tokenizers import fast_backend
from sintonia.row_encoding import RowEncoder, batches, example, not_wrapped, packed_rows
from sintonia.truncation import TRUNCATIONS, Cut, check_limit, truncate

IGNORE_INDEX = -100

__all__ = ["IGNORE_INDEX", "TRUNCATIONS", "encode", "fast_backend", "labels", "readable", "show_mask"]
__all__ += ["supervised_loss"]


def encode(
    conversations: Iterable[Any],
    tokenizer: Any = None,
    *,
    chat_template: str | None = None,
    max_length: int | None = None,
    truncation: str = "keep_start",
    num_proc: int = 1,
    on_cut: Callable[[Cut], None] | None = None,
) -> list[dict[str, list[int]]]:
    """Tokenize conversations and mark the tokens that the assistant wrote.

    Args:
        conversations: each a list of `{"role", "content"}` dicts, or a row that has such a list as
            `messages` and may have `tools` and `chat_template_kwargs` (lists and dicts, or their JSON).
        tokenizer: a fast tokenizer of transformers; `None` is the embedded SmolLM2.
        chat_template: as in `sintonia.render`.
        max_length: tokens kept of each conversation; `None` keeps all.
        truncation: what to keep when there are more, as in `sintonia.truncation.truncate`:
            `keep_start` cuts the end off, `drop` leaves the row out, `keep_answer` shortens the prompt.
        num_proc: processes to share the work; worth it from some thousand conversations on.
        on_cut: called once with the `Cut`, which counts what truncation took away.

    Returns:
        One dict a conversation, in order: `input_ids` and `assistant_mask`, two lists of the same
        length.

    Raises:
        InputError: a template or an argument that cannot be used, a conversation that the template
            refuses, or a slow tokenizer, which knows no offsets.

    Example:
        >>> row = encode([[{"role": "system", "content": ""}, {"role": "user", "content": "Oi"},
        ...                {"role": "assistant", "content": "Olá!"}]])[0]
        >>> row["input_ids"][-6:]
        [198, 40771, 5415, 17, 2, 198]

    Explained in: masks.md#loss-masking
    """
    check_limit(max_length, truncation)
    if num_proc < 1:
        raise InputError(Fault("num_proc", str(num_proc), "at least 1 process"))
    if isinstance(conversations, dict):
        raise not_wrapped("a row")
    rows = RowEncoder(tokenizer, chat_template)
    examples: list[dict[str, list[int]]] = []
    total = Cut()
    for batch in packed_rows(rows, batches(conversations), num_proc):
        lists = [example(ids, mask) for ids, mask in batch]
        kept, cut = truncate(lists, max_length, truncation, bos_token_id=rows.bos_token_id)
        examples += kept
        total += cut
    if on_cut is not None:
        on_cut(total)
    return examples


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
