"""Intervals are those that theory and brute force give, hold what they promise, and never change."""

from __future__ import annotations

import math
import random

import numpy as np
import pytest

from sintonia.intervals import NOTHING, Estimate, difference, estimate


def test_the_value_is_a_ratio_of_sums():
    assert estimate([6.0, 1.0], [3, 1]).value == 1.75
    assert estimate([[6.0, 1.0], [2.0, 2.0]], [[3, 1], [3, 1]]).value == 11 / 8
    assert estimate([math.log(2)], [1], transform=np.exp).value == pytest.approx(2)


def test_the_interval_is_that_of_brute_force():
    draw = random.Random(0)
    parts = [draw.random() for _ in range(30)]
    wholes = [draw.choice([1, 2, 5]) for _ in range(30)]
    ratios = []
    for _ in range(20_000):
        chosen = [draw.randrange(30) for _ in range(30)]
        ratios.append(sum(parts[i] for i in chosen) / sum(wholes[i] for i in chosen))
    ratios.sort()
    found = estimate(parts, wholes, draws=20_000)
    assert found.low == pytest.approx(ratios[500], abs=0.01)
    assert found.high == pytest.approx(ratios[19_500], abs=0.01)


def test_an_interval_holds_the_truth_about_as_often_as_it_says():
    draw = random.Random(1)
    held = 0
    for number in range(200):
        hits = [draw.random() < 0.6 for _ in range(40)]
        found = estimate(hits, [1] * 40, draws=400, share=True, seed=number)
        held += found.low <= 0.6 <= found.high
    assert 0.88 <= held / 200 <= 0.99


def test_the_same_figures_give_the_same_interval():
    table = np.random.default_rng(3).random((3, 20))
    assert estimate(table, np.ones((3, 20))) == estimate(table, np.ones((3, 20)))
    assert estimate(table, np.ones((3, 20)), seed=1) != estimate(table, np.ones((3, 20)))


@pytest.mark.parametrize(("hits", "low", "high"), [(0, 0.0, 0.3085), (10, 0.6915, 1.0)])
def test_where_all_agree_the_interval_still_has_a_width(hits, low, high):
    """Clopper and Pearson for 10 of 10, as any table has it."""
    found = estimate([1] * hits + [0] * (10 - hits), [1] * 10, share=True)
    assert (found.low, found.high) == pytest.approx((low, high), abs=1e-4)


def test_translations_of_a_prompt_are_one_draw():
    parts = [1, 0, 1, 0, 1, 1, 0, 1]
    alone = estimate(parts, [1] * 8, share=True)
    again = estimate(parts * 4, [1] * 32, list(range(8)) * 4, share=True)
    assert again == alone  # the same eight prompts, four times: nothing more is known
    apart = estimate(parts * 4, [1] * 32, share=True)
    assert apart.high - apart.low < 0.7 * (alone.high - alone.low)
    assert estimate([1] * 40, [1] * 40, list(range(10)) * 4, share=True).low == pytest.approx(
        0.6915, abs=1e-4
    )


def test_seeds_that_disagree_widen_the_interval():
    agree = np.tile([1, 0] * 20, (3, 1))
    split = np.array([[1, 0] * 20, [1] * 40, [0] * 40])
    width = [
        found.high - found.low for found in (estimate(table, np.ones((3, 40))) for table in (agree, split))
    ]
    assert agree.mean() == split.mean()
    assert width[1] > 1.5 * width[0]


def test_nothing_to_know_it_from():
    for found in (estimate([0.0], [0]), difference(([0.0], [0]), ([1.0], [1]))):
        assert all(map(math.isnan, (found.value, found.low, found.high)))
    assert math.isnan(NOTHING.value)


def test_a_difference_is_paired():
    hard = np.array([0.0, 10.0] * 20)  # prompts differ much, models by one on each
    ones = np.ones(40)
    found = difference((hard, ones), (hard + 1, ones))
    assert found == Estimate(1.0, 1.0, 1.0)
    apart = estimate(hard, ones)
    assert apart.high - apart.low > 2


def test_a_difference_is_taken_where_both_were_counted():
    found = difference(([0, 1, 0], [1, 1, 0]), ([1, 1, 1], [1, 0, 1]))
    assert found.value == 1.0  # only the first prompt counts for both


def test_a_difference_over_seeds():
    found = difference(([0, 0], [1, 1]), ([[1, 1], [0, 1]], np.ones((2, 2))))
    assert found.value == 0.75
    assert found.low < 0.75 <= found.high


def test_prompts_that_do_not_count_do_no_harm():
    found = estimate([1, 0, 1, 0, 0], [1, 1, 1, 1, 0], share=True)
    assert found.value == 0.5 and 0 <= found.low < 0.5 < found.high <= 1


def test_of_one_prompt_there_is_no_interval():
    for found in (
        estimate([3.0], [2]),
        estimate([[1, 1], [0, 0]], np.ones((2, 2)), ["a", "a"], share=True),  # one prompt and its translation
        difference(([1.0], [1]), ([2.5], [1])),
    ):
        assert found.value in (1.5, 0.5)
        assert math.isnan(found.low) and math.isnan(found.high)
    assert estimate([1], [1], share=True).low == pytest.approx(0.025)  # but for what all agree on
