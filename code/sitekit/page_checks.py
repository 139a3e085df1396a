"""What one page must keep by itself: ids, known terms, its own language, links."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from urllib.parse import unquote

from sitekit.findings import Finding, shorten
from sitekit.identify import left_in
from sitekit.languages import COMPLETE, NAMES, REFERENCE
from sitekit.links import Target, github_slug, target
from sitekit.sections import Page, Section
from sitekit.term_words import resembles
from sitekit.wordlists import Terms


def check_page(
    page: Page,
    reference: Page | None,
    *,
    root: Path,
    anchored: bool,
    terms: Terms | None = None,
    site_url: str = "",
) -> list[Finding]:
    """Findings of one page; `reference` is its English counterpart, named in them where it helps.

    `anchored` pages (docs) need `{#id}` on each heading from level 2; the others (READMEs) are read
    on GitHub, so their relative links must name files and headings that exist. `terms` are the
    glossary's, None where there is no glossary.
    """
    found = [Finding(page.path, line, *what) for line, *what in page.faults]

    def add(kind: str, line: int, seen: str, expected: str, section: Section | None = None) -> None:
        other = _counterpart(section, page, reference) if section and reference else None
        place = ("", 0)
        if section and other and reference:
            place = (reference.path, _same_place(section, other, line))
        found.append(Finding(page.path, line, kind, seen, expected, *place))

    if anchored:
        _headings(page, reference, add)
    for section in page.sections:
        for mark in section.of("term"):
            if terms is not None and mark.value not in terms:
                seen = f"unknown term [[{mark.value}]]"
                add("term", mark.line, seen, "an id of docs/assets/glossary.yml")
            elif terms is not None and page.lang in terms[mark.value]:
                own = tuple(filter(None, terms[mark.value][page.lang]))
                if own and not resembles(mark.note, (*own, *terms[mark.value].get(REFERENCE, ()))):
                    seen = f"[[{mark.value}|{mark.note}]]"
                    add("term", mark.line, seen, f"words for {own[0]!r}, or these under its `also`", section)
        for unit in section.units:
            left = left_in(unit.running, page.lang)
            if left and left[0] != unit.allowed:
                line = unit.line + unit.running.count("\n", 0, left[1])
                seen = f"{unit.kind} in {NAMES[left[0]]} ({shorten(unit.text[left[1] :], 40)!r})"
                add("language", line, seen, NAMES[page.lang], section)
        _links(page, section, root, anchored, site_url, add)
    return found


def language_bars(page: Page, section: Section, site_url: str = "") -> dict[str, set[str]]:
    """Links by which a README offers itself in other languages: comparable target -> languages.

    A target counts where a section leads to it in two other languages at least.
    """
    reached: dict[str, set[str]] = {}
    for mark in section.of("link"):
        to = target(mark.value, page.path, page.lang, site_url)
        if to.language and "{lang}" in to.value:
            reached.setdefault(to.value, set()).add(to.language)
    return {value: codes for value, codes in reached.items() if len(codes - {page.lang}) >= 2}


def _counterpart(section: Section, page: Page, reference: Page) -> Section | None:
    if section.id:
        return next((other for other in reference.sections if other.id == section.id), None)
    place = page.sections.index(section)
    return reference.sections[place] if place < len(reference.sections) else None


def _same_place(section: Section, other: Section, line: int) -> int:
    """The line of the reference's unit at the same place, or its heading where shapes differ."""
    if [unit.kind for unit in section.units] != [unit.kind for unit in other.units]:
        return other.line
    pairs = zip(section.units, other.units, strict=True)
    return max((b.line for a, b in pairs if a.line <= line), default=other.line)


def _headings(page: Page, reference: Page | None, add) -> None:
    seen: dict[str, int] = {}
    for section in page.sections[1:]:
        # where there is a reference, the comparison says which id was expected
        if section.level > 1 and not section.id and reference is None:
            add("id", section.line, "a heading without an id", "an explicit {#id}")
        if section.level == 1 and section.id:
            add("id", section.line, f"{{#{section.id}}} on the title", "a title without an id")
        if section.id in seen:
            expected = f"it once (line {seen[section.id]})"
            add("id", section.line, f"{{#{section.id}}} again", expected)
        if section.id:
            seen.setdefault(section.id, section.line)


def _links(page: Page, section: Section, root: Path, anchored: bool, site_url: str, add) -> None:
    bars = {} if anchored else language_bars(page, section, site_url)
    for value, codes in bars.items():
        missing = [code for code in COMPLETE if code not in codes | {page.lang}]
        if missing:
            add("link", section.line, f"no link to {value} in {', '.join(missing)}", "all four")
    slugs = Counter() if anchored else Counter(github_slug(part.title) for part in page.sections[1:])
    for mark in section.of("link", "figure"):
        to = target(mark.value, page.path, page.lang, site_url)
        if to.language and to.language != page.lang and to.value not in bars:
            seen = f"{mark.kind} {mark.value} into the {NAMES[to.language]} pages"
            add("link", mark.line, seen, f"one into the {NAMES[page.lang]} pages", section)
        elif not anchored:
            _reaches(mark, to, root, slugs, add)


def _reaches(mark, to: Target, root: Path, slugs: Counter[str], add) -> None:
    if to.file and not to.file.startswith("..") and not (root / unquote(to.file)).exists():
        add("link", mark.line, f"{mark.kind} {mark.value}", "a file that exists")
    elif mark.value.startswith("#") and unquote(mark.value[1:]) not in slugs:
        add("link", mark.line, f"link {mark.value}", "a heading of this page")
