"""Every text that a reader sees, one stretch at a time, with the line it begins on.

Pages and notebook prose, READMEs and data cards, and the words kept in YAML: glossary, figures, the
doctor's catalogue, exercises, the site's titles. Code, addresses, formulas and marks are blanked, so that
what is left is prose and every offset still counts.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import yaml

from sitekit.findings import CannotReadError
from sitekit.inline import one_word_each, scan
from sitekit.languages import COMPLETE, LANGUAGES, REFERENCE, without_quotations
from sitekit.reading import read_page, read_text
from sitekit.wordlists import entries, read_yaml

CARDS = ("README{}.md", "CONTRIBUTING{}.md", "code/sintonia/data/README{}.md")
WORD_FILES = (
    "docs/assets/glossary.yml",
    "docs/assets/figures/*.words.yml",
    "code/sitekit/words.yml",
    "code/sintonia/words/*.yml",
    "code/sintonia/exercises/*/exercise.yml",
)
SITE = "mkdocs.yml"

_FIELD = re.compile(r"\{\{?[\w.-]+(?::[\w-]+)?\}?\}")  # filled in later: {count:rows}, {{key}}


@dataclass(frozen=True)
class Stretch:
    """A paragraph, item, cell, title or YAML text.

    `prose` is `text` with everything but words blanked; `own` also lacks quotations and link texts,
    which may stand in another language. `lines` are the source lines of a YAML text, whose line breaks
    are not those of `text`.
    """

    path: str
    lang: str
    line: int
    kind: str
    text: str
    prose: str
    own: str
    lines: tuple[str, ...] = ()

    def line_of(self, offset: int, word: str = "") -> int:
        """The line of an offset of `prose`; in YAML the first line that holds `word`."""
        if self.lines:
            found = (at for at, line in enumerate(self.lines) if word and word in line)
            return self.line + next(found, 0)
        return self.line + self.text.count("\n", 0, offset)

    def spoken(self, field: str = "x") -> str:
        """`prose` with each piece of code, formula and field kept, as one word of the same length.

        >>> page_text = Stretch("masks.md", "en", 1, "paragraph", "Set `a. b` to {n}.", "", "")
        >>> page_text.spoken()
        'Set xxxxxx to xxx.'
        """
        filled = _FIELD.sub(lambda match: field * len(match.group()), one_word_each(self.text))
        return scan(filled, 1).prose


def texts(root: Path) -> list[Stretch]:
    """Every stretch of the tree at `root`. Raises CannotReadError, carrying every unreadable file."""
    found: list[Stretch] = []
    faults: list[str] = []

    def read(work: Callable[..., Iterator[Stretch]], path: Path, *lang: str) -> None:
        try:
            found.extend(work(path, path.relative_to(root).as_posix(), *lang))
        except CannotReadError as error:
            faults.extend(error.faults)

    for lang in COMPLETE:
        for path in sorted((root / "docs" / lang).rglob("*.md")):
            read(page_texts, path, lang)
        for pattern in CARDS:
            path = root / pattern.format("" if lang == REFERENCE else f".{lang}")
            if path.is_file():
                read(page_texts, path, lang)
    for pattern in (*WORD_FILES, SITE):
        for path in sorted(root.glob(pattern)):
            read(yaml_texts, path)
    if faults:
        raise CannotReadError(faults)
    return found


def page_texts(path: Path, shown: str, lang: str) -> Iterator[Stretch]:
    """The stretches of one Markdown file, its front matter's title and description included."""
    page = read_page(path, shown, lang)
    for key in ("title", "description"):
        if key in page.front:
            line, value = page.front[key]
            yield Stretch(shown, lang, line, "title", value, value, without_quotations(value))
    for section in page.sections:
        for unit in section.units:
            speech = unit.allowed or lang
            own = without_quotations(unit.running)
            yield Stretch(shown, speech, unit.line, unit.kind, unit.text, unit.prose, own)


def yaml_texts(path: Path, shown: str) -> Iterator[Stretch]:
    """The stretches of a YAML file: whatever stands under a key that names a language.

    In mkdocs.yml a language names itself by `locale` and translates titles in `nav_translations`.
    """
    source = tuple(read_text(path, shown).splitlines())

    def scalars(node: yaml.Node, lang: str, kind: str) -> Iterator[Stretch]:
        if isinstance(node, yaml.ScalarNode):
            start, end = node.start_mark.line, node.end_mark.line + 1
            shape = _FIELD.sub(lambda match: "0" * len(match.group()), node.value)
            got = scan(shape, 1)
            lines, own = source[start:end], without_quotations(got.running)
            yield Stretch(shown, lang, start + 1, kind, node.value, got.prose, own, lines)
        elif isinstance(node, yaml.SequenceNode):
            for item in node.value:
                yield from scalars(item, lang, kind)
        else:
            for key, (_, value) in entries(node).items():
                yield from scalars(value, lang, key)

    def walk(node: yaml.Node | None) -> Iterator[Stretch]:
        if isinstance(node, yaml.SequenceNode):
            for item in node.value:
                yield from walk(item)
        found = entries(node)
        locale, titles = found.get("locale"), found.get("nav_translations")
        if locale and titles and locale[1].value in LANGUAGES:
            yield from scalars(titles[1], locale[1].value, "title")
        for key, (_, value) in found.items():
            speaks = key in LANGUAGES and not entries(value).keys() & set(LANGUAGES)
            yield from scalars(value, key, "text") if speaks else walk(value)

    yield from walk(read_yaml(path, shown))  # a key such as `pt` may also name what four languages name
