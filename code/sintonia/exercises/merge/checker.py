"""Square and other weights, several ranks, a factor that is no whole number."""

import torch

from sintonia.exercises.judging import failed

CASES = [  # outputs, inputs, rank, alpha
    (6, 6, 2, 8),
    (5, 6, 2, 3),
    (4, 7, 1, 16),
    (7, 4, 3, 1.5),
]
NAMES = ("weight", "lora_a", "lora_b")


def check(work):
    torch.manual_seed(3)
    for outputs, inputs, rank, alpha in CASES:
        given = torch.randn(outputs, inputs), torch.randn(rank, inputs), torch.randn(outputs, rank)
        weight, a, b = given
        call = called(given, alpha)
        found = work.call("merged_weight", *given, alpha)
        work.last_call = call
        if not isinstance(found, torch.Tensor) or found.shape != weight.shape:
            shape = f"shape {tuple(found.shape)}" if isinstance(found, torch.Tensor) else found
            yield failed("no-weight", shape, f"shape {tuple(weight.shape)}")
            return
        found = found.detach()
        expected = weight + alpha / rank * (b @ a)
        if not near(found, expected):
            yield why_wrong(found, given, alpha / rank)
            return
    before = [one.clone() for one in given]
    work.get("merged_weight")(*given, alpha)
    for name, one, was in zip(NAMES, given, before, strict=True):
        if not torch.equal(one, was):
            yield failed("changed", call=call, name=name)
            return


def called(given, alpha):
    """The call, with shapes in place of numbers."""
    shapes = ", ".join(f"{name} {tuple(one.shape)}" for name, one in zip(NAMES, given, strict=True))
    return f"merged_weight({shapes}, {alpha})"


def why_wrong(found, given, factor):
    """Which mistake gives this tensor."""
    weight, a, b = given
    product = b @ a
    if near(found, weight):
        return failed("unchanged")
    if near(found, factor * product):
        return failed("only-update")
    moved = found - weight
    if factor_of(moved, product) is not None:
        return failed("factor-wrong", round(factor_of(moved, product), 4), round(factor, 4))
    if product.shape[0] == product.shape[1] and factor_of(moved, product.T) is not None:
        return failed("transposed")
    return failed("weight-wrong", found, weight + factor * product)


def factor_of(moved, product):
    """By which factor the one is the other, or None."""
    factor = float((moved * product).sum() / (product * product).sum())
    return factor if near(moved, factor * product) else None


def near(one, other):
    """Equal but for rounding."""
    return one.shape == other.shape and bool(((one - other).abs() < 1e-3).all())
