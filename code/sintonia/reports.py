"""A comparison as a person reads it: lines for a terminal, Markdown, or one HTML file.

What a model wrote is text here and never markup: it is escaped on every way out.
"""

from __future__ import annotations

import contextlib
import html
import json
import math
from dataclasses import asdict
from pathlib import Path
from typing import Any

from sintonia.comparison import Comparison
from sintonia.errors import Fault, InputError
from sintonia.html_reports import loss_curve, to_html
from sintonia.report_tables import HEADER, ended, one_line, rows_of, rows_of_runs
from sintonia.terminal_reports import sparkline, to_terminal

__all__ = ["json_ready", "loss_curve", "sparkline", "to_html", "to_markdown", "to_terminal", "write_report"]


def to_markdown(comparison: Comparison) -> str:
    """The comparison as a Markdown document: figures, replies, and where they come from.

    Explained in: masks.md#run-it
    """
    lines = [f"# {_md(comparison.base_name)} and {_md(comparison.tuned_name)}", ""]
    table = [
        [row.measure.label, row.lang, row.prompts, row.base, row.tuned, row.change]
        for row in rows_of(comparison)
    ]
    lines += _table(list(HEADER), table)
    header, runs = rows_of_runs(comparison)
    if runs:
        lines += ["", *_table(header, runs)]
    exchanges = [
        [exchange.question, ended(exchange.base), ended(exchange.tuned)] for exchange in comparison.exchanges
    ]
    lines += ["", *_table(["prompt", "base", "tuned"], exchanges)]
    if comparison.losses:
        losses = [[str(step), f"{loss:.3f}"] for step, loss in comparison.losses]
        lines += ["", *_table(["step", "training loss"], losses)]
    lines += [
        "",
        *(f"- {_md(name)}: {_md(value)}" for name, value in comparison.provenance.items()),
    ]
    return "\n".join(lines).rstrip() + "\n"


def _table(header: list[str], rows: list[list[str]]) -> list[str]:
    lines = [" | ".join(header), "|".join("---" for _ in header)]
    return [f"| {lines[0]} |", f"|{lines[1]}|", *(f"| {' | '.join(map(_md, row))} |" for row in rows)]


def _md(text: str) -> str:
    """Text inside a Markdown table cell: nothing in it is markup."""
    escaped = html.escape(one_line(str(text)), quote=False)
    return "".join(f"\\{c}" if c in "\\`*_[]|#" else c for c in escaped)


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
