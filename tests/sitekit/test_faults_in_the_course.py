"""Faults made by hand in a copy of the course itself: each is caught in the right file, at the right line.

faults.yml lists them: a pattern in a file and what it becomes. The copy follows the pages as they are
written, so the patterns are chosen to outlive most edits.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

from sitekit.parity import check

SECTION = "section"
LISTS = yaml.safe_load(Path(__file__).with_name("faults.yml").read_text(encoding="utf-8"))
FAULTS = [pytest.param(*fault, id=name) for name, *fault in LISTS["faults"]]
STALE = [pytest.param(*stale, id=stale[0]) for stale in LISTS["stale"]]


@pytest.fixture(scope="module")
def before(course_copy: Path) -> set[str]:
    """What the checks find in the copy as it is: normally nothing, and never what a test is about."""
    report = check(course_copy)
    return {str(finding) for finding in [*report.findings, *report.lags]}


def place(text: str, offset: int, at: int | str | None) -> int | None:
    """The line where a finding is expected."""
    line = text.count("\n", 0, offset) + 1
    if at != SECTION:
        return None if at is None else line + at
    lines = text.splitlines()[: line - 1]
    return max(number for number, other in enumerate(lines, 1) if re.match(r"#{1,6} ", other))


@pytest.mark.parametrize(("name", "pattern", "new", "at", "says"), FAULTS)
def test_each_fault_is_caught_where_it_is(course_copy, before, spoil, name, pattern, new, at, says):
    text = (course_copy / name).read_text(encoding="utf-8")
    match = re.search(pattern, text, re.MULTILINE)
    assert match, f"{name} has no {pattern!r} any more: choose another"
    spoil(name, text[: match.start()] + match.expand(new) + text[match.end() :])
    line = place(text, match.start(), at)
    found = [f for f in check(course_copy).findings if str(f) not in before]
    where = [finding for finding in found if finding.path == name and line in (None, finding.line)]
    assert any(says in str(finding) for finding in where), [*map(str, found), f"expected line {line}"]


def test_the_course_as_it_stands_is_in_step(before):
    assert len(FAULTS) >= 40
    assert before == set()


def swapped(text: str, first: str, second: str) -> str:
    """A page whose two answers (the paragraphs under their questions) have changed places."""
    answers = re.findall(rf'^\?\?\? question "(?:{first}|{second})\..*\n\n( .*)\n', text, re.MULTILINE)
    one, two = answers
    return text.replace(one, "\0").replace(two, one).replace("\0", two)


@pytest.mark.parametrize("lang", ["pt", "es", "zh"])
def test_swapped_answers_of_a_quiz(course_copy, before, spoil, lang):
    name = f"docs/{lang}/masks.md"
    text = (course_copy / name).read_text(encoding="utf-8")
    spoil(name, swapped(text, "1", "3"))
    found = [f for f in check(course_copy).findings if str(f) not in before]
    boxes = [n for n, line in enumerate(text.splitlines(), 1) if line.startswith('??? question "')]
    assert found and {f.path for f in found} == {name}
    assert {f.line for f in found} <= {boxes[0], boxes[0] + 2, boxes[2], boxes[2] + 2}


def test_swapped_headings(course_copy, before, spoil):
    name = "docs/zh/masks.md"
    text = (course_copy / name).read_text(encoding="utf-8")
    first = re.search(r"^## .*\{#look-at-it\}", text, re.MULTILINE)[0]
    second = re.search(r"^## .*\{#ignore-index\}", text, re.MULTILINE)[0]
    spoil(name, text.replace(first, "\0").replace(second, first).replace("\0", second))
    line = text[: text.index(first)].count("\n") + 1
    found = [str(f) for f in check(course_copy).findings if str(f) not in before]
    assert any(f.startswith(f"{name}:{line}: found heading ## {{#ignore-index}}, expected") for f in found)


def test_a_page_that_one_language_lacks(course_copy, spoil):
    spoil("docs/zh/data.md", None)
    found = [str(finding) for finding in check(course_copy).findings]
    assert "docs/zh/data.md:1: found no such file, expected the Chinese one (docs/en/data.md:1)" in found


@pytest.mark.parametrize(("name", "pattern", "new", "led", "lag"), STALE)
def test_a_stale_section_lags_by_name(course_copy, before, spoil, name, pattern, new, led, lag):
    text = (course_copy / name).read_text(encoding="utf-8")
    changed, times = re.subn(pattern, new, text, count=1, flags=re.MULTILINE)
    assert times == 1
    spoil(name, changed)
    lines = [str(found) for found in check(course_copy).lags if str(found) not in before]
    assert len(lines) == 3
    for start in lag:
        assert any(line.startswith(start) and f" lags behind {led} since 20" in line for line in lines), lines
