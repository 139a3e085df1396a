"""Which section of a translation stands for which of the reference, headings lost or gained."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from difflib import SequenceMatcher

from sitekit.findings import shorten
from sitekit.sections import Section

Pair = tuple[Section, Section]
"""A section of the reference and one of the translation."""


@dataclass
class Alignment:
    """Pairs of sections, each with other ways to read it, and the differences of headings.

    A lost heading leaves its text to the section before: then that section is also paired with the
    reference's two joined, and the reading with fewer findings stands. `faults` are (kind, line,
    found, expected, line in the reference).
    """

    pairs: list[tuple[Pair, list[Pair]]] = field(default_factory=list)
    faults: list[tuple[str, int, str, str, int]] = field(default_factory=list)


def align(theirs: list[Section], ours: list[Section], anchored: bool) -> Alignment:
    """Pairs the sections by their ids; in READMEs (not `anchored`) by their levels."""
    out = Alignment()
    if anchored:
        left = [s.id or f"level {s.level}" for s in theirs]
        right = [s.id or f"level {s.level}" for s in ours]
    else:
        left, right = [str(s.level) for s in theirs], [str(s.level) for s in ours]
    if anchored and left != right and Counter(left) == Counter(right):
        first = next(n for n, key in enumerate(left) if key != right[n])
        found, expected = describe_heading(ours[first]), describe_heading(theirs[first])
        out.faults.append(("order", ours[first].line, found, f"{expected} here", theirs[first].line))
        places = {key: n for n, key in enumerate(left)}
        out.pairs = [((theirs[places[key]], section), []) for section, key in zip(ours, right, strict=True)]
        return out
    pairs: list[tuple[int, int]] = []
    lost: list[int] = []
    gained: list[int] = []
    matcher = SequenceMatcher(None, left, right, autojunk=False)
    for _, i, i_end, j, j_end in matcher.get_opcodes():
        both = min(i_end - i, j_end - j)
        pairs += [(i + n, j + n) for n in range(both)]
        lost += range(i + both, i_end)
        gained += range(j + both, j_end)
    for n in gained:
        line = max(theirs[i].line for i, j in pairs if j < n)
        out.faults.append(("heading", ours[n].line, describe_heading(ours[n]), "no such heading", line))
    for n in lost:
        line = max(ours[j].line for i, j in pairs if i < n)
        expected = describe_heading(theirs[n])
        out.faults.append(("heading", line, "no such heading after this one", expected, theirs[n].line))
    for i, j in pairs:
        more = []
        if i + 1 in lost:
            more.append((_joined(theirs, i, lost), ours[j]))
        if j + 1 in gained:
            more.append((theirs[i], _joined(ours, j, gained)))
        out.pairs.append(((theirs[i], ours[j]), more))
    return out


def describe_heading(section: Section) -> str:
    """A section's heading in a finding's words."""
    name = f" {{#{section.id}}}" if section.id else f" {shorten(section.title, 40)!r}"
    return f"heading {'#' * section.level}{name}"


def _joined(sections: list[Section], start: int, after: list[int]) -> Section:
    whole = sections[start]
    joined = Section(whole.level, whole.id, whole.title, whole.line)
    end = start + 1
    while end in after:
        end += 1
    for section in sections[start:end]:
        joined.marks += section.marks
        joined.units += section.units if section is whole else section.units[1:]
        joined.numbers += section.numbers
    return joined
