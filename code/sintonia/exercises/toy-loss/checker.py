"""A toy of seven tokens under several masks, and a mask in which nothing is supervised."""

import math

from sintonia.exercises.judging import Stop, failed

IDS = [2, 0, 3, 1, 1, 2, 0]
GUESSES = [
    [0.40, 0.15, 0.20, 0.25],
    [0.05, 0.30, 0.25, 0.40],
    [0.21, 0.62, 0.04, 0.13],
    [0.18, 0.11, 0.52, 0.19],
    [0.33, 0.09, 0.51, 0.07],
    [0.81, 0.06, 0.10, 0.03],
    [0.28, 0.23, 0.35, 0.14],
]
MASKS = [[0, 0, 0, 1, 1, 0, 0], [0, 1, 1, 0, 0, 0, 1], [0, 0, 0, 0, 0, 1, 1], [1, 1, 0, 1, 0, 0, 0]]


def check(work):
    for mask in MASKS:
        found = work.call("masked_loss", GUESSES, IDS, mask)
        work.last_call = f"masked_loss(guesses, {IDS}, {mask})"
        try:
            value = float(found)
        except (TypeError, ValueError):
            yield failed("no-number", found)
            return
        expected = loss(mask)
        if not near(value, expected):
            yield failed(why_wrong(value, mask), round(value, 4), round(expected, 4))
            return
    try:
        value = float(work.call("masked_loss", GUESSES, IDS, [0] * len(IDS)))
    except Stop as stop:
        if "ZeroDivisionError" not in stop.failure.data.get("error", ""):
            raise
        value = math.nan
    work.last_call = f"masked_loss(guesses, {IDS}, {[0] * len(IDS)})"
    if value != 0:
        yield failed("nothing-supervised", value, 0.0)


def loss(mask, ahead=1, masked_by=0):
    """The mean over what is supervised, from the guess `ahead` places before."""
    values = [
        -math.log(GUESSES[place - ahead][IDS[place]])
        for place in range(max(ahead, 0), len(IDS))
        if 0 <= place - ahead < len(IDS) and mask[place - masked_by]
    ]
    return sum(values) / max(1, len(values))


def why_wrong(value, mask):
    """Which mistake gives this value."""
    right, count = loss(mask), sum(mask[1:])
    mistakes = {
        "not-shifted": [loss(mask, 0)],
        "wrong-way": [loss(mask, -1), loss(mask, 2)],
        "mask-behind": [loss(mask, 1, 1)],
        "prompt-graded": [loss([1] * len(mask))],
        "divisor": [right * count / len(mask), right * count / (len(mask) - 1)],
        "no-mean": [right * count],
        "first-counted": [right * count / sum(mask)],
        "sign": [-right],
        "other-logarithm": [right / math.log(2), right / math.log(10)],
    }
    for key, values in mistakes.items():
        if any(near(value, one) for one in values):
            return key
    return "loss-wrong"


def near(one, other):
    """Equal but for rounding."""
    return abs(one - other) < 1e-3
