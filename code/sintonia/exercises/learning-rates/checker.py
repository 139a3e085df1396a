"""Schedules with and without warm-up, and one that ends before its warm-up does."""

import math

from sintonia.exercises.judging import failed

CASES = [(10, 0.002, 4), (9, 1.0, 2), (7, 0.5, 0), (12, 0.01, 1), (5, 0.001, 5), (3, 0.1, 8), (1, 0.3, 0)]


def check(work):
    for steps, peak, warmup in CASES:
        found = work.call("learning_rates", steps, peak, warmup)
        try:
            rates = [float(rate) for rate in found]
        except (TypeError, ValueError):
            yield failed("no-list", found)
            return
        if len(rates) != steps:
            yield failed("length", len(rates), steps)
            return
        expected = schedule(steps, peak, warmup)
        wrong = [place for place in range(steps) if not near(rates[place], expected[place], peak)]
        if wrong:
            key = why_wrong(rates, steps, peak, warmup, wrong[0])
            yield failed(key, tidy(rates), tidy(expected), place=wrong[0])
            return


def rate(step, steps, peak, warmup, *, whole=False, line=False, early=False, begin=0):
    """A rate of the right schedule, or of one with a mistake in it."""
    if step < warmup:
        return peak * (step + begin) / warmup
    start = 0 if whole else warmup
    done = min(1.0, (step - start) / max(1, steps - start - early))
    left = 1 - done if line else (1 + math.cos(math.pi * done)) / 2
    return peak * left


def schedule(steps, peak, warmup, **mistake):
    """All rates."""
    return [rate(step, steps, peak, warmup, **mistake) for step in range(steps)]


def why_wrong(rates, steps, peak, warmup, first):
    """Which mistake gives these rates, or in which part the first wrong one lies."""
    mistakes = {
        "starts-late": schedule(steps, peak, warmup, begin=1),
        "jumps": schedule(steps, peak, warmup, whole=True),
        "straight": schedule(steps, peak, warmup, line=True),
        "ends-early": schedule(steps, peak, warmup, early=True),
        "no-warm-up": schedule(steps, peak, 0),
        "no-peak": schedule(steps, 1.0, warmup),
    }
    for key, others in mistakes.items():
        if all(near(one, other, peak) for one, other in zip(rates, others, strict=True)):
            return key
    return "up-wrong" if first < warmup else "down-wrong"


def near(one, other, peak):
    """Equal but for rounding, as seen from the peak."""
    return abs(one - other) < 1e-6 * peak


def tidy(rates):
    """Rates as a person reads them."""
    return [float(f"{rate:.4g}") for rate in rates]
