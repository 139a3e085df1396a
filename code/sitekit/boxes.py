"""The boxes of a section (`!!!`, `???`), each with what stands in it: a quiz's questions and answers."""

from __future__ import annotations

from sitekit.sections import Page, Section
from sitekit.signs import indent

_SIGNS = ("!!!", "???")


def boxes(page: Page, section: Section) -> list[Section]:
    """One section a box, in order, titled by its first line.

    >>> from sitekit.reading import parse_page
    >>> page = parse_page(['??? question "A?"', "", "    `x`", "", "`y`"], "masks.md", "en")
    >>> [[mark.value for mark in box.of("code")] for box in boxes(page, page.sections[0])]
    [['x']]
    """
    found = []
    for mark in section.of("admonition"):
        if not mark.value.startswith(_SIGNS):
            continue
        end = _end(page.lines, mark.line)
        found.append(
            Section(
                section.level,
                section.id,
                mark.value,
                mark.line,
                [m for m in section.marks if mark.line <= m.line <= end],
                [u for u in section.units if mark.line <= u.line <= end],
                [n for n in section.numbers if mark.line <= n[0] <= end],
            )
        )
    return found


def _end(lines: list[str], start: int) -> int:
    """The last line of a box that begins on line `start`: what follows is indented."""
    inside = indent(lines[start - 1]) + 4
    end = start
    for number in range(start + 1, len(lines) + 1):
        line = lines[number - 1]
        if line.strip():
            if indent(line) < inside:
                break
            end = number
    return end
