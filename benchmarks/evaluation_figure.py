"""The figure of the lesson Evaluation: base and tuned model against five questions, with intervals.

    .venv/bin/python benchmarks/evaluation_figure.py           draws the figure, in docs/assets/figures
    .venv/bin/python benchmarks/evaluation_figure.py --check   exit status 1 if it is another drawing

Reads `benchmarks/results/before-after/results.json`. The words stand beside the drawing, in four
languages; of these the text alternative is written from the record too, because it says the figures.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import re
import sys
from pathlib import Path
from typing import Any

import yaml

from sintonia.answers import Answer
from sintonia.comparison import Comparison, course_rows, set_side_by_side
from sintonia.evaluation import LANGUAGES
from sintonia.generation import Reply
from sintonia.intervals import Estimate

ROOT = Path(__file__).resolve().parents[1]
RECORD = ROOT / "benchmarks" / "results" / "before-after" / "results.json"
FIGURE = ROOT / "docs" / "assets" / "figures" / "evaluation.svg"
WORDS = ROOT / "docs" / "assets" / "figures" / "evaluation.words.yml"
MEASURES = ("stop_rate", "in_language", "follows", "json_keys", "json_equal")
LEFT, RIGHT, SIGN = 44, 360, 398  # of the scale, and where the verdict stands, in a drawing 420 wide
ROW, BLOCK, TOP = 24, 134, 104
SIGNS = {"better": "▲", "worse": "▼", "unclear": "?"}
COLOURS = {"better": "fig-assistant", "worse": "fig-accent", "unclear": "fig-muted"}
ALT = re.compile(r"^alt:\n(?:  .*\n)+", re.MULTILINE)


def main(arguments: list[str]) -> int:
    """Draw, or compare."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--check", action="store_true", help="compare, write nothing")
    options = parser.parse_args(arguments)
    result = comparison(json.loads(RECORD.read_text("utf-8"))["cells"])
    old = WORDS.read_text("utf-8")
    said = alternative(result, yaml.safe_load(old))
    lines = "".join(f"  {lang}: {json.dumps(text, ensure_ascii=False)}\n" for lang, text in said.items())
    made = {FIGURE: drawing(result), WORDS: ALT.sub(lambda _: f"alt:\n{lines}", old)}
    for file, content in made.items():
        name = file.relative_to(ROOT).as_posix()
        if options.check:
            if not file.is_file() or file.read_text("utf-8") != content:
                print(f"{name}: found other figures; expected the record's; run this script", file=sys.stderr)
                return 1
            continue
        unfinished = file.with_name(file.name + ".tmp")
        unfinished.write_text(content, encoding="utf-8")
        os.replace(unfinished, file)
        print(f"wrote {name}")
    return 0


def comparison(cells: dict[str, Any]) -> Comparison:
    """The base and all recorded seeds, side by side."""
    answers = {
        name: [
            Answer(Reply(one["text"], one["stopped"], one["tokens"]), one["loss"], one["of"])
            for one in cell["answers"]
        ]
        for name, cell in cells.items()
    }
    base, *tuned = answers.items()
    return set_side_by_side(course_rows("test"), base, tuned)


def verdict(change: Estimate) -> str:
    """What a paired change allows to say.

    >>> verdict(Estimate(0.2, 0.1, 0.3)), verdict(Estimate(0.2, 0.0, 0.4))
    ('better', 'unclear')
    """
    return "better" if change.low > 0 else "worse" if change.high < 0 else "unclear"


def drawing(result: Comparison) -> str:
    """The SVG: a block a question, a line a language, base above tuned, on a scale of 0 to 100 per cent."""
    parts = legend()
    for number, measure in enumerate(MEASURES):
        top = TOP + BLOCK * number
        parts.append(text(10, top, f"{{{{{measure}}}}}", weight=700))
        for share in (0, 0.5, 1):
            parts.append(line(at(share), top + 8, at(share), top + 8 + ROW * 4, 1, 0.35))
        for place, lang in enumerate(LANGUAGES):
            y = top + 8 + ROW * (place + 0.5)
            parts.append(text(10, y + 5, lang, "fig-muted"))
            for scores, dy, colour in zip(
                result.scores[lang], (-5, 5), ("fig-muted", "fig-assistant"), strict=True
            ):
                low, high = scores.intervals[measure]
                parts += mark(getattr(scores, measure), low, high, y + dy, colour)
            word = verdict(result.changes[lang][measure])
            parts.append(text(SIGN, y + 5, SIGNS[word], COLOURS[word], "middle", 700))
    bottom = TOP + BLOCK * len(MEASURES) - 8
    for share in (0, 0.5, 1):
        parts.append(
            text(at(share), bottom, f"{100 * share:.0f}{'%' if share == 1 else ''}", "fig-muted", "middle")
        )
    head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 420 {bottom + 10}">'
    return "\n".join([head, *parts, "</svg>"]) + "\n"


def legend() -> list[str]:
    """What the marks are, and what the signs at the right stand for."""
    parts = [*mark(0.12, 0.04, 0.2, 18, "fig-muted"), text(at(0.24), 23, "{{base}}", "fig-muted")]
    return [
        *parts,
        *mark(0.64, 0.56, 0.72, 18, "fig-assistant"),
        text(at(0.76), 23, "{{tuned}}", "fig-assistant"),
        text(LEFT, 46, "{{interval}}", "fig-muted"),
        text(LEFT, 69, "▲ {{better}}", "fig-assistant"),
        text(LEFT + 112, 69, "▼ {{worse}}", "fig-accent"),
        text(LEFT + 204, 69, "? {{unclear}}", "fig-muted"),
    ]


def at(share: float) -> float:
    """Where a share stands on the scale.

    >>> at(0), at(1)
    (44.0, 360.0)
    """
    return float(LEFT + (RIGHT - LEFT) * share)


def mark(value: float, low: float, high: float, y: float, colour: str) -> list[str]:
    """An interval with its figure as a box; nothing where nothing was counted."""
    if math.isnan(value):
        return []
    parts = []
    if not math.isnan(low):
        parts.append(
            f'<rect class="{colour}" x="{at(low):.1f}" y="{y - 2:.1f}" '
            f'width="{max(at(high) - at(low), 1):.1f}" height="4" stroke-width="0.8"/>'
        )
    return [
        *parts,
        f'<rect class="{colour}" x="{at(value) - 4:.1f}" y="{y - 4.5:.1f}" width="8" height="9" '
        'rx="2" stroke-width="2"/>',
    ]


def line(x1: float, y1: float, x2: float, y2: float, width: float, opacity: float) -> str:
    """A line of the grid."""
    path = f"M{x1:.1f} {y1:.1f}L{x2:.1f} {y2:.1f}"
    return f'<path class="fig-line" stroke-width="{width}" opacity="{opacity}" d="{path}"/>'


def text(x: float, y: float, words: str, colour: str = "fig-text", anchor: str = "", weight: int = 0) -> str:
    """A word or a number."""
    more = f' text-anchor="{anchor}"' * bool(anchor) + f' font-weight="{weight}"' * bool(weight)
    size = 15 if weight else 14
    return f'<text class="{colour}" x="{x:.1f}" y="{y:.1f}" font-size="{size}"{more}>{words}</text>'


OPENING = {
    "en": "Five questions, each in four languages, with base and tuned model on a scale from 0 to 100 per "
    "cent, and a verdict from the paired change. Base, tuned, verdict:",
    "pt": "Cinco perguntas, cada uma em quatro línguas, com o modelo base e o ajustado em uma escala de 0 a "
    "100 por cento e um veredito tirado da mudança pareada. Base, ajustado, veredito:",
    "es": "Cinco preguntas, cada una en cuatro idiomas, con el modelo base y el ajustado en una escala de 0 "
    "a 100 por ciento y un veredicto según el cambio pareado. Base, ajustado, veredicto:",
    "zh": "五个问题，各有四种语言；基座模型与微调后的模型标在 0 到 100% 的刻度上，"
    "结论由配对变化得出。依次为基座、微调后、结论：",
}


def alternative(result: Comparison, words: dict[str, Any]) -> dict[str, str]:
    """What the picture says, figure by figure, in each language of the site."""
    said = {}
    for site, opening in OPENING.items():
        inner, outer = ("，", "；") if site == "zh" else (", ", "; ")
        blocks = []
        for measure in MEASURES:
            cells = []
            for lang in LANGUAGES:
                shares = [f"{100 * getattr(scores, measure):.0f}" for scores in result.scores[lang]]
                word = words[verdict(result.changes[lang][measure])][site]
                cells.append(inner.join([f"{lang} {shares[0]}", shares[1], word]))
            colon = "：" if site == "zh" else ": "
            blocks.append(f"{words[measure][site]}{colon}{outer.join(cells)}")
        full, gap = ("。", "") if site == "zh" else (".", " ")
        said[site] = f"{opening}{gap}{f'{full}{gap}'.join(blocks)}{full}"
    return said


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
