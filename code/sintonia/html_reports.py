"""A comparison as one HTML file: figures with their intervals, the loss curve, replies side by side.

Nothing is fetched, it is legible in the dark and on a phone, and what a model wrote is text in it.
"""

from __future__ import annotations

import html
import math
from itertools import groupby
from pathlib import Path

from sintonia.comparison import Comparison, Exchange
from sintonia.intervals import Estimate
from sintonia.report_tables import HEADER, Row, ended, rows_of, rows_of_runs

STYLE = Path(__file__).parent / "report.css"
_STRIP, _MARGIN = 140, 6


def to_html(comparison: Comparison) -> str:
    """The comparison as one HTML file, with the loss curve drawn in it; nothing is fetched.

    Explained in: masks.md#run-it
    """
    title = f"{comparison.base_name} → {comparison.tuned_name}"
    parts = [
        "<!doctype html>",
        '<html lang="en"><head><meta charset="utf-8">',
        '<meta name="viewport" content="width=device-width, initial-scale=1">',
        f"<title>{_h(title)}</title><style>{STYLE.read_text('utf-8')}</style></head><body><main>",
        f"<h1>{_h(title)}</h1>",
        "<h2>Figures</h2>",
        "<p class=key>In brackets, an interval of 95 %. The drawing: <span class=base>base</span> above, "
        "<span class=tuned>tuned</span> below, on a scale from 0 to 100 %, or on a logarithmic one for "
        "perplexity. The change is paired: points of per cent, or a factor for perplexity.</p>",
        _figures(rows_of(comparison)),
    ]
    header, runs = rows_of_runs(comparison)
    if runs:
        parts += ["<h2>Each run by itself</h2>", _table(header, runs)]
    if comparison.losses:
        parts += ["<h2>Training loss</h2>", loss_curve(comparison.losses)]
    parts.append("<h2>Replies</h2>")
    parts += [_exchange(exchange) for exchange in comparison.exchanges]
    if comparison.provenance:
        rows = [[name, value] for name, value in comparison.provenance.items()]
        parts += ["<h2>Provenance</h2>", _table(["what", "value"], rows)]
    return "\n".join([*parts, "</main></body></html>"]) + "\n"


def _h(text: str) -> str:
    return html.escape(str(text))


def _exchange(exchange: Exchange) -> str:
    language = f' lang="{_h(exchange.lang)}"' if exchange.lang else ""
    others = "".join(f"<li>{_h(ended(reply))}</li>" for reply in exchange.others)
    if others:
        others = f"<details><summary>other seeds</summary><ul>{others}</ul></details>"
    return (
        f"<section{language}><h3>{_h(exchange.question)}</h3><div class=pair>"
        f"<div><b>base</b><p>{_h(ended(exchange.base))}</p></div>"
        f"<div><b>tuned</b><p>{_h(ended(exchange.tuned))}</p>{others}</div></div>"
        f"<p class=reference>{_h(exchange.reference)}</p></section>"
    )


def _figures(rows: list[Row]) -> str:
    head = "".join(f"<th scope=col>{cell}</th>" for cell in HEADER[1:])
    bodies = []
    for measure, found in groupby(rows, key=lambda row: row.measure):
        group = list(found)
        scale = None if measure.share else _scale(group)
        lines = "".join(
            f"<tr><th scope=row>{_h(row.lang)}</th><td>{row.prompts}</td><td>{row.base}</td>"
            f"<td>{row.tuned}</td><td>{row.change}</td><td>{_strip(row, scale)}</td></tr>"
            for row in group
        )
        title = f"<tr class=measure><th colspan=6 scope=rowgroup>{_h(measure.label)}</th></tr>"
        bodies.append(f"<tbody>{title}{lines}</tbody>")
    return (
        f"<div class=scroll tabindex=0><table class=figures><thead><tr>{head}<th></th></tr></thead>"
        f"{''.join(bodies)}</table></div>"
    )


def _scale(rows: list[Row]) -> tuple[float, float]:
    """The logarithms of the lowest and the highest value that is to be drawn."""
    ends = [end for row in rows for each in row.estimates for end in (each.value, each.low, each.high)]
    finite = [math.log(end) for end in ends if math.isfinite(end) and end > 0] or [0.0]
    return min(finite), max(finite)


def _strip(row: Row, scale: tuple[float, float] | None) -> str:
    """Two dots with their intervals on one line of numbers; the figures beside it say the same."""

    def place(value: float) -> float:
        if scale:
            low, high = scale
            value = (math.log(value) - low) / ((high - low) or 1.0)
        return _MARGIN + value * (_STRIP - 2 * _MARGIN)

    marks = []
    for kind, y, estimate in zip(("base", "tuned"), (6, 14), row.estimates, strict=True):
        if not _drawable(estimate):
            continue
        low, high = place(estimate.low), place(estimate.high)
        marks.append(f'<line class="{kind}" x1="{low:.1f}" x2="{high:.1f}" y1="{y}" y2="{y}"/>')
        marks.append(f'<circle class="{kind}" cx="{place(estimate.value):.1f}" cy="{y}" r="3"/>')
    return f'<svg class="strip" aria-hidden="true" viewBox="0 0 {_STRIP} 20">{"".join(marks)}</svg>'


def _drawable(estimate: Estimate) -> bool:
    return all(math.isfinite(value) for value in (estimate.value, estimate.low, estimate.high))


def _table(header: list[str], rows: list[list[str]]) -> str:
    head = "".join(f"<th scope=col>{_h(cell)}</th>" for cell in header)
    body = "".join("<tr>" + "".join(f"<td>{_h(cell)}</td>" for cell in row) + "</tr>" for row in rows)
    table = f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"
    return f"<div class=scroll tabindex=0>{table}</div>"


def loss_curve(losses: list[tuple[int, float]], width: int = 640, height: int = 240) -> str:
    """The training loss over steps as an SVG drawing with labelled axes.

    Example:
        >>> loss_curve([(1, 2.0), (2, 1.0)])[:4]
        '<svg'

    Explained in: masks.md#run-it
    """
    left, bottom, top = 56, 40, 12
    steps = [step for step, _ in losses]
    finite = [(step, loss) for step, loss in losses if math.isfinite(loss)]
    high = max((loss for _, loss in finite), default=0) * 1.05 or 1.0
    reach = max(steps[-1] - steps[0], 1)

    def place(step: int, loss: float) -> tuple[float, float]:
        x = left + (step - steps[0]) / reach * (width - left - 12)
        return x, top + (1 - loss / high) * (height - top - bottom)

    points = " ".join(f"{x:.1f},{y:.1f}" for x, y in (place(*pair) for pair in finite))
    ticks = []
    for share in (0, 0.5, 1):
        _, y = place(steps[0], high * share)
        ticks.append(f'<line class=grid x1="{left}" x2="{width - 12}" y1="{y:.1f}" y2="{y:.1f}"/>')
        ticks.append(f'<text x="{left - 8}" y="{y + 4:.1f}" text-anchor="end">{high * share:.1f}</text>')
        step = round(steps[0] + reach * share)
        x, _ = place(step, 0)
        anchor = "end" if share == 1 else "middle"
        ticks.append(f'<text x="{x:.1f}" y="{height - bottom + 18}" text-anchor="{anchor}">{step}</text>')
    label = f"training loss goes from {losses[0][1]:.2f} to {losses[-1][1]:.2f}"
    return (
        f'<svg role="img" aria-label="{label}" viewBox="0 0 {width} {height}">{"".join(ticks)}'
        f'<polyline class=curve points="{points}"/>'
        f'<text x="{width / 2}" y="{height - 4}" text-anchor="middle">step</text>'
        f'<text transform="rotate(-90)" x="{-(height - bottom) / 2}" y="14" '
        f'text-anchor="middle">loss (nats a token)</text></svg>'
    )
