"""Pairs of micro-batches with very different counts, one of them with nothing supervised."""

import torch
from torch.nn.functional import cross_entropy

from sintonia.exercises.judging import failed

LABELS = [
    [[-100, -100, -100, -100, -100, 3], [4, 1, 7, 0, 2, 9]],
    [[-100, 8, 6, 6, 5, -100], [-100, -100, -100, 7, 7, -100]],
    [[-100] * 6, [-100, -100, 7, 0, 2, 9]],
]


def check(work):
    torch.manual_seed(3)
    for rows in LABELS:
        logits, labels = torch.randn(2, 6, 10), torch.tensor(rows)
        whole = float(cross_entropy(logits.flatten(0, 1), labels.flatten()))
        means = [float(cross_entropy(x, y)) for x, y in zip(logits, labels, strict=True)]
        mean = sum(means) / 2
        found = work.call("two_losses", logits, labels)
        work.last_call = f"two_losses(logits, {rows})"
        try:
            first, second = (float(one) for one in found)
        except (TypeError, ValueError):
            yield failed("no-pair", found)
            return
        empty = mean != mean  # NaN: nothing to take a mean of
        if not near(second, whole):
            key = why_wrong(second, logits, labels, mean)
            yield failed("empty-part" if empty else key, round(second, 4), round(whole, 4))
            return
        if not empty and not near(first, mean):
            yield failed("mean-wrong", round(first, 4), round(mean, 4))
            return


def why_wrong(second, logits, labels, mean):
    """Which mistake gives this value."""
    total = float(cross_entropy(logits.flatten(0, 1), labels.flatten(), reduction="sum"))
    shifted = cross_entropy(logits[:, :-1].flatten(0, 1), labels[:, 1:].flatten())
    if near(second, mean):
        return "same-mean"
    if near(second, total / labels.numel()):
        return "counts-everything"
    return "shifted-again" if near(second, float(shifted)) else "whole-wrong"


def near(one, other):
    """Equal but for rounding."""
    return abs(one - other) < 1e-4
