"""Rates near the middle and near the edge, of few prompts and of many."""

import numpy as np

from sintonia.exercises.judging import failed

CASES = [[1] * 28 + [0] * 12, [1, 0, 1, 1, 0, 1, 1, 1, 0, 1], [0] * 150 + [1] * 50]


def check(work):
    for hits in CASES:
        right = reference(hits)
        expected = tuple(round(value, 3) for value in right)
        found = work.call("interval", hits)
        work.last_call = f"interval(hits) with {sum(hits)} of {len(hits)} hits"
        try:
            low, high = (float(one) for one in found)
        except (TypeError, ValueError):
            yield failed("no-pair", found, expected)
            return
        shown = round(low, 3), round(high, 3)
        near = 1.5 / len(hits) + 0.005  # neighbours on the grid of possible shares, and chance
        if matches((low, high), right, near):
            continue
        yield failed(why_wrong(low, high, right, hits), shown, expected)
        return
    hits = [1] * 173 + [0] * 227  # many possible shares, so that two draws are seldom alike
    for seed in range(4):
        first, again = (tuple(work.call("interval", hits, seed)) for _ in range(2))
        if first != again:
            yield failed("seed-ignored", again, first, call=f"interval(hits, {seed}), twice")
            return


def why_wrong(low, high, expected, hits):
    """Which mistake gives this interval."""
    rate = sum(hits) / len(hits)
    if low > high and matches((high, low), expected, 0.05):
        return "wrong-order"
    if matches((low / 100, high / 100), expected, 0.05):
        return "per-cent"
    if high - low < 1e-9:
        return "no-width"
    if low <= 0 and high >= 1:
        return "single-prompts"
    width = expected[1] - expected[0]
    if high - low < 0.75 * width and low <= rate <= high:
        return "too-narrow"
    return "too-wide" if high - low > 1.25 * width and low <= rate <= high else "interval-wrong"


def matches(found, expected, near):
    """Both ends agree but for chance."""
    return all(abs(one - other) <= near for one, other in zip(found, expected, strict=True))


def reference(hits):
    """The middle 95 % of the shares of 20,000 draws."""
    random = np.random.default_rng(1)
    shares = random.binomial(len(hits), sum(hits) / len(hits), size=20_000) / len(hits)
    return tuple(float(one) for one in np.quantile(shares, [0.025, 0.975]))
