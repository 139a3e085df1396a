"""The figures of a comparison as rows of a table, the same in every form of report."""

from __future__ import annotations

import math
from dataclasses import dataclass

from sintonia.comparison import ALL, Comparison
from sintonia.evaluation import MEASURES, Measure, Scores
from sintonia.generation import Reply
from sintonia.intervals import Estimate

HEADER = ("measure", "language", "prompts", "base", "tuned", "change")


@dataclass(frozen=True)
class Row:
    """One measure in one language; the texts are what a person reads, the estimates what is drawn."""

    measure: Measure
    lang: str
    prompts: str
    base: str
    tuned: str
    change: str
    estimates: tuple[Estimate, Estimate]


def rows_of(comparison: Comparison) -> list[Row]:
    """The figures, measure by measure; what could not be measured in a language has no row.

    Explained in: masks.md#run-it
    """
    rows = []
    for measure in MEASURES:
        for lang, pair in comparison.scores.items():
            estimates = tuple(_estimate(scores, measure) for scores in pair)
            if all(math.isnan(estimate.value) for estimate in estimates):
                continue
            counts = dict.fromkeys(str(scores.counted.get(measure.name, scores.prompts)) for scores in pair)
            change = comparison.changes.get(lang, {}).get(measure.name)
            rows.append(
                Row(
                    measure,
                    lang,
                    "/".join(counts),
                    *(shown(estimate, share=measure.share) for estimate in estimates),
                    shown_change(change, share=measure.share) if change else "",
                    estimates,
                )
            )
    return rows


def rows_of_runs(comparison: Comparison) -> tuple[list[str], list[list[str]]]:
    """Header and rows of the tuned runs one by one, over all languages; no rows where there is only one run.

    Explained in: masks.md#run-it
    """
    named = [measure for measure in MEASURES if any(row.measure == measure for row in rows_of(comparison))]
    rows = []
    for name, groups in comparison.runs.items():
        figures = [_estimate(groups[ALL], measure) for measure in named]
        texts = [_number(e.value, m.share) for e, m in zip(figures, named, strict=True)]
        rows.append([name, *texts])
    return ["run", *(measure.label for measure in named)], rows


def shown(estimate: Estimate, *, share: bool) -> str:
    """A figure with its interval: shares in per cent, perplexities as they are.

    Example:
        >>> shown(Estimate(0.5, 0.25, 0.75), share=True), shown(Estimate(12.7, 9.06, 17), share=False)
        ('50% [25–75]', '12.7 [9.1–17.0]')

    Explained in: masks.md#run-it
    """
    text = _number(estimate.value, share)
    if math.isnan(estimate.value) or math.isnan(estimate.low):
        return text
    return f"{text} [{_number(estimate.low, share, '')}–{_number(estimate.high, share, '')}]"


def shown_change(change: Estimate, *, share: bool) -> str:
    """A paired difference with its interval: percentage points, or for perplexity a factor.

    Example:
        >>> shown_change(Estimate(0.5, -0.05, 0.75), share=True)
        '+50 [-5, +75]'
        >>> shown_change(Estimate(0.5, 0.4, 0.6), share=False)
        '×0.50 [0.40, 0.60]'

    Explained in: masks.md#run-it
    """
    if math.isnan(change.value):
        return "–"
    if share:
        value, low, high = (f"{100 * part:+.0f}" for part in (change.value, change.low, change.high))
    else:
        value, low, high = (f"{part:.2f}" for part in (change.value, change.low, change.high))
    if math.isnan(change.low):
        return f"{'' if share else '×'}{value}"
    return f"{'' if share else '×'}{value} [{low}, {high}]"


def ended(reply: Reply) -> str:
    """The reply with a sign for the stop: a model that never stops must be seen to.

    Example:
        >>> ended(Reply("Oi.", True, 3)), ended(Reply("a a a", False, 3))
        ('Oi. ■', 'a a a … (did not stop)')

    Explained in: masks.md#run-it
    """
    return f"{one_line(reply.text)} ■" if reply.stopped else f"{one_line(reply.text)} … (did not stop)"


def one_line(text: str) -> str:
    """Text that cannot disturb a terminal: control characters are shown, not sent.

    Explained in: masks.md#run-it
    """
    return "".join(
        character if character.isprintable() else ("⏎" if character == "\n" else "�") for character in text
    )


def _estimate(scores: Scores, measure: Measure) -> Estimate:
    value = getattr(scores, measure.name)
    return Estimate(value, *scores.intervals.get(measure.name, (math.nan, math.nan)))


def _number(value: float, share: bool, unit: str = "%") -> str:
    if math.isnan(value):
        return "–"
    if share:
        return f"{100 * value:.0f}{unit}"
    return f"{value:.1f}" if value < 10_000 else f"{value:.1e}"
