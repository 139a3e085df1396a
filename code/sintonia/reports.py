"""A comparison as a person reads it: lines for a terminal, Markdown, or one HTML file.

What a model wrote is text here and never markup: it is escaped on every way out.
"""

from __future__ import annotations

import contextlib
import html
import json
import math
import shutil
import unicodedata
from dataclasses import asdict
from pathlib import Path
from typing import Any

from sintonia.comparison import Comparison
from sintonia.errors import Fault, InputError
from sintonia.generation import Reply

STYLE = Path(__file__).parent / "report.css"


def to_terminal(comparison: Comparison, *, width: int | None = None, per_language: int = 3) -> str:
    """The comparison as lines of text, replies side by side.

    Args:
        width: columns; `None` takes the terminal's.
        per_language: exchanges shown of each language.

    Explained in: masks.md#run-it
    """
    width = min(width or shutil.get_terminal_size((100, 24)).columns, 140)
    column = max(1, (width - 3) // 2)
    lines = []
    shown: dict[str, int] = {}
    for exchange in comparison.exchanges:
        shown[exchange.lang] = shown.get(exchange.lang, 0) + 1
        if shown[exchange.lang] > per_language:
            continue
        lines.append("-" * width)
        lines += _wrap(
            f"[{exchange.lang}] {exchange.question}" if exchange.lang else exchange.question, width
        )
        left = _wrap(f"base:  {_ended(exchange.base)}", column)
        right = _wrap(f"tuned: {_ended(exchange.tuned)}", column)
        for row in range(max(len(left), len(right))):
            a = left[row] if row < len(left) else ""
            b = right[row] if row < len(right) else ""
            lines.append(f"{a}{' ' * (column - _columns(a))} | {b}".rstrip())
    lines.append("-" * width)
    lines += _score_lines(comparison)
    if comparison.losses:
        first, last = comparison.losses[0][1], comparison.losses[-1][1]
        lines.append(f"training loss {first:.2f} -> {last:.2f}  {sparkline(comparison.losses)}")
    return "\n".join(lines)


def _score_lines(comparison: Comparison) -> list[str]:
    lines = ["lang  prompts  stopped        in its language  perplexity of the reference"]
    for lang, (base, tuned) in comparison.scores.items():
        lines.append(
            f"{_one_line(lang):<4}  {base.prompts:7d}  {base.stop_rate:4.0%} -> {tuned.stop_rate:4.0%}  "
            f"{base.in_language:4.0%} -> {tuned.in_language:4.0%}     "
            f"{base.perplexity:7.1f} -> {tuned.perplexity:.1f}"
        )
    return lines


def sparkline(losses: list[tuple[int, float]], width: int = 32) -> str:
    """The losses as a row of small bars, for a terminal.

    Example:
        >>> sparkline([(1, 3.0), (2, 2.0), (3, 1.0)])
        '█▅▁'

    Explained in: masks.md#run-it
    """
    values = [loss for _, loss in losses if math.isfinite(loss)] or [0.0]
    step = max(1, len(values) / width)
    values = [values[int(i * step)] for i in range(min(width, len(values)))]
    low, high = min(values), max(values)
    bars = "▁▂▃▄▅▆▇█"
    return "".join(bars[int((v - low) / ((high - low) or 1) * (len(bars) - 1) + 0.5)] for v in values)


def _ended(reply: Reply) -> str:
    """The reply with a sign for the stop: a model that never stops must be seen to."""
    return f"{_one_line(reply.text)} ■" if reply.stopped else f"{_one_line(reply.text)} … (did not stop)"


def _one_line(text: str) -> str:
    """Text that cannot disturb a terminal: control characters are shown, not sent."""
    return "".join(
        character if character.isprintable() else ("⏎" if character == "\n" else "�") for character in text
    )


def _columns(text: str) -> int:
    """Terminal columns: an East Asian wide character takes two."""
    return sum(
        0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text
    )


def _wrap(text: str, width: int) -> list[str]:
    """Lines of at most `width` columns, broken at spaces, or anywhere in text without them."""
    lines, line = [], ""
    for piece in _pieces(_one_line(text)):
        if line and _columns(line) + _columns(piece.rstrip()) > width:
            lines.append(line.rstrip())
            line = ""
        while _columns(piece) > width:
            cut = next(i for i in range(len(piece), 0, -1) if i == 1 or _columns(piece[:i]) <= width)
            lines.append(piece[:cut])
            piece = piece[cut:]
        line += piece
    return [*lines, line.rstrip()] if line.strip() or not lines else lines


def _pieces(text: str) -> list[str]:
    pieces, piece = [], ""
    for character in text:
        piece += character
        if character == " " or unicodedata.east_asian_width(character) in "WF":
            pieces.append(piece)
            piece = ""
    return [*pieces, piece] if piece else pieces


def to_markdown(comparison: Comparison) -> str:
    """The comparison as a Markdown document: figures, replies, and where they come from.

    Explained in: masks.md#run-it
    """
    lines = [
        f"# {_md(comparison.base_name)} and {_md(comparison.tuned_name)}",
        "",
        "| language | prompts | stopped | in its language | perplexity of the reference |",
        "|---|---|---|---|---|",
    ]
    for lang, (base, tuned) in comparison.scores.items():
        lines.append(
            f"| {_md(lang)} | {base.prompts} | {base.stop_rate:.0%} → {tuned.stop_rate:.0%} "
            f"| {base.in_language:.0%} → {tuned.in_language:.0%} "
            f"| {base.perplexity:.1f} → {tuned.perplexity:.1f} |"
        )
    lines += ["", "| prompt | base | tuned |", "|---|---|---|"]
    for exchange in comparison.exchanges:
        cells = (exchange.question, _ended(exchange.base), _ended(exchange.tuned))
        lines.append("| " + " | ".join(_md(cell) for cell in cells) + " |")
    if comparison.losses:
        lines += ["", "| step | training loss |", "|---|---|"]
        lines += [f"| {step} | {loss:.3f} |" for step, loss in comparison.losses]
    lines += [
        "",
        *(f"- {_md(name)}: {_md(value)}" for name, value in comparison.provenance.items()),
    ]
    return "\n".join(lines).rstrip() + "\n"


def _md(text: str) -> str:
    """Text inside a Markdown table cell: nothing in it is markup."""
    escaped = html.escape(_one_line(str(text)), quote=False)
    return "".join(f"\\{c}" if c in "\\`*_[]|#" else c for c in escaped)


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
        _html_table(
            ["language", "prompts", "stopped", "in its language", "perplexity of the reference"],
            [
                [
                    _h(lang),
                    str(base.prompts),
                    f"{base.stop_rate:.0%} → {tuned.stop_rate:.0%}",
                    f"{base.in_language:.0%} → {tuned.in_language:.0%}",
                    f"{base.perplexity:.1f} → {tuned.perplexity:.1f}",
                ]
                for lang, (base, tuned) in comparison.scores.items()
            ],
        ),
    ]
    if comparison.losses:
        parts += ["<h2>Training loss</h2>", loss_curve(comparison.losses)]
    parts.append("<h2>Replies</h2>")
    for exchange in comparison.exchanges:
        language = f' lang="{_h(exchange.lang)}"' if exchange.lang else ""
        parts.append(
            f"<section{language}><h3>{_h(exchange.question)}</h3><div class=pair>"
            f"<div><b>base</b><p>{_h(_ended(exchange.base))}</p></div>"
            f"<div><b>tuned</b><p>{_h(_ended(exchange.tuned))}</p></div></div>"
            f"<p class=reference>{_h(exchange.reference)}</p></section>"
        )
    if comparison.provenance:
        rows = [[_h(name), _h(value)] for name, value in comparison.provenance.items()]
        parts += ["<h2>Provenance</h2>", _html_table(["what", "value"], rows)]
    return "\n".join([*parts, "</main></body></html>"]) + "\n"


def _h(text: str) -> str:
    return html.escape(str(text))


def _html_table(header: list[str], rows: list[list[str]]) -> str:
    head = "".join(f"<th scope=col>{cell}</th>" for cell in header)
    body = "".join("<tr>" + "".join(f"<td>{cell}</td>" for cell in row) + "</tr>" for row in rows)
    return f"<div class=scroll><table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>"


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


def write_report(comparison: Comparison, path: str | Path) -> Path:
    """Write the report in the form that the ending of `path` names: `.html`, `.md` or `.json`.

    Raises:
        InputError: another ending, or a place that cannot be written.

    Explained in: masks.md#run-it
    """
    path = Path(path)
    writers = {".html": to_html, ".md": to_markdown, ".json": _to_json}
    if path.suffix not in writers:
        raise InputError(Fault(str(path), f"the ending {path.suffix!r}", ".html, .md or .json"))
    text = writers[path.suffix](comparison)
    unfinished = path.with_name(f".{path.name}.unfinished")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        unfinished.write_text(text, encoding="utf-8")
        unfinished.replace(path)
    except OSError as error:
        with contextlib.suppress(OSError):
            unfinished.unlink()
        raise InputError(Fault(str(path), str(error), "a place that can be written")) from None
    return path


def _to_json(comparison: Comparison) -> str:
    return json.dumps(json_ready(asdict(comparison)), ensure_ascii=False, indent=1, allow_nan=False) + "\n"


def json_ready(value: Any) -> Any:
    """A value that JSON can hold: it knows no NaN, so a figure that could not be had is null.

    Example:
        >>> json_ready({"loss": float("nan"), "steps": (1, 2)})
        {'loss': None, 'steps': [1, 2]}

    Explained in: masks.md#run-it
    """
    if isinstance(value, dict):
        return {key: json_ready(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [json_ready(item) for item in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
