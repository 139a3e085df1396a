"""Which numbers of a section its translation lacks: values, units, digits told as words."""

from __future__ import annotations

from sitekit.quantities import Quantity, spelled
from sitekit.sections import Section

Numbers = list[tuple[int, Quantity]]
"""Numbers with the lines they stand on."""


def unmatched(a: Section, b: Section, lang_a: str, lang_b: str) -> tuple[Numbers, Numbers]:
    """Numbers of `a` that `b` lacks, and of `b` that `a` lacks, likely pairs at equal places.

    >>> from sitekit.reading import parse_page
    >>> one = parse_page(["Two of 98 MB"], "a.md", "en").sections[0]
    >>> two = parse_page(["2 de 99 MB"], "b.md", "pt").sections[0]
    >>> [[number.text for _, number in side] for side in unmatched(one, two, "en", "pt")]
    [['98 MB'], ['99 MB']]
    """
    theirs = [item for item in a.numbers if not item[1].optional]
    ours = [item for item in b.numbers if not item[1].optional]
    for same in (_same_quantity, _same_value):
        for item in list(theirs):
            match = next((other for other in ours if same(item[1], other[1])), None)
            if match:
                theirs.remove(item)
                ours.remove(match)
    theirs = [item for item in theirs if not _excused(item[1], b.numbers)]
    ours = [item for item in ours if not _excused(item[1], a.numbers)]
    if not theirs and not ours:
        return [], []
    # "two cores" may be "2 个核心". Where both sides have numbers left, one may have been
    # altered, so a word excuses a digit only if the other side lacks that word.
    both = bool(theirs and ours)
    there, here = (_words(a), lang_a), (_words(b), lang_b)
    theirs = [item for item in theirs if not _in_words(item[1], here, there, both)]
    ours = [item for item in ours if not _in_words(item[1], there, here, both)]
    return _by_unit(theirs, ours)


def _same_quantity(one: Quantity, other: Quantity) -> bool:
    return one.unit == other.unit and bool(one.readings & other.readings)


def _same_value(one: Quantity, other: Quantity) -> bool:
    """Equal values of which at most one has a unit we know: 10 minutes, 10 来分钟."""
    return (not one.unit or not other.unit) and bool(one.readings & other.readings)


def _excused(number: Quantity, others: list[tuple[int, Quantity]]) -> bool:
    return any(other.optional and other.readings & number.readings for _, other in others)


def _words(section: Section) -> str:
    return " ".join(unit.prose for unit in section.units)


def _in_words(number: Quantity, there: tuple[str, str], here: tuple[str, str], strict: bool) -> bool:
    """Whether a number is a word `there`: (prose, language); if strict, oftener than `here`."""
    return any(spelled(value, *there) > (spelled(value, *here) if strict else 0) for value in number.readings)


def _by_unit(theirs: list, ours: list) -> tuple[list, list]:
    """Leftovers with the ones of equal value (another unit) paired first."""
    left, right = list(theirs), list(ours)
    first: list[tuple] = []
    for item in theirs:
        match = next((o for o in right if o[1].readings & item[1].readings), None)
        if match:
            first.append((item, match))
            left.remove(item)
            right.remove(match)
    return [a for a, _ in first] + left, [b for _, b in first] + right
