"""Two pages side by side, section by section: what the translation lost, gained or changed."""

from __future__ import annotations

import functools
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from urllib.parse import unquote

from sitekit.alignment import align
from sitekit.boxes import boxes
from sitekit.findings import Finding, shorten
from sitekit.identify import left_in
from sitekit.inline import Mark, describe
from sitekit.languages import NAMES, copied
from sitekit.links import github_slug, own_name_aside, target
from sitekit.number_comparison import unmatched
from sitekit.sections import Page, Section

BLOCKS = (
    "include", "fence", "figure", "admonition", "tab", "table", "list", "quote", "rule",
    "directive", "note", "abbreviation", "paragraph",
)  # fmt: skip
INLINE = ("code", "maths", "link", "footnote")
WORD_KEYS = ("title", "description", "subtitle", "summary")


@dataclass(frozen=True)
class Context:
    """What pages are read against: ids headings need (docs pages), the site's address."""

    anchored: bool
    site_url: str = ""


@functools.lru_cache(maxsize=1024)
def compare_pages(reference: Page, page: Page, context: Context) -> tuple[Finding, ...]:
    """Every difference of `page` from `reference`, in no order.

    >>> from sitekit.reading import parse_page
    >>> one = parse_page(["# A", "", "Set `x`."], "docs/en/a.md", "en")
    >>> two = parse_page(["# A", "", "Ponha `y`."], "docs/pt/a.md", "pt")
    >>> print(compare_pages(one, two, Context(True))[0])
    docs/pt/a.md:3: found `y`, expected `x` (docs/en/a.md:3)
    """
    return tuple(_Comparison(reference, page, context).run())


class _Comparison:
    def __init__(self, reference: Page, page: Page, context: Context) -> None:
        self.reference, self.page, self.context = reference, page, context
        self.findings: list[Finding] = []

    def add(self, kind: str, line: int, found: str, expected: str, other: int) -> None:
        path, ref = self.page.path, self.reference.path
        self.findings.append(Finding(path, line, kind, found, expected, ref, other))

    def run(self) -> list[Finding]:
        self.front_matter()
        aligned = align(self.reference.sections, self.page.sections, self.context.anchored)
        for fault in aligned.faults:
            self.add(*fault)
        kept = self.findings
        for pair, alternatives in aligned.pairs:
            best: list[Finding] | None = None
            for theirs, ours in [pair, *alternatives]:
                self.findings = []
                self.sections(theirs, ours)
                if best is None or len(self.findings) < len(best):
                    best = self.findings
            kept += best or []
        self.findings = kept
        return kept

    def front_matter(self) -> None:
        theirs, ours = self.reference.front, self.page.front
        for key, (line, value) in theirs.items():
            if key not in ours:
                self.add("front", 1, f"no {key} in the front matter", f"{key}: {value}", line)
            elif key in WORD_KEYS:
                if not ours[key][1]:
                    self.add("front", ours[key][0], f"empty {key}", f"a {key}", line)
            elif ours[key][1] != value:
                found = f"{key}: {ours[key][1]}"
                self.add("front", ours[key][0], found, f"{key}: {value}", line)
        for key in ours.keys() - theirs.keys():
            self.add("front", ours[key][0], f"{key} in the front matter", "none", 1)

    def heading(self, theirs: Section, ours: Section) -> None:
        if theirs.level != ours.level:
            found, expected = f"level {ours.level}", f"level {theirs.level}"
            self.add("level", ours.line, f"a heading of {found}", expected, theirs.line)
        if self.context.anchored and theirs.id and theirs.id != ours.id:
            found = f"{{#{ours.id}}}" if ours.id else "a heading without an id"
            self.add("id", ours.line, found, f"{{#{theirs.id}}}", theirs.line)

    def sections(self, theirs: Section, ours: Section) -> None:
        self.heading(theirs, ours)
        before = len(self.findings)
        for kind in BLOCKS:
            self.sequence(kind, theirs, ours)
        if len(self.findings) == before:
            self.block_order(theirs, ours)
        same_blocks = len(self.findings) == before
        self.inline(theirs, ours)
        self.copies(theirs, ours)
        if same_blocks and len(self.findings) == before:
            # What a section has in common may still stand in the wrong box: two answers swapped.
            for other, box in zip(boxes(self.reference, theirs), boxes(self.page, ours), strict=True):
                self.inline(other, box)

    def inline(self, theirs: Section, ours: Section) -> None:
        for kind in INLINE:
            self.multiset(kind, theirs, ours)
        self.terms(theirs, ours)
        self.numbers(theirs, ours)

    def values(self, marks: Sequence[Mark], page: Page) -> list[str]:
        return [
            self.target(mark.value, page) if mark.kind in ("link", "figure") else mark.value for mark in marks
        ]

    def target(self, link: str, page: Page) -> str:
        """A link's comparable target: on GitHub, where titles make the ids, a heading's place."""
        if link.startswith("#") and not self.context.anchored:
            slugs = [github_slug(section.title) for section in page.sections]
            slug = unquote(link[1:])
            return f"#{slugs.index(slug)}" if slug in slugs else link
        return target(link, page.path, page.lang, self.context.site_url).value

    def keys(self, theirs: list[Mark], ours: list[Mark]) -> tuple[list[str], list[str]]:
        """Comparable values; a language's own code in ours stands for the reference's in theirs."""
        left, right = self.values(theirs, self.reference), self.values(ours, self.page)
        named = {own_name_aside(value, self.reference.lang): value for value in left}
        known = set(left)
        for n, value in enumerate(right):
            if value not in known and "://" not in value:  # an address is one for all
                right[n] = named.get(own_name_aside(value, self.page.lang), value)
        return left, right

    def sequence(self, kind: str, a: Section, b: Section) -> None:
        theirs, ours = a.of(kind), b.of(kind)
        left, right = self.keys(theirs, ours)
        if kind == "paragraph":
            if len(left) != len(right):
                found, expected = _plural(len(right), kind), _plural(len(left), kind)
                self.add(kind, b.line, f"{found} in the section", expected, a.line)
            return
        if left == right:
            for mark, other in zip(ours, theirs, strict=True):
                if kind == "fence":
                    self.fence_body(other, mark)
                elif kind == "figure":
                    self.figure_text(other, mark)
            return
        if Counter(left) == Counter(right):
            n = next(n for n, key in enumerate(left) if key != right[n])
            expected = f"{describe(theirs[n])} here"
            self.add("order", ours[n].line, describe(ours[n]), expected, theirs[n].line)
            return
        for tag, i, i_end, j, j_end in SequenceMatcher(None, left, right, autojunk=False).get_opcodes():
            if tag == "equal":
                continue
            both = min(i_end - i, j_end - j)
            for n in range(both):
                self.swap(theirs[i + n], ours[j + n])
            for mark in theirs[i + both : i_end]:
                found = f"no such {kind} in the section"
                self.add(kind, b.line, found, describe(mark), mark.line)
            for mark in ours[j + both : j_end]:
                self.add(kind, mark.line, describe(mark), f"no such {kind}", a.line)

    def swap(self, theirs: Mark, ours: Mark) -> None:
        self.add(ours.kind, ours.line, describe(ours), describe(theirs), theirs.line)

    def fence_body(self, theirs: Mark, ours: Mark) -> None:
        if ours.note == theirs.note == "words":
            return
        if ours.note != theirs.note:
            found, expected = (
                "a fence marked <!-- words -->" if mark.note else "a fence of literal text"
                for mark in (ours, theirs)
            )
            self.add("fence", ours.line, found, expected, theirs.line)
            return
        names = (self.reference.lang, self.page.lang)
        for (line, text), (there, other) in zip(ours.body, theirs.body, strict=False):
            if text not in (other, "") or (not text and other):
                if own_name_aside(text, names[1]) == own_name_aside(other, names[0]):
                    continue
                found, expected = (f"the fence's line {shorten(t)!r}" for t in (text, other))
                self.add("fence", line, found, expected, there)
                return
        if len(ours.body) != len(theirs.body):
            found, expected = (f"a fence of {_plural(len(m.body), 'line')}" for m in (ours, theirs))
            self.add("fence", ours.line, found, expected, theirs.line)

    def figure_text(self, theirs: Mark, ours: Mark) -> None:
        if theirs.note.startswith("figure:") and ours.note != theirs.note:
            found, expected = f"![{ours.note}]", f"![{theirs.note}]"
            self.add("figure", ours.line, found, expected, theirs.line)
        elif theirs.note and not ours.note:
            self.add("figure", ours.line, "no text alternative", "one in words", theirs.line)

    def block_order(self, a: Section, b: Section) -> None:
        kinds = [k for k in BLOCKS if k != "paragraph"]
        theirs = [mark for mark in a.marks if mark.kind in kinds]
        ours = [mark for mark in b.marks if mark.kind in kinds]
        for other, mark in zip(theirs, ours, strict=True):
            if other.kind != mark.kind:
                expected = f"{describe(other)} here"
                self.add("order", mark.line, describe(mark), expected, other.line)
                return

    def multiset(self, kind: str, a: Section, b: Section) -> None:
        theirs, ours = a.of(kind), b.of(kind)
        left, right = self.keys(theirs, ours)
        missing = _surplus(theirs, left, right)
        extra = _surplus(ours, right, left)
        for other, mark in zip(missing, extra, strict=False):
            self.swap(other, mark)
        for mark in missing[len(extra) :]:
            times = sum(describe(m) == describe(mark) for m in ours)
            found = f"{describe(mark)} {_times(times)}" if times else f"no {describe(mark)}"
            expected = _times(times + 1) if times else f"{describe(mark)} in the section"
            self.add(kind, b.line, found, expected, mark.line)
        for mark in extra[len(missing) :]:
            times = sum(describe(m) == describe(mark) for m in theirs)
            expected = f"it {_times(times)}" if times else f"no {describe(mark)} in the section"
            self.add(kind, mark.line, describe(mark), expected, a.line)

    def terms(self, a: Section, b: Section) -> None:
        theirs = {mark.value: mark for mark in reversed(a.of("term"))}
        ours = {mark.value: mark for mark in reversed(b.of("term"))}
        missing = sorted((theirs[key] for key in theirs.keys() - ours.keys()), key=_line)
        extra = sorted((ours[key] for key in ours.keys() - theirs.keys()), key=_line)
        for other, mark in zip(missing, extra, strict=False):
            self.swap(other, mark)
        for mark in missing[len(extra) :]:
            expected = f"{describe(mark)} in the section"
            self.add("term", b.line, f"no {describe(mark)}", expected, mark.line)
        for mark in extra[len(missing) :]:
            self.add("term", mark.line, describe(mark), "no such term in the section", a.line)

    def numbers(self, a: Section, b: Section) -> None:
        theirs, ours = unmatched(a, b, self.reference.lang, self.page.lang)
        for (line, number), (there, other) in zip(ours, theirs, strict=False):
            self.add("number", line, number.text, other.text, there)
        for there, other in theirs[len(ours) :]:
            expected = f"{other.text} in the section"
            self.add("number", b.line, f"no number {other.text}", expected, there)
        for line, number in ours[len(theirs) :]:
            self.add("number", line, number.text, "no such number in the section", a.line)

    def copies(self, a: Section, b: Section) -> None:
        texts = {" ".join(unit.running.split()): unit for unit in a.units}
        for unit in b.units:
            other = texts.get(" ".join(unit.running.split()))
            if other is None or unit.allowed == self.reference.lang:
                continue
            if left_in(unit.running, self.page.lang) is None and copied(unit.running, other.running):
                found = f"{unit.kind} {shorten(unit.text, 50)!r} as in {NAMES['en']}"
                expected = f"it in {NAMES[self.page.lang]}"
                self.add("language", unit.line, found, expected, other.line)


def _line(mark: Mark) -> int:
    return mark.line


def _plural(count: int, noun: str) -> str:
    return f"{count} {noun}" + ("" if count == 1 else "s")


def _times(count: int) -> str:
    return "once" if count == 1 else "twice" if count == 2 else f"{count} times"


def _surplus(marks: list[Mark], keys: list[str], others: list[str]) -> list[Mark]:
    left = Counter(others)
    surplus = []
    for mark, key in zip(marks, keys, strict=True):
        if left[key]:
            left[key] -= 1
        else:
            surplus.append(mark)
    return surplus
