"""The figure of the lesson Reading a run: four pairs of recorded loss curves, drawn for phones.

    .venv/bin/python benchmarks/curves_figure.py           draws the figure, in docs/assets/figures
    .venv/bin/python benchmarks/curves_figure.py --check   exit status 1 if it is another drawing

Reads `benchmarks/results/curves/results.json`. The words stand beside the drawing, in four languages.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from pathlib import Path
from typing import Any

from from_scratch_figure import LEFT, RIGHT, curve, text, tick

ROOT = Path(__file__).resolve().parents[1]
RECORD = ROOT / "benchmarks" / "results" / "curves" / "results.json"
FIGURE = ROOT / "docs" / "assets" / "figures" / "loss-curves.svg"
SHOWN = ("under-fit", "good", "over-fit", "memorised")
HEIGHT = 140  # of a panel, in a drawing 420 wide
TALL = 10.0  # nats at the top of every panel: a little more than the worst loss


def main(arguments: list[str]) -> int:
    """Draw, or compare."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--check", action="store_true", help="compare, write nothing")
    options = parser.parse_args(arguments)
    svg = drawing(json.loads(RECORD.read_text("utf-8"))["runs"])
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


def drawing(runs: dict[str, Any]) -> str:
    """The SVG: one panel a run, all with the same loss axis.

    Args:
        runs: each with `history`, rows of step, loss on what was trained on, loss on what was held out.
    """
    parts = [text(10, 20, "{{loss}}", "fig-muted"), *key(40)]
    top = 66
    for name in SHOWN:
        parts += panel(name, [(step, mine, other) for step, mine, other, *_ in runs[name]["history"]], top)
        top += 26 + HEIGHT + 40
    parts.append(text(RIGHT, top - 8, "{{step}}", "fig-muted", "end"))
    head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 420 {top}">'
    return "\n".join([head, *parts, "</svg>"]) + "\n"


def key(top: int) -> list[str]:
    """What the two lines are."""
    return [
        curve([(10, top), (44, top)], "fig-accent", 2.4),
        text(52, top + 5, "{{trained}}"),
        dashed([(220, top), (254, top)]),
        text(262, top + 5, "{{held}}"),
    ]


def panel(name: str, points: list[tuple[float, float, float]], top: int) -> list[str]:
    """Title, axes and both losses; a ring where the held-out one is lowest, if it rises after that."""
    last = points[-1][0]
    floor = top + 26 + HEIGHT

    def at(step: float, loss: float) -> tuple[float, float]:
        return LEFT + (RIGHT - LEFT) * step / last, floor - HEIGHT * loss / TALL

    parts = [text(10, top + 12, f"{{{{{name.replace('-', '_')}}}}}", weight=700)]
    for loss in (0, 5, 10):
        y = at(0, loss)[1]
        dim = "" if loss == 0 else ' opacity="0.3"'
        parts.append(f'<path class="fig-line" stroke-width="1"{dim} d="M{LEFT} {y:.1f}H{RIGHT}"/>')
        parts.append(text(LEFT - 8, y + 5, str(loss), "fig-muted", "end"))
    for step in range(0, int(last) + 1, tick(last)):
        anchor = "end" if at(step, 0)[0] > RIGHT - 16 else "middle"
        parts.append(text(at(step, 0)[0], floor + 19, str(step), "fig-muted", anchor))
    parts.append(curve([at(step, mine) for step, mine, _ in points], "fig-accent", 2.4))
    parts.append(dashed([at(step, other) for step, _, other in points]))
    step, _, lowest = min(points, key=lambda point: point[2])
    if name == "over-fit":
        x, y = at(step, lowest)
        ring = 'class="fig-line" style="fill:none" stroke-width="2"'
        parts.append(f'<circle {ring} cx="{x:.1f}" cy="{y:.1f}" r="7"/>')
        parts.append(text(x, y - 14, "{{lowest}}", anchor="middle"))
    return parts


def dashed(points: list[tuple[float, float]]) -> str:
    """The held-out line: told from the other by its dashes too, not by colour alone."""
    return curve(points, "fig-line", 2.4).replace("/>", ' stroke-dasharray="7 4"/>')


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
