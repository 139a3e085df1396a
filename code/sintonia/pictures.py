"""Small drawings for notebooks, as SVG: a loss curve, and figures with their intervals.

A notebook shows the `Picture` that a cell ends with. Colours are the page's own, light or dark.
"""

from __future__ import annotations

import html
import math
from dataclasses import dataclass

from sintonia.html_reports import loss_curve
from sintonia.intervals import Estimate

_HEAD = 'xmlns="http://www.w3.org/2000/svg" font-family="sans-serif" font-size="13" fill="currentColor"'
# As attributes, because a page that takes a notebook in has a style sheet of its own.
_GRID = 'stroke="currentColor" stroke-opacity="0.25"'
_CURVE = 'fill="none" stroke="#0f8f98" stroke-width="2.5"'
_SIDES = {"base": "#9a7a00", "tuned": "#0f8f98"}


@dataclass(frozen=True)
class Picture:
    """A drawing that Jupyter shows, with a sentence that says what is on it."""

    svg: str
    label: str

    def _repr_svg_(self) -> str:
        return self.svg

    def __repr__(self) -> str:
        return f"[{self.label}]"


def curve(losses: list[float] | list[tuple[int, float]]) -> Picture:
    """The training loss over steps.

    Args:
        losses: in nats a token, one a step; or `(step, loss)`.

    Example:
        >>> curve([2.0, 1.0])
        [training loss goes from 2.00 to 1.00]

    Explained in: sft.md#log
    """
    pairs = [pair if isinstance(pair, tuple) else (step, pair) for step, pair in enumerate(losses, start=1)]
    svg = loss_curve(pairs).replace("<svg ", f"<svg {_HEAD} ", 1)
    svg = svg.replace("class=grid", _GRID).replace("class=curve", _CURVE)
    return Picture(svg, f"training loss goes from {pairs[0][1]:.2f} to {pairs[-1][1]:.2f}")


def side_by_side(pairs: dict[str, tuple[Estimate, Estimate]], label: str) -> Picture:
    """Shares of base and tuned model with their intervals, a line each, on a scale from 0 to 100 %.

    Args:
        pairs: name of a line -> (base, tuned), as shares from 0 to 1.
        label: what the shares are of.

    Example:
        >>> side_by_side({"pt": (Estimate(0.2, 0.1, 0.3), Estimate(0.9, 0.8, 1.0))}, "replies that stop")
        [replies that stop: pt 20 % -> 90 %]

    Explained in: masks.md#run-it
    """
    left, width, row, top = 70, 420, 46, 28
    bottom = top + row * len(pairs)

    def place(share: float) -> float:
        return left + share * (width - left - 20)

    parts = [f'<text x="{left}" y="16">{html.escape(label)}</text>']
    for share in (0, 0.25, 0.5, 0.75, 1):
        x = place(share)
        parts.append(f'<line {_GRID} x1="{x:.1f}" x2="{x:.1f}" y1="{top}" y2="{bottom}"/>')
        parts.append(f'<text x="{x:.1f}" y="{bottom + 17}" text-anchor="middle">{100 * share:.0f}</text>')
    for number, (name, both) in enumerate(pairs.items()):
        middle = top + row * (number + 0.5)
        parts.append(
            f'<text x="{left - 12}" y="{middle + 5:.1f}" text-anchor="end">{html.escape(name)}</text>'
        )
        for (side, colour), estimate, y in zip(_SIDES.items(), both, (middle - 9, middle + 9), strict=True):
            parts += _mark(estimate, side, colour, y, place)
    said = ", ".join(
        f"{name} {100 * a.value:.0f} % -> {100 * b.value:.0f} %" for name, (a, b) in pairs.items()
    )
    head = f'<svg {_HEAD} role="img" aria-label="{html.escape(f"{label}: {said}")}" '
    size = f'viewBox="0 0 {width} {bottom + 28}" style="max-width: 34rem">'
    return Picture(head + size + "".join(parts) + "</svg>", f"{label}: {said}")


def _mark(estimate: Estimate, side: str, colour: str, y: float, place) -> list[str]:
    if math.isnan(estimate.value):
        return []
    parts = []
    if not math.isnan(estimate.low):
        ends = f'x1="{place(estimate.low):.1f}" x2="{place(estimate.high):.1f}" y1="{y}" y2="{y}"'
        parts.append(f'<line stroke="{colour}" stroke-width="3" {ends}/>')
    x = place(estimate.value)
    # A circle and a square: the two are told apart without colours, too.
    if side == "base":
        parts.append(f'<circle fill="{colour}" cx="{x:.1f}" cy="{y}" r="5.5"/>')
    else:
        parts.append(f'<rect fill="{colour}" x="{x - 5:.1f}" y="{y - 5}" width="10" height="10"/>')
    anchor, shift = ("start", 9) if x < 340 else ("end", -9)
    parts.append(f'<text font-size="11" x="{x + shift:.1f}" y="{y - 3}" text-anchor="{anchor}">{side}</text>')
    return parts
