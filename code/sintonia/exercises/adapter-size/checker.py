"""One matrix, matrices of one shape, and a whole layer of the embedded model."""

from sintonia.exercises.judging import failed

ATTENTION = [(576, 576), (576, 192), (576, 192), (576, 576)]
GATED = [(576, 1536), (576, 1536), (1536, 576)]
CASES = [
    ([(9, 5)], 2),
    ([(7, 7)], 3),
    ([(6, 5), (6, 5), (3, 9)], 4),
    (ATTENTION + GATED, 16),
]


def check(work):
    for shapes, rank in CASES:
        expected = size(shapes, rank)
        found = work.call("adapter_size", shapes, rank)
        if isinstance(found, bool) or not isinstance(found, (int, float)):
            yield failed("no-number", found, expected)
        elif found != expected:
            yield failed(why_wrong(found, shapes, rank), found, expected)
        else:
            continue
        return


def size(shapes, rank):
    """The parameters of all A and B."""
    return sum(rank * wide + high * rank for wide, high in shapes)


def why_wrong(found, shapes, rank):
    """Which mistake gives this number."""
    inputs, outputs = (sum(side) for side in zip(*shapes, strict=True))
    whole = sum(wide * high for wide, high in shapes)
    if found in (rank * inputs, rank * outputs):
        return "one-of-two"
    if found in (2 * rank * inputs, 2 * rank * outputs):
        return "taken-for-square"
    if found in (whole, rank * whole):
        return "whole-matrix"
    if found == inputs + outputs:
        return "no-rank"
    return "counted-once" if found == size(set(shapes), rank) else "size-wrong"
