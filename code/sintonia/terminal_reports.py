"""A comparison as lines of a terminal, replies side by side."""

from __future__ import annotations

import math
import shutil
import unicodedata

from sintonia.comparison import Comparison
from sintonia.report_tables import HEADER, ended, one_line, rows_of, rows_of_runs


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
        left = _wrap(f"base:  {ended(exchange.base)}", column)
        right = _wrap(f"tuned: {ended(exchange.tuned)}", column)
        for row in range(max(len(left), len(right))):
            a = left[row] if row < len(left) else ""
            b = right[row] if row < len(right) else ""
            lines.append(f"{a}{' ' * (column - _columns(a))} | {b}".rstrip())
    lines.append("-" * width)
    lines += _figures(comparison)
    header, runs = rows_of_runs(comparison)
    if runs:
        lines += ["", *_aligned([header, *runs])]
    for name in ("prompts", "intervals"):
        if name in comparison.provenance:
            lines.append(f"{name}: {one_line(comparison.provenance[name])}")
    if comparison.losses:
        first, last = comparison.losses[0][1], comparison.losses[-1][1]
        lines.append(f"training loss {first:.2f} -> {last:.2f}  {sparkline(comparison.losses)}")
    return "\n".join(lines)


def _figures(comparison: Comparison) -> list[str]:
    table, last = [list(HEADER)], None
    for row in rows_of(comparison):
        label = "" if row.measure == last else row.measure.label
        table.append([label, row.lang, row.prompts, row.base, row.tuned, row.change])
        last = row.measure
    return _aligned(table)


def _aligned(table: list[list[str]]) -> list[str]:
    """Rows with their cells under each other."""
    table = [[one_line(cell) for cell in row] for row in table]
    widths = [max(_columns(cell) for cell in column) for column in zip(*table, strict=True)]
    return [
        "  ".join(
            cell + " " * (width - _columns(cell)) for cell, width in zip(row, widths, strict=True)
        ).rstrip()
        for row in table
    ]


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


def _columns(text: str) -> int:
    """Terminal columns: an East Asian wide character takes two."""
    return sum(
        0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text
    )


def _wrap(text: str, width: int) -> list[str]:
    """Lines of at most `width` columns, broken at spaces, or anywhere in text without them."""
    lines, line = [], ""
    for piece in _pieces(one_line(text)):
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
