"""Passages: what the lock holds in step, each one text in several languages.

A passage is a section of a page (`masks.md#label-shift`; what stands above the first of them is `#top`), of
a README (named by its English heading), or an entry of a word list: a term, a figure's label, a message of
the doctor or of an exercise, a title of the site (`mkdocs.yml#nav_translations.Home`).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import yaml

from sitekit.checksums import checksum
from sitekit.languages import LANGUAGES, REFERENCE, UNDER_WAY
from sitekit.links import github_slug
from sitekit.sections import Page, Section
from sitekit.wordlists import entries, site_languages, site_titles

TOP = "top"
_FREE_SITE_KEYS = ("locale", "name", "default", "build", "link")


@dataclass
class Passage:
    """`sums` and `places` by language: a checksum of the text, and (file, line) where it stands."""

    name: str
    sums: dict[str, str] = field(default_factory=dict)
    places: dict[str, tuple[str, int]] = field(default_factory=dict)

    @property
    def page(self) -> str:
        """The file it is listed under: `masks.md` for `masks.md#label-shift`."""
        return self.name.partition("#")[0]

    def shown(self, lang: str) -> str:
        """The passage as findings name it, in one language: `docs/es/masks.md#label-shift`."""
        path, _ = self.places[lang]
        own = path != self.page and not self.page.startswith("docs/assets/")
        return f"{path}#{self.name.partition('#')[2]}" + ("" if own else f" ({lang})")


class Passages:
    """Every passage of a tree, by name in the order of reading."""

    def __init__(self) -> None:
        self.by_name: dict[str, Passage] = {}

    def add(self, name: str, lang: str, text: str, path: str, line: int) -> None:
        """Notes one language's text of a passage."""
        name = re.sub(r"\s+", "_", name)
        passage = self.by_name.setdefault(name, Passage(name))
        passage.sums[lang] = checksum(text)
        passage.places[lang] = (path, line)

    def add_pages(self, name: str, pages: dict[str, Page]) -> None:
        """Notes a page in its languages; one whose headings differ from English is left to parity."""
        lead = pages.get(REFERENCE) or next(iter(pages.values()))
        titles = [github_slug(section.title) for section in lead.sections[2:]]
        for lang, page in pages.items():
            for key, line, text in page_parts(page, titles):
                self.add(f"{name}#{key}", lang, text, page.path, line)

    def add_words(self, shown: str, node: yaml.Node | None) -> None:
        """Notes every entry of a word list."""
        walk: Callable = site_parts if shown == "mkdocs.yml" else word_parts
        for key, lang, line, text in walk(node):
            self.add(f"{shown}#{key}", lang, text, shown, line)


def page_parts(page: Page, titles: list[str]) -> Iterator[tuple[str, int, str]]:
    """A page's passages as (key, line, text); `titles` name sections whose headings carry no id.

    >>> from sitekit.reading import parse_page
    >>> page = parse_page(["# Masks", "", "## Signs {#signs}", "Use -100."], "masks.md", "en")
    >>> list(page_parts(page, []))
    [('top', 1, '# Masks\\n'), ('signs', 3, '## Signs {#signs}\\nUse -100.')]
    """
    starts: list[tuple[str, int]] = [(TOP, 1)]
    seen = {TOP}
    for number, section in enumerate(page.sections[2:] if _titled(page.sections) else page.sections[1:]):
        key = section.id or (titles[number] if number < len(titles) else github_slug(section.title))
        while key in seen:
            key += "-again"
        seen.add(key)
        starts.append((key, section.line))
    ends = [line for _, line in starts[1:]] + [len(page.lines) + 1]
    for (key, line), end in zip(starts, ends, strict=True):
        yield key, line, "\n".join(page.lines[line - 1 : end - 1])


def _titled(sections: list[Section]) -> bool:
    """Whether the first heading is the page's title, which belongs to what stands above."""
    return len(sections) > 1 and sections[1].level == 1


def word_parts(node: yaml.Node | None, name: str = "") -> Iterator[tuple[str, str, int, str]]:
    """A word list's passages as (key, language, line, text): one wherever languages stand as keys.

    >>> node = yaml.compose("- id: sft\\n  en: {term: SFT}\\n  pt: {term: SFT}\\n")
    >>> [(key, lang, text) for key, lang, _, text in word_parts(node)]
    [('sft', 'en', 'term: SFT'), ('sft', 'pt', 'term: SFT')]
    """
    if isinstance(node, yaml.SequenceNode):
        for number, item in enumerate(node.value, 1):
            found = entries(item)
            own = found["id"][1].value if "id" in found else f"{number}"
            yield from word_parts(item, f"{name}.{own}" if name else own)
        return
    found = entries(node)
    if REFERENCE in found:
        for lang in LANGUAGES:
            if lang in found and (text := _flat(found[lang][1])):
                yield name, lang, found[lang][0], text
        return
    for key, (_, value) in found.items():
        yield from word_parts(value, f"{name}.{key}" if name else key)


def _flat(node: yaml.Node) -> str:
    if isinstance(node, yaml.ScalarNode):
        return node.value
    if isinstance(node, yaml.SequenceNode):
        return "\n".join(f"- {_flat(item)}" for item in node.value)
    return "\n".join(f"{key}: {_flat(value)}" for key, (_, value) in entries(node).items())


def site_parts(node: yaml.Node | None) -> Iterator[tuple[str, str, int, str]]:
    """The passages of mkdocs.yml: titles of the navigation and of boxes, and each language's own words."""
    top = entries(node)
    titles = dict(site_titles(top["nav"][1])) if "nav" in top else {}
    for title, line in titles.items():
        yield f"nav_translations.{title}", REFERENCE, line, title
    languages = site_languages(node)
    english = {key: _flat(value) for key, (_, value) in languages.get(REFERENCE, (0, {}))[1].items()}
    for lang, (_, found) in languages.items():
        for key, (line, value) in found.items():
            if key in ("nav_translations", "admonition_translations"):
                for title, (at, words) in entries(value).items():
                    if key == "nav_translations" and title not in titles:
                        continue
                    yield f"{key}.{title}", lang, at, words.value
            elif key not in _FREE_SITE_KEYS:
                text = _flat(value).replace(f"sintonia-{lang}", f"sintonia-{REFERENCE}")
                if lang not in UNDER_WAY or text != english.get(key):
                    yield key, lang, line, text
