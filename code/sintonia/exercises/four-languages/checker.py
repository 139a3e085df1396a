"""Gains, losses, nothing; seeds that disagree; prompts that do not count; translations that move together."""

import math
import random

import numpy as np

from sintonia.exercises.judging import failed
from sintonia.intervals import difference

WORDS = ("better", "worse", "cannot tell")
LANGUAGES = ("pt", "es", "zh", "en")


def table(chances, prompts=24, seeds=3, seed=0):
    """Results in which a language's base succeeds with one chance and its tuned runs with another."""
    draw = random.Random(seed)
    return [
        {
            "id": f"p{number}",
            "lang": lang,
            "base": int(draw.random() < before),
            "tuned": [int(draw.random() < after) for _ in range(seeds)],
        }
        for lang, (before, after) in chances.items()
        for number in range(prompts)
    ]


def twins(hits):
    """A prompt in four languages, with the same outcome in each."""
    return [
        {"id": f"p{number}", "lang": lang, "base": 0, "tuned": [hit]}
        for lang in LANGUAGES
        for number, hit in enumerate(hits)
    ]


def cases():
    """Results, and the message where no plainer mistake explains what is wrong."""
    yield table({"pt": (0.1, 0.95), "en": (0.95, 0.2), "zh": (0.5, 0.5)}), "verdict-wrong"
    yield with_gaps(table({"pt": (0.3, 0.9), "es": (0.6, 0.7)}, seed=2)), "gaps"
    stubborn = [{"id": f"p{n}", "lang": "en", "base": 0, "tuned": [1, 0, 1]} for n in range(30)]
    yield stubborn, "seeds-fixed"
    # Seven prompts of twenty got better, each in four languages, and three got worse.
    together = twins([1] * 7 + [0] * 13)
    for row in together:
        row["base"] = int(row["id"] in ("p7", "p8", "p9"))
    yield together, "translations"
    hard = [{"id": f"p{n}", "lang": "pt", "base": int(n < 20), "tuned": [int(n < 24)]} for n in range(40)]
    yield hard, "not-paired"
    yield [{"id": "only", "lang": "es", "base": 0, "tuned": [1, 1]}], "one-prompt"


def with_gaps(results):
    """Every fourth base and every fifth reply of the second seed does not count."""
    for number, row in enumerate(results):
        if number % 4 == 0:
            row["base"] = None
        if number % 5 == 0:
            row["tuned"][1] = None
    return results


def check(work):
    for results, last in cases():
        expected = reference(results)
        found = work.call("verdicts", results)
        work.last_call = f"verdicts({len(results)} results, such as {results[0]})"
        if not isinstance(found, dict) or set(found) != set(expected):
            yield failed("keys-wrong", sorted(found) if isinstance(found, dict) else found, sorted(expected))
            return
        for group, right in expected.items():
            try:
                value, low, high, word = found[group]
                numbers = [float(value), float(low), float(high)]
            except (TypeError, ValueError):
                yield failed("no-four", found[group], rounded(right), group=group)
                return
            key = fault_of(numbers, word, right, last)
            if key:
                yield failed(key, rounded((*numbers, word)), rounded(right), group=group)
                return


def fault_of(numbers, word, right, last):
    """Which message says what is wrong with one group, or None."""
    value, low, high = numbers
    if word not in WORDS:
        return "other-words"
    if not abs(value - right[0]) < 1e-6:
        if abs(value + right[0]) < 1e-6:
            return "sign"
        return "gaps" if last == "gaps" else "change-wrong"
    if last == "one-prompt":
        return None if word == right[3] else "one-prompt"
    if abs(low - right[1]) > 0.09 or abs(high - right[2]) > 0.09:
        return last if last != "verdict-wrong" else "interval-wrong"
    sure = min(abs(right[1]), abs(right[2])) > 0.09 or right[1] <= 0 <= right[2]
    return "verdict-wrong" if sure and word != right[3] else None


def reference(results):
    """Group -> value, low, high, verdict."""
    groups = {lang: [row for row in results if row["lang"] == lang] for lang in LANGUAGES}
    return {name: right_answer(rows) for name, rows in {**groups, "all": results}.items() if rows}


def right_answer(rows):
    """One group."""
    told = [[[row["base"]] for row in rows], [row["tuned"] for row in rows]]
    sides = []
    for columns in told:
        hits = np.array([[float(one or 0) for one in column] for column in columns]).T
        sides.append((hits, np.array([[float(one is not None) for one in column] for column in columns]).T))
    change = difference(*sides, [row["id"] for row in rows])
    word = "better" if change.low > 0 else "worse" if change.high < 0 else "cannot tell"
    return change.value, change.low, change.high, word


def rounded(four):
    """Numbers as a person reads them."""
    return tuple(one if isinstance(one, str) or math.isnan(one) else round(one, 2) for one in four)
