"""The whole course as the checks read it: which files there are, in which languages, and what differs."""

from __future__ import annotations

import functools
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

from sitekit.compare import Context, compare_pages
from sitekit.findings import CannotReadError, Finding
from sitekit.languages import COMPLETE, LANGUAGES, NAMES, REFERENCE
from sitekit.links import target
from sitekit.page_checks import check_page, language_bars
from sitekit.passages import Passages
from sitekit.reading import parse_page
from sitekit.sections import Page, read_text
from sitekit.to_do import is_to_do
from sitekit.wordlists import Terms, check_figure, check_glossary, check_site, check_words, read_yaml

GLOSSARY = "docs/assets/glossary.yml"
SITE = "mkdocs.yml"
FIGURES = "docs/assets/figures/*.words.yml"
WORDS = (
    "code/sitekit/words.yml",
    "code/sintonia/words/*.yml",
    "code/sintonia/exercises/*/exercise.yml",
    "code/playground/*.yml",
)
# Paths with {} for ".pt", "" in English; and whether a lone English file is a fault.
CARDS = (
    ("README{}.md", True),
    ("CONTRIBUTING{}.md", False),
    ("code/sintonia/data/README{}.md", True),
)
IGNORED = (".ipynb", ".pyc")


@dataclass(frozen=True)
class Group:
    """One page in its languages: its name, and language -> path in the repository."""

    name: str
    paths: dict[str, str]
    anchored: bool


@dataclass
class Course:
    """What a reading of the tree found: the differences, the passages, and what is not there yet.

    `groups` names every page; `titles` (page, language) -> its title; `to_do` and `missing` are (page,
    language).
    """

    root: Path
    findings: list[Finding] = field(default_factory=list)
    passages: Passages = field(default_factory=Passages)
    groups: list[str] = field(default_factory=list)
    titles: dict[tuple[str, str], str] = field(default_factory=dict)
    to_do: set[tuple[str, str]] = field(default_factory=set)
    missing: set[tuple[str, str]] = field(default_factory=set)
    pages: int = 0
    sections: int = 0
    words: int = 0


def read_course(root: Path, compare: bool = True) -> Course:
    """Reads the tree at `root` and notes every difference between the languages (unless not `compare`).

    Raises CannotReadError, carrying every unreadable file, where a language's tree is missing, a
    page is not UTF-8 or a word list is not YAML.
    """
    faults = _missing_trees(root)
    if faults:
        raise CannotReadError(faults)
    course = Course(root)
    terms: Terms | None = None
    site_url = ""

    def guarded(work, *arguments):
        try:
            return work(*arguments)
        except CannotReadError as error:
            faults.extend(error.faults)
            return None

    if (root / GLOSSARY).exists():
        found, terms = guarded(check_glossary, root, GLOSSARY) or ([], None)
        course.findings += found
        guarded(_note_words, course, GLOSSARY)
    for shown, work in _word_lists(root):
        course.findings += guarded(work, root, shown) or []
        guarded(_note_words, course, shown)
    if (root / SITE).exists():
        found, site_url = guarded(check_site, root, SITE) or ([], "")
        course.findings += found
        guarded(_note_words, course, SITE)
        course.words -= 1
    for group in [*_docs(course), *_cards(course)]:
        pages = {lang: guarded(_page, course, group, lang) for lang in group.paths}
        read = {lang: page for lang, page in pages.items() if page}
        if read:
            course.groups.append(group.name)
            for lang, page in read.items():
                course.titles[group.name, lang] = page.title
            course.passages.add_pages(group.name, read)
            if compare:
                _check_group(course, read, group, terms, site_url)
    if faults:
        raise CannotReadError(list(dict.fromkeys(faults)))
    course.findings = sorted(set(course.findings))
    return course


def _missing_trees(root: Path) -> list[str]:
    if not (root / "docs").is_dir():
        return [f"{root}: found no folder docs; expected docs/{REFERENCE} and the other languages; "
                "give the repository's folder by --root"]  # fmt: skip
    return [
        f"docs/{lang}: found no folder; expected the {NAMES[lang]} pages; add the folder"
        for lang in COMPLETE
        if not (root / "docs" / lang).is_dir()
    ]


def _word_lists(root: Path) -> Iterator[tuple[str, object]]:
    for path in sorted(root.glob(FIGURES)):
        yield path.relative_to(root).as_posix(), check_figure
    for pattern in WORDS:
        for path in sorted(root.glob(pattern)):
            yield path.relative_to(root).as_posix(), check_words


def _note_words(course: Course, shown: str) -> None:
    course.words += 1
    course.passages.add_words(shown, read_yaml(course.root / shown, shown))


def _page(course: Course, group: Group, lang: str) -> Page | None:
    """A page of a group, or None where it waits to be translated."""
    path = group.paths[lang]
    text = read_text(course.root / path, path)
    if lang not in COMPLETE and is_to_do(text):
        course.to_do.add((group.name, lang))
        return None
    return _parsed(text, path, lang)


@functools.lru_cache(maxsize=512)  # while a site is served, most pages stay as they are
def _parsed(text: str, path: str, lang: str) -> Page:
    return parse_page(text.splitlines(), path, lang)


def _docs(course: Course) -> list[Group]:
    """Groups of the docs trees by relative path; a file that a language lacks is a finding."""
    trees: dict[str, set[str]] = {}
    for lang in LANGUAGES:
        tree = course.root / "docs" / lang
        names = (path.relative_to(tree) for path in tree.rglob("*") if path.is_file())
        trees[lang] = {
            name.as_posix()
            for name in names
            if name.suffix not in IGNORED and not any(part.startswith(".") for part in name.parts)
        }
    groups = []
    for name in sorted(set().union(*trees.values())):
        paths = {lang: f"docs/{lang}/{name}" for lang in LANGUAGES if name in trees[lang]}
        _absent(course, name, paths, {lang: f"docs/{lang}/{name}" for lang in LANGUAGES})
        if name.endswith(".md"):
            groups.append(Group(name, paths, True))
    return groups


def _cards(course: Course) -> list[Group]:
    groups = []
    for pattern, required in CARDS:
        wanted = {lang: pattern.format("" if lang == REFERENCE else f".{lang}") for lang in LANGUAGES}
        paths = {lang: path for lang, path in wanted.items() if (course.root / path).is_file()}
        if not paths or (not required and list(paths) == [REFERENCE]):
            continue
        name = pattern.format("")
        _absent(course, name, paths, wanted)
        groups.append(Group(name, paths, False))
    return groups


def _absent(course: Course, name: str, paths: dict[str, str], wanted: dict[str, str]) -> None:
    known = next(iter(paths.values()))
    for lang in LANGUAGES:
        if lang in paths:
            continue
        if lang not in COMPLETE:
            course.to_do.add((name, lang))
        else:
            course.missing.add((name, lang))
            expected = f"the {NAMES[lang]} one"
            course.findings.append(Finding(wanted[lang], 1, "page", "no such file", expected, known, 1))


def _check_group(
    course: Course, pages: dict[str, Page], group: Group, terms: Terms | None, site_url: str
) -> None:
    lead, *others = pages.values()
    context = Context(group.anchored, site_url)
    for page in pages.values():
        course.pages += 1
        course.sections += len(page.sections) - 1
        course.findings += check_page(
            page,
            None if page is lead else lead,
            root=course.root,
            anchored=group.anchored,
            terms=terms,
            site_url=site_url,
        )
    if not group.anchored:
        lead, *others = [_without_bars(page, site_url) for page in pages.values()]
    for page in others:
        course.findings += compare_pages(lead, page, context)


def _without_bars(page: Page, site_url: str) -> Page:
    """The page without its links to itself in other languages, of which each names others."""
    sections = []
    for section in page.sections:
        bars = language_bars(page, section, site_url)
        kept = [
            mark
            for mark in section.marks
            if mark.kind != "link" or target(mark.value, page.path, page.lang, site_url).value not in bars
        ]
        sections.append(replace(section, marks=kept))
    return replace(page, sections=sections)
