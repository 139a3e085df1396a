"""How sure a figure is: percentile intervals from resampled prompts and, where there are several, seeds.

Every figure of a comparison is a ratio of two sums over prompts: replies that stopped over replies, nats
over tokens. A bootstrap (Efron 1979) draws prompts with replacement, and seeds independently of them, as
often as there are, forms the ratio anew, and repeats; the middle 95 % of what comes out is the interval.
A prompt and its translations are one draw: they are not independent of each other. With three seeds the
spread between seeds is itself known badly, so such an interval is rather too narrow than too wide.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

DRAWS = 2000
LEVEL = 0.95


@dataclass(frozen=True)
class Estimate:
    """A figure and its interval; NaN where there is nothing to know them from, such as a single prompt."""

    value: float
    low: float
    high: float


NOTHING = Estimate(math.nan, math.nan, math.nan)


def estimate(
    parts: Any,
    wholes: Any,
    clusters: Sequence[Hashable] | None = None,
    *,
    share: bool = False,
    transform: Callable[[Any], Any] | None = None,
    draws: int = DRAWS,
    seed: int = 0,
) -> Estimate:
    """`sum(parts) / sum(wholes)` with its interval.

    Args:
        parts: (runs, prompts), or (prompts,) for one run; what is counted.
        wholes: of the same shape; what it is counted of, 0 where a prompt does not count.
        clusters: one a prompt; prompts of one cluster are drawn together. `None`: each is its own.
        share: parts are 0 or 1. Where all prompts agree, resampling knows no other value and gives an
            interval without width; it is then the exact binomial one (Clopper and Pearson 1934).
        transform: applied to the ratio, such as `numpy.exp`.
        seed: of the draws; the same seed draws the same prompts in every call.

    Example:
        >>> estimate([1, 0, 1, 1], [1, 1, 1, 1], share=True)
        Estimate(value=0.75, low=0.25, high=1.0)
        >>> estimate([1] * 40, [1] * 40, share=True).low > 0.91
        True

    Explained in: masks.md#run-it
    """
    parts, wholes = _table(parts), _table(wholes)
    if not wholes.sum():
        return NOTHING
    change = transform or (lambda ratio: ratio)
    value = parts.sum() / wholes.sum()
    names = _clusters(clusters, parts.shape[1])
    if share and value in (0.0, 1.0):
        edge = ((1 - LEVEL) / 2) ** (1 / _counted(names, wholes))
        return Estimate(float(value), *((edge, 1.0) if value else (0.0, 1 - edge)))
    if _counted(names, wholes) < 2:
        return Estimate(float(change(value)), math.nan, math.nan)
    drawn = _ratios(parts, wholes, *_draw(parts.shape[0], names, draws, seed))
    return _between(float(change(value)), change(drawn))


def difference(
    before: tuple[Any, Any],
    after: tuple[Any, Any],
    clusters: Sequence[Hashable] | None = None,
    *,
    transform: Callable[[Any], Any] | None = None,
    draws: int = DRAWS,
    seed: int = 0,
) -> Estimate:
    """How much higher the second ratio is than the first, on the prompts that both were counted on.

    Paired: both sides of each draw are the same prompts, so what makes a prompt hard for both cancels.

    Args:
        before: `(parts, wholes)` of one run, (prompts,) each.
        after: `(parts, wholes)` of one or more runs, (prompts,) or (runs, prompts).
        transform: applied to the difference: with `numpy.exp`, one of mean losses is a ratio of perplexities.

    Example:
        >>> ones = [1] * 4
        >>> difference(([0, 0, 1, 1], ones), ([1, 1, 1, 1], ones))
        Estimate(value=0.5, low=0.0, high=1.0)

    Explained in: masks.md#run-it
    """
    (parts_after, wholes_after), (parts_before, wholes_before) = map(_pair, (after, before))
    shape = parts_after.shape
    both = (wholes_after > 0) & (np.broadcast_to(wholes_before, shape) > 0)
    if not both.any():
        return NOTHING
    change = transform or (lambda ratio: ratio)
    tables = [
        np.where(both, table, 0.0) for table in (parts_after, wholes_after, parts_before, wholes_before)
    ]
    value = tables[0].sum() / tables[1].sum() - tables[2].sum() / tables[3].sum()
    names = _clusters(clusters, shape[1])
    if _counted(names, both) < 2:
        return Estimate(float(change(value)), math.nan, math.nan)
    weights = _draw(shape[0], names, draws, seed)
    drawn = _ratios(*tables[:2], *weights) - _ratios(*tables[2:], *weights)
    return _between(float(change(value)), change(drawn))


def _table(values: Any) -> np.ndarray:
    return np.atleast_2d(np.asarray(values, dtype=float))


def _pair(pair: tuple[Any, Any]) -> tuple[np.ndarray, np.ndarray]:
    return _table(pair[0]), _table(pair[1])


def _clusters(clusters: Sequence[Hashable] | None, prompts: int) -> list[Hashable]:
    return list(range(prompts)) if clusters is None else list(clusters)


def _counted(names: list[Hashable], wholes: np.ndarray) -> int:
    """Clusters with a prompt that counts; of a single one nothing can be resampled."""
    return len({name for name, whole in zip(names, wholes.sum(axis=0), strict=True) if whole})


def _draw(runs: int, names: list[Hashable], draws: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """How often each run (draws, runs) and each prompt (draws, prompts) comes in each draw."""
    place = {name: number for number, name in enumerate(dict.fromkeys(names))}
    random = np.random.default_rng(seed)
    prompts = random.multinomial(len(place), np.full(len(place), 1 / len(place)), size=draws)
    of_runs = random.multinomial(runs, np.full(runs, 1 / runs), size=draws)
    return of_runs.astype(float), prompts[:, [place[name] for name in names]].astype(float)


def _ratios(parts: np.ndarray, wholes: np.ndarray, runs: np.ndarray, prompts: np.ndarray) -> np.ndarray:
    over, under = (((runs @ table) * prompts).sum(axis=1) for table in (parts, wholes))
    with np.errstate(divide="ignore", invalid="ignore"):
        return over / under


def _between(value: float, drawn: np.ndarray) -> Estimate:
    drawn = drawn[~np.isnan(drawn)]  # a draw of none of the prompts that count
    if not len(drawn):
        return Estimate(value, math.nan, math.nan)
    low, high = np.quantile(drawn, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    return Estimate(value, float(low), float(high))
