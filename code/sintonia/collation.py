"""Examples of different lengths become the tensors of one batch.

    input_ids        5 6 7 8      attention_mask  1 1 1 1      labels  -100 -100    7    8
                     5 9 . .                      1 1 0 0              -100    9 -100 -100

What is padding is known by its place, never by its id: where the padding token is also the end-of-turn
token, a collator that looks for the id would take the lesson of stopping out of every reply.
"""

from __future__ import annotations

import random
from typing import Any

from sintonia.errors import Fault, InputError
from sintonia.loss_masks import IGNORE_INDEX, labels

SIDES = ("right", "left")
# Long enough that batches are of like length, short enough that an epoch's order is still a shuffled one.
_POOL_BATCHES = 50


def collate(
    examples: list[dict[str, Any]],
    pad_token_id: int,
    *,
    padding_side: str = "right",
    pad_to_multiple_of: int | None = None,
    max_length: int | None = None,
) -> dict[str, Any]:
    """Pad examples to one width and stack them.

    Args:
        examples: each with `input_ids` and, to learn from it, `assistant_mask` or `labels` (which wins);
            or packs, as `pack` makes them.
        pad_token_id: any id; what it means elsewhere does not matter here.
        padding_side: `right` for training; `left` for generation, which goes on from the last column.
        pad_to_multiple_of: columns; hardware likes multiples of 8 or 64.
        max_length: columns of every batch, for fixed shapes; the longest example's if left out.

    Returns:
        int64 tensors, each (batch, width): `input_ids`; `attention_mask`, 1 where a token is; `labels`, not
        shifted, if the examples say what to learn. Packs have `position_ids` in place of `attention_mask`:
        with one, transformers would no longer part the examples of a pack.
        The label of an example's first token is always `IGNORE_INDEX`: nothing comes before it that could
        predict it, except, on the left, padding.

    Raises:
        InputError: no examples, no padding token, an unknown side, packs padded on the left or beside
            examples that are not packed, an example longer than `max_length`, columns that differ.

    Example:
        >>> rows = [{"input_ids": [5, 6, 7], "assistant_mask": [0, 1, 1]},
        ...         {"input_ids": [5, 9], "assistant_mask": [0, 1]}]
        >>> {name: tensor.tolist() for name, tensor in collate(rows, 9).items()}["labels"]
        [[-100, 6, 7], [-100, 9, -100]]

    Explained in: lengths.md#padding
    """
    import torch

    _refuse(examples, pad_token_id, padding_side)
    packed = "position_ids" in examples[0]
    lengths = [len(example["input_ids"]) for example in examples]
    width = max_length or max(lengths)
    if max(lengths) > width:
        where = f"example {lengths.index(max(lengths)) + 1}"
        raise InputError(Fault(where, f"{max(lengths)} tokens", f"at most {width}", "truncate first"))
    if pad_to_multiple_of:
        width = -(-width // pad_to_multiple_of) * pad_to_multiple_of

    def stacked(rows: list[list[int]], padding: int) -> Any:
        left = padding_side == "left"
        pads = [[padding] * (width - len(row)) for row in rows]
        return torch.tensor([pad + row if left else row + pad for row, pad in zip(rows, pads, strict=True)])

    batch = {"input_ids": stacked([list(example["input_ids"]) for example in examples], pad_token_id)}
    if packed:
        # The padding counts on from 0: one more sequence, which no other one can see.
        rows = [[*one["position_ids"], *range(width - len(one["position_ids"]))] for one in examples]
        batch["position_ids"] = torch.tensor(rows)
    else:
        batch["attention_mask"] = stacked([[1] * length for length in lengths], 0)
    targets = [_targets(number, example) for number, example in enumerate(examples, start=1)]
    if all(target is not None for target in targets):
        batch["labels"] = stacked(targets, IGNORE_INDEX)
    elif any(target is not None for target in targets):
        where = f"example {targets.index(None) + 1}"
        raise InputError(Fault(where, "neither assistant_mask nor labels", "one of them, as in the others"))
    return batch


def length_grouped_batches(lengths: list[int], batch_size: int, seed: int) -> list[list[int]]:
    """Indices in batches of like length, so that little is padding, in an order that the seed decides.

    Every index comes once. Only one batch may be smaller than `batch_size`. The batch with the longest
    example comes first: a run that lacks memory says so at once.

    Args:
        lengths: tokens of each example.

    Raises:
        InputError: `batch_size` below 1.

    Example:
        >>> length_grouped_batches([9, 1, 8, 2], batch_size=2, seed=0)
        [[0, 2], [3, 1]]

    Explained in: lengths.md#length-grouping
    """
    if batch_size < 1:
        raise InputError(Fault("batch_size", str(batch_size), "at least 1"))
    shuffle = random.Random(seed).shuffle
    order = list(range(len(lengths)))
    shuffle(order)
    pool = batch_size * _POOL_BATCHES
    batches = []
    for first in range(0, len(order), pool):
        alike = sorted(order[first : first + pool], key=lambda index: -lengths[index])
        batches += [alike[start : start + batch_size] for start in range(0, len(alike), batch_size)]
    shuffle(batches)
    longest = max(range(len(batches)), key=lambda place: lengths[batches[place][0]], default=0)
    return batches[longest : longest + 1] + batches[:longest] + batches[longest + 1 :]


def _targets(number: int, example: dict[str, Any]) -> list[int] | None:
    if "labels" not in example and "assistant_mask" not in example:
        return None
    found = list(example["labels"] if "labels" in example else labels(example))
    length = len(example["input_ids"])
    if len(found) != length:
        raise InputError(Fault(f"example {number}", f"{len(found)} labels", f"{length}, one for each id"))
    first = 0
    for size in example.get("seq_lengths", [length]):
        if size:
            found[first] = IGNORE_INDEX
        first += size
    return found


def _refuse(examples: list[dict[str, Any]], pad_token_id: int, padding_side: str) -> None:
    if not examples:
        raise InputError(Fault("collate", "no examples", "at least one"))
    if pad_token_id is None:
        fix = "the end-of-turn token will do, since padding is known by its place"
        raise InputError(Fault("pad_token_id", "None", "an id of the vocabulary", fix))
    if padding_side not in SIDES:
        raise InputError(Fault("padding_side", repr(padding_side), " or ".join(SIDES)))
    packed = ["position_ids" in example for example in examples]
    if any(packed) and not all(packed):
        raise InputError(Fault(f"example {packed.index(False) + 1}", "no position_ids", "packs only"))
    if packed[0] and padding_side == "left":
        raise InputError(Fault("padding_side", "left, with packs", "right: packs are for training"))
