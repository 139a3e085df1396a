"""Holds the four languages in step: `python -m sitekit.parity [--root DIR] [--json]`.

Reads the pages and notebook prose of docs/{en,pt,es,zh}, the READMEs, the data cards, the glossary,
the figures' words, the house's words and the site's titles, and says every difference at once as
`docs/zh/masks.md:42: found X, expected Y (docs/en/masks.md:40)`. English is what the others are
read against; where it lacks a page that another language has, it is English that is told.

Exit 0: in step, one line of counts. 1: findings. 2: could not read (which file, which line).
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from sitekit.compare import Context, compare_pages
from sitekit.findings import CannotReadError, Finding
from sitekit.languages import LANGUAGES, NAMES, REFERENCE
from sitekit.links import target
from sitekit.page_checks import check_page, language_bars
from sitekit.reading import Page, read_page
from sitekit.wordlists import check_figure, check_glossary, check_site, check_words

GLOSSARY = "docs/assets/glossary.yml"
FIGURES = "docs/assets/figures"
WORDS = "code/sitekit/words.yml"
SITE = "mkdocs.yml"
# Paths with {} for ".pt", "" in English; and whether a lone English file is a fault.
CARDS = (
    ("README{}.md", True),
    ("CONTRIBUTING{}.md", False),
    ("code/sintonia/data/README{}.md", True),
)
IGNORED = (".ipynb", ".pyc")


@dataclass
class Report:
    """What a run found: findings in order, and how much was read."""

    findings: list[Finding] = field(default_factory=list)
    pages: int = 0
    sections: int = 0
    words: int = 0

    def as_dict(self) -> dict[str, object]:
        """The report as JSON-ready keys."""
        return {
            "status": "findings" if self.findings else "in step",
            "languages": list(LANGUAGES),
            "pages": self.pages,
            "sections": self.sections,
            "word_lists": self.words,
            "findings": [finding.as_dict() for finding in self.findings],
        }


@dataclass(frozen=True)
class Group:
    """One page in its languages: language -> path in the repository."""

    paths: dict[str, str]
    anchored: bool


def check(root: Path) -> Report:
    """Reads the tree at `root` and reports every difference between the languages.

    Raises CannotReadError, carrying every unreadable file, where a language's tree is missing, a
    page is not UTF-8 or a word list is not YAML.
    """
    faults = _missing_trees(root)
    report = Report()
    if faults:
        raise CannotReadError(faults)
    terms: frozenset[str] | None = None
    site_url = ""

    def guarded(work, *arguments):
        try:
            return work(*arguments)
        except CannotReadError as error:
            faults.extend(error.faults)
            return None

    if (root / GLOSSARY).exists():
        found, terms = guarded(check_glossary, root, GLOSSARY) or ([], None)
        report.findings += found
        report.words += 1
    for shown, work in _word_lists(root):
        report.findings += guarded(work, root, shown) or []
        report.words += 1
    if (root / SITE).exists():
        found, site_url = guarded(check_site, root, SITE) or ([], "")
        report.findings += found
    for group in [*_docs(root, report), *_cards(root, report)]:
        pages = {lang: guarded(read_page, root / path, path, lang)
                 for lang, path in group.paths.items()}  # fmt: skip
        read = {lang: page for lang, page in pages.items() if page}
        if read:
            _check_group(read, group, root, terms, site_url, report)
    if faults:
        raise CannotReadError(faults)
    report.findings = sorted(set(report.findings))
    return report


def _missing_trees(root: Path) -> list[str]:
    if not (root / "docs").is_dir():
        return [f"{root}: found no folder docs; expected docs/{REFERENCE} and the other languages; "
                "give the repository's folder by --root"]  # fmt: skip
    return [
        f"docs/{lang}: found no folder; expected the {NAMES[lang]} pages; add the folder"
        for lang in LANGUAGES
        if not (root / "docs" / lang).is_dir()
    ]


def _word_lists(root: Path) -> Iterator[tuple[str, object]]:
    for path in sorted((root / FIGURES).glob("*.words.yml")):
        yield path.relative_to(root).as_posix(), check_figure
    if (root / WORDS).exists():
        yield WORDS, check_words


def _docs(root: Path, report: Report) -> list[Group]:
    """Groups of the docs trees by relative path; a file that a language lacks is a finding."""
    trees: dict[str, set[str]] = {}
    for lang in LANGUAGES:
        tree = root / "docs" / lang
        names = (path.relative_to(tree) for path in tree.rglob("*") if path.is_file())
        trees[lang] = {
            name.as_posix()
            for name in names
            if name.suffix not in IGNORED and not any(part.startswith(".") for part in name.parts)
        }
    groups = []
    for name in sorted(set().union(*trees.values())):
        paths = {lang: f"docs/{lang}/{name}" for lang in LANGUAGES if name in trees[lang]}
        _absent(paths, {lang: f"docs/{lang}/{name}" for lang in LANGUAGES}, report)
        if name.endswith(".md"):
            groups.append(Group(paths, True))
    return groups


def _cards(root: Path, report: Report) -> list[Group]:
    groups = []
    for pattern, required in CARDS:
        wanted = {lang: pattern.format("" if lang == REFERENCE else f".{lang}") for lang in LANGUAGES}
        paths = {lang: path for lang, path in wanted.items() if (root / path).is_file()}
        if not paths or (not required and list(paths) == [REFERENCE]):
            continue
        _absent(paths, wanted, report)
        groups.append(Group(paths, False))
    return groups


def _absent(paths: dict[str, str], wanted: dict[str, str], report: Report) -> None:
    known = next(iter(paths.values()))
    for lang in LANGUAGES:
        if lang not in paths:
            expected = f"the {NAMES[lang]} one"
            report.findings.append(Finding(wanted[lang], 1, "page", "no such file", expected, known, 1))


def _check_group(
    pages: dict[str, Page],
    group: Group,
    root: Path,
    terms: frozenset[str] | None,
    site_url: str,
    report: Report,
) -> None:
    lead, *others = pages.values()
    context = Context(group.anchored, site_url)
    for page in pages.values():
        report.pages += 1
        report.sections += len(page.sections) - 1
        report.findings += check_page(
            page,
            None if page is lead else lead,
            root=root,
            anchored=group.anchored,
            terms=terms,
            site_url=site_url,
        )
    if not group.anchored:
        for page in pages.values():
            _set_aside_bars(page, site_url)
    for page in others:
        report.findings += compare_pages(lead, page, context)


def _set_aside_bars(page: Page, site_url: str) -> None:
    """Takes links to the page's other languages out of the comparison: each page names others."""
    for section in page.sections:
        bars = language_bars(page, section, site_url)
        section.marks = [
            mark
            for mark in section.marks
            if mark.kind != "link" or target(mark.value, page.path, page.lang, site_url).value not in bars
        ]


def find_root(start: Path) -> Path:
    """The repository that `start` lies in, else the one this file lies in."""
    for folder in (start, *start.parents):
        if (folder / "docs" / REFERENCE).is_dir():
            return folder
    return Path(__file__).resolve().parents[2]


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the command; returns its exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m sitekit.parity",
        description="Says every difference between the four languages, as file:line.",
    )
    parser.add_argument("--root", type=Path, help="the repository (default: the one you are in)")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    options = parser.parse_args(arguments)
    root = (options.root or find_root(Path.cwd())).resolve()
    try:
        report = check(root)
    except CannotReadError as error:
        if options.json:
            print(json.dumps({"status": "unreadable", "errors": error.faults}, ensure_ascii=False))
        else:
            print(error, file=sys.stderr)
        return 2
    if options.json:
        print(json.dumps(report.as_dict(), ensure_ascii=False, indent=2))
    else:
        for finding in report.findings:
            print(finding)
        count = len(report.findings)
        state = f"{count} finding{'' if count == 1 else 's'}" if count else "in step"
        print(
            f"{state}: {report.pages} pages, {report.sections} sections, "
            f"{report.words} word lists, {len(LANGUAGES)} languages"
        )
    return 1 if report.findings else 0


if __name__ == "__main__":
    sys.exit(main())
