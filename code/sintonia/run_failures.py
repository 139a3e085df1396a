"""What a run that broke off leaves behind, so that its cause can be read: batch, rows, weights."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from sintonia.checkpoints import write_json
from sintonia.loss_masks import IGNORE_INDEX
from sintonia.run_watch import NotFinite


def rows_of_batch(
    batch: Sequence[Sequence[int]], dataset: Sequence[dict[str, Any]], limit: int | None
) -> list[int]:
    """Which rows of the data a batch was made of; nothing for packed ones, which hold parts of several.

    Args:
        batch: `input_ids` as the model got them, padding on the right.
        dataset: rows with `input_ids`.
        limit: tokens that were kept of a row, `None` for all.

    Example:
        >>> rows_of_batch([[7, 8, 0]], [{"input_ids": [7, 8]}, {"input_ids": [9]}], None)
        [0]

    Explained in: reading-a-run.md#what-goes-wrong
    """
    found = []
    for ids in batch:
        for number, row in enumerate(dataset):
            kept = list(row["input_ids"][:limit])
            padding = set(ids[len(kept) :])
            if list(ids[: len(kept)]) == kept and len(padding) < 2:
                found.append(number)
                break
    return found


def write_failed_batch(
    path: Path, failure: NotFinite, rows: Sequence[int], model: Any, tokenizer: Any, **facts: Any
) -> list[str]:
    """Write the batch that broke a run, and say in a few lines what can be read off it.

    Args:
        path: a JSON file; its folder must be there.
        rows: numbers of the data's rows in the batch, from 0.
        facts: plain values to add, such as the learning rate.

    Returns:
        Lines to print.

    Explained in: reading-a-run.md#what-goes-wrong
    """
    ids, labels = failure.batch.get("input_ids", []), failure.batch.get("labels", [])
    supervised = sum(label != IGNORE_INDEX for row in labels for label in row)
    broken = [name for name, weight in model.named_parameters() if not bool(weight.detach().isfinite().all())]
    content = {
        "step": failure.step,
        "loss": str(failure.loss),
        "rows": list(rows),
        "supervised": supervised,
        "weights_not_finite": broken,
        **facts,
        "texts": [tokenizer.decode(row) for row in ids],
        "input_ids": ids,
        "labels": labels,
    }
    write_json(path, content)
    lines = [f"the loss of step {failure.step} is {failure.loss}; the run stopped before it could do harm"]
    if rows:
        lines.append(f"rows of the data in this batch, from 1: {', '.join(str(row + 1) for row in rows)}")
    lines.append(f"tokens supervised in it: {supervised}")
    if broken:
        lines.append(f"weights that are no numbers: {len(broken)}, the first {broken[0]}")
        if failure.step == 1:
            lines.append("they were so before the first update: the model's files are damaged")
    lines.append(f"batch saved: {path}")
    return lines
