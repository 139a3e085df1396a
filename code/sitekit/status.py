"""`sitekit status`: how each language of each page stands, in the terminal, as JSON, and on the site.

in step: declared so, nothing changed since. leads: changed, the others have not followed. lags: has not
followed. undeclared: changed everywhere or new, `sitekit accept` is due. to do: waits for a first
translation. missing: no such file.
"""

from __future__ import annotations

import argparse
import functools
import json
import sys
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from sitekit.course import Course, read_course
from sitekit.findings import CannotReadError
from sitekit.languages import LANGUAGES, MENU, OWN_NAMES, REFERENCE
from sitekit.lock import Entry, read_lock, standings
from sitekit.roots import add_root, root_of
from sitekit.words import word

STATUS_MARK = "<!-- status -->"
IN_STEP, LEADS, LAGS, UNDECLARED, TO_DO, MISSING = STATES = (
    "in step", "leads", "lags", "undeclared", "to do", "missing",
)  # fmt: skip
# Word lists are many; each kind is one row, named by a word of words.yml.
KINDS = (
    ("docs/assets/glossary.yml", "status-glossary"),
    ("docs/assets/figures/", "status-figures"),
    ("code/sintonia/exercises/", "status-exercises"),
    ("code/sintonia/words/", "status-messages"),
    ("code/playground/", "status-playground"),
    ("code/sitekit/words.yml", "status-house"),
    ("mkdocs.yml", "status-house"),
)


@dataclass
class Cell:
    """One language of one row: how many sections are in each state."""

    counts: dict[str, int] = field(default_factory=dict)

    def add(self, state: str, times: int = 1) -> None:
        self.counts[state] = self.counts.get(state, 0) + times

    @property
    def state(self) -> str:
        """What matters most: that something is missing, then that it lags."""
        order = (MISSING, LAGS, TO_DO, UNDECLARED, LEADS)
        return next((state for state in order if self.counts.get(state)), IN_STEP)

    @property
    def number(self) -> int:
        """How many sections are in that state."""
        return self.counts.get(self.state, 0)


Table = dict[str, dict[str, Cell]]
"""Row -> language -> cell. A row is a page, or a key of words.yml for a kind of word lists."""


def row_of(page: str) -> str:
    """The row that a passage's page is counted in.

    >>> row_of("masks.md"), row_of("docs/assets/figures/packing.words.yml")
    ('masks.md', 'status-figures')
    """
    return next((kind for prefix, kind in KINDS if page.startswith(prefix)), page)


def status(course: Course, lock: dict[str, Entry]) -> Table:
    """How every page and kind of words stands in every language."""
    rows = [*course.groups, *(kind for _, kind in KINDS)]
    table: Table = {row: {lang: Cell() for lang in LANGUAGES} for row in dict.fromkeys(rows)}
    absent = course.missing | course.to_do
    for standing in standings(course.passages, lock):
        passage = standing.passage
        row = row_of(passage.page)
        for lang in LANGUAGES:
            if (passage.page, lang) in absent:
                continue
            if lang not in passage.sums:
                # Titles that mkdocs.yml gives only to other languages are Material's own in this one.
                if passage.places and REFERENCE in passage.sums:
                    table[row][lang].add(TO_DO)
            elif standing.in_step:
                table[row][lang].add(IN_STEP)
            elif lang in standing.lags:
                table[row][lang].add(LAGS)
            else:
                table[row][lang].add(LEADS if standing.lags else UNDECLARED)
    for name, lang in course.missing:
        if name in table:
            table[name][lang].add(MISSING)
    for name, lang in course.to_do:
        if name in table:
            table[name][lang].add(TO_DO)
    return {row: cells for row, cells in table.items() if any(cell.counts for cell in cells.values())}


def read_status(root: Path) -> Table:
    """The table of the tree at `root`. Raises CannotReadError where it cannot be read."""
    return status(read_course(root, compare=False), read_lock(root) or {})


def tallies(table: Table) -> dict[str, int]:
    """How many cells are in each state."""
    states = [cell.state for cells in table.values() for cell in cells.values() if cell.counts]
    return {state: states.count(state) for state in STATES if state in states}


def as_text(table: Table) -> str:
    """The table for a terminal.

    >>> print(as_text({"masks.md": {"en": Cell({"in step": 3}), "pt": Cell({"in step": 1, "lags": 2})}}))
    page      en       pt
    masks.md  in step  2 lag
    2 cells: 1 in step, 1 lags
    """
    langs = list(next(iter(table.values())))
    lines = [["page", *langs]]
    for row, cells in table.items():
        lines.append([row if "." in row else word(row, REFERENCE), *(_short(cells[lang]) for lang in langs)])
    widths = [max(map(_width, column)) for column in zip(*lines, strict=True)]
    shown = [
        "  ".join(
            text + " " * (width - _width(text)) for text, width in zip(line, widths, strict=True)
        ).rstrip()
        for line in lines
    ]
    counts = tallies(table)
    total = f"{sum(counts.values())} cells: " + ", ".join(
        f"{count} {state}" for state, count in counts.items()
    )
    return "\n".join([*shown, total])


def _short(cell: Cell) -> str:
    if cell.state in (LAGS, LEADS):
        return f"{cell.number} {cell.state.removesuffix('s')}" if cell.number > 1 else f"1 {cell.state}"
    if cell.state == UNDECLARED or (cell.state == TO_DO and cell.number > 1):
        return f"{cell.number} {cell.state}"
    return cell.state


def _width(text: str) -> int:
    return sum(2 if unicodedata.east_asian_width(char) in "WF" else 1 for char in text)


def as_json(table: Table) -> dict[str, object]:
    """The table as JSON-ready keys."""
    return {
        "languages": list(LANGUAGES),
        "states": tallies(table),
        "rows": [
            {
                "name": row if "." in row else word(row, REFERENCE),
                "languages": {lang: {"state": cell.state, **cell.counts} for lang, cell in cells.items()},
            }
            for row, cells in table.items()
        ],
    }


def as_markdown(course: Course, table: Table, lang: str) -> str:
    """The table for the site's page, in the words of a language; rows that are pages are links."""
    head = [word("status-page", lang), *(OWN_NAMES[code] for code in MENU)]
    lines = [f"| {' | '.join(head)} |", "|" + " --- |" * len(head)]
    for row, cells in table.items():
        title = course.titles.get((row, lang)) or course.titles.get((row, REFERENCE), "")
        if "." not in row:
            name = word(row, lang)
        elif "/" in row.removeprefix("notebooks/") or row.startswith("README"):
            name = f"{title} (`{row}`)"
        else:
            name = f"[{title}]({row.replace('.cells.md', '.ipynb')})"
        lines.append(f"| {name} | {' | '.join(_sign(cells[code], lang) for code in MENU)} |")
    return "\n".join(lines)


def expand(markdown: str, root: Path, lang: str, *, fresh: bool = True) -> str:
    """A page's Markdown with the table where its line `<!-- status -->` stands.

    Args:
        fresh: read the course again if a file below docs has changed since the last time; a writer's build of
            one language, seconds after the last, need not.

    Raises CannotReadError where the tree cannot be read.
    """
    if STATUS_MARK not in markdown:
        return markdown
    newest = max(path.stat().st_mtime_ns for path in (root / "docs").rglob("*")) if fresh else 0
    course, table = _read_once(root, newest)
    return markdown.replace(STATUS_MARK, as_markdown(course, table, lang))


@functools.lru_cache(maxsize=1)
def _read_once(root: Path, newest: int) -> tuple[Course, Table]:
    """One reading serves the builds of all languages."""
    course = read_course(root, compare=False)
    return course, status(course, read_lock(root) or {})


def _sign(cell: Cell, lang: str) -> str:
    state = cell.state
    words = word(f"status-{state.replace(' ', '-')}", lang)
    count = f" ({cell.number})" if state in (LAGS, LEADS, UNDECLARED) and cell.number else ""
    return f'<span class="status-{state.replace(" ", "-")}">{words}{count}</span>'


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the command: 0 everything in step, 1 something is not, 2 could not read."""
    parser = argparse.ArgumentParser(prog="sitekit status", description="How each language stands, by page.")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    add_root(parser)
    options = parser.parse_args(arguments)
    try:
        table = read_status(root_of(options))
    except CannotReadError as error:
        print(error, file=sys.stderr)
        return 2
    print(json.dumps(as_json(table), ensure_ascii=False, indent=2) if options.json else as_text(table))
    return 0 if set(tallies(table)) <= {IN_STEP} else 1


if __name__ == "__main__":
    sys.exit(main())
