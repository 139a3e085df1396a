"""Recorded shapes and made ones; faults that only the middle, the end or the other line shows."""

import math

from sintonia.exercises.judging import failed

NAMES = ("diverged", "memorised", "over-fit", "under-fit", "good")
CASES = [  # message if it is wrong, name, trained on, held out
    ("good", "good", [5.3, 4.6, 4.3, 4.1], [5.6, 5.3, 5.2, 5.2]),
    ("under-fit", "under-fit", [5.3, 5.2, 5.1, 5.0], [5.6, 5.5, 5.4, 5.4]),
    ("over-fit", "over-fit", [5.3, 4.1, 3.1, 2.3], [5.6, 5.2, 5.5, 6.0]),
    ("memorised", "memorised", [5.5, 0.6, 0.03, 0.0], [5.6, 7.5, 8.5, 9.7]),
    ("diverged", "diverged", [5.3, 17.7, 9.5, 7.5], [5.6, 17.6, 9.5, 7.7]),
    ("lowest", "over-fit", [5.0, 3.0, 2.0, 1.0], [6.0, 4.0, 4.4, 4.6]),
    ("wobble", "good", [2.4, 1.7, 2.0, 1.5], [2.6, 2.0, 2.2, 2.05]),
    ("wobble", "good", [2.4, 2.6, 1.9, 1.4], [2.6, 2.7, 2.1, 1.9]),
    ("not-finite", "diverged", [3.0, 2.0, math.nan, math.nan], [3.1, 2.2, math.nan, math.nan]),
    ("not-finite", "diverged", [3.0, 2.0, 1.5, 1.2], [3.1, 2.2, math.inf, 2.0]),
    ("near-zero", "good", [3.0, 1.0, 0.2, 0.05], [3.1, 1.2, 0.4, 0.2]),
    ("near-zero", "over-fit", [3.0, 1.0, 0.2, 0.05], [3.1, 1.2, 1.4, 1.6]),
]


def check(work):
    for key, name, trained, held_out in CASES:
        history = [(step * 40, *pair) for step, pair in enumerate(zip(trained, held_out, strict=True))]
        found = work.call("read_curve", history)
        if found not in NAMES:
            yield failed("no-name", found, name)
            return
        if found != name:
            yield failed(key, found, name)
            return
