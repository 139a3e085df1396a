"""The figure of the lesson From scratch: three recorded loss curves, drawn for phones.

    .venv/bin/python benchmarks/from_scratch_figure.py           draws the figure, in docs/assets/figures
    .venv/bin/python benchmarks/from_scratch_figure.py --check   exit status 1 if it is another drawing

Reads `benchmarks/results/from-scratch/results.json`. The words stand beside the drawing, in four languages.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
RECORD = ROOT / "benchmarks" / "results" / "from-scratch" / "results.json"
FIGURE = ROOT / "docs" / "assets" / "figures" / "from-scratch-losses.svg"
LEFT, RIGHT, HEIGHT = 34, 410, 132  # of a panel, in a drawing 420 wide
TALL = 9.0  # nats at the top of a panel: a little more than the first loss
Point = tuple[float, float]


def main(arguments: list[str]) -> int:
    """Draw, or compare."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--check", action="store_true", help="compare, write nothing")
    options = parser.parse_args(arguments)
    svg = drawing(json.loads(RECORD.read_text("utf-8"))["losses"])
    name = FIGURE.relative_to(ROOT).as_posix()
    if options.check:
        if FIGURE.is_file() and FIGURE.read_text("utf-8") == svg:
            return 0
        print(f"{name}: found another drawing; expected that of the record; run this script", file=sys.stderr)
        return 1
    unfinished = FIGURE.with_suffix(".svg.tmp")
    unfinished.write_text(svg, encoding="utf-8")
    os.replace(unfinished, FIGURE)
    print(f"wrote {name}")
    return 0


def drawing(losses: dict[str, Any]) -> str:
    """The SVG: one panel a curve, all with the same loss axis.

    Args:
        losses: `echoes` and `text`, a loss a step; `tuning`, pairs of step and mean loss since the last.
    """
    curves = {name: list(enumerate(losses[name], start=1)) for name in ("echoes", "text")}
    curves["tuning"] = [(step, loss) for step, loss in losses["tuning"]]
    parts = [text(10, 20, "{{loss}}", "fig-muted")]
    top = 34
    for name, points in curves.items():
        parts += panel(name, points, top, wide=10 if name == "tuning" else 20)
        if name == "echoes":
            fall = next((step for step, mean in means(points, 20) if mean < 4), points[-1][0])
            x = LEFT + (RIGHT - LEFT) * fall / points[-1][0] - 8
            parts.append(text(x, top + 26 + HEIGHT * (1 - 3 / TALL) + 5, "{{copying}}", anchor="end"))
        top += 30 + HEIGHT + 34
    parts.append(text(RIGHT, top - 4, "{{step}}", "fig-muted", "end"))
    head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 420 {top + 4}">'
    return "\n".join([head, *parts, "</svg>"]) + "\n"


def panel(name: str, points: list[Point], top: int, wide: int) -> list[str]:
    """Title, axes, what was recorded (thin) and its running mean over `wide` points (thick)."""
    last = points[-1][0]
    floor = top + 26 + HEIGHT

    def at(step: float, loss: float) -> Point:
        return LEFT + (RIGHT - LEFT) * step / last, floor - HEIGHT * loss / TALL

    parts = [text(10, top + 12, f"{{{{{name}}}}}", weight=700)]
    for loss in (0, 2, 4, 6, 8):
        y = at(0, loss)[1]
        dim = "" if loss == 0 else ' opacity="0.3"'
        parts.append(f'<path class="fig-line" stroke-width="1"{dim} d="M{LEFT} {y:.1f}H{RIGHT}"/>')
        parts.append(text(LEFT - 8, y + 5, str(loss), "fig-muted", "end"))
    space = tick(last)
    for step in range(0, int(last) + 1, space):
        anchor = "end" if at(step, 0)[0] > RIGHT - 16 else "middle"
        parts.append(text(at(step, 0)[0], floor + 19, str(step), "fig-muted", anchor))
    every = max(1, len(points) // 300)
    parts.append(curve([at(*point) for point in points[::every]], "fig-line", 0.8, 0.6))
    parts.append(curve([at(*point) for point in means(points, wide)[::every]], "fig-accent", 2.4))
    return parts


def means(points: list[Point], wide: int) -> list[Point]:
    """The mean around each point, of as many before it as after it.

    >>> means([(1, 0.0), (2, 3.0), (3, 9.0)], 2)
    [(1, 0.0), (2, 4.0), (3, 9.0)]
    """
    found = []
    for place, (step, _) in enumerate(points):
        reach = min(wide // 2, place, len(points) - 1 - place)
        near = [loss for _, loss in points[place - reach : place + reach + 1]]
        found.append((step, sum(near) / len(near)))
    return found


def tick(last: float) -> int:
    """Steps between two marks: 1, 2 or 5 of a power of ten, so that there are three to seven marks.

    >>> tick(1210), tick(450)
    (500, 100)
    """
    power = 10 ** int(math.log10(last / 2.2))
    return next(power * one for one in (1, 2, 5, 10) if last / (power * one) < 5)


def curve(points: list[Point], colour: str, width: float, opacity: float = 1.0) -> str:
    """A line through points."""
    path = "L".join(f"{x:.1f} {y:.1f}" for x, y in points)
    dim = "" if opacity == 1 else f' opacity="{opacity}"'
    return f'<path class="{colour}" style="fill:none" stroke-width="{width}"{dim} d="M{path}"/>'


def text(x: float, y: float, words: str, colour: str = "fig-text", anchor: str = "", weight: int = 0) -> str:
    """A word or a number."""
    more = f' text-anchor="{anchor}"' * bool(anchor) + f' font-weight="{weight}"' * bool(weight)
    size = 15 if weight else 14
    return f'<text class="{colour}" x="{x:.1f}" y="{y:.1f}" font-size="{size}"{more}>{words}</text>'


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
