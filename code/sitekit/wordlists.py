"""Words kept in YAML, four languages a key: glossary, figures, the house's words, titles."""

from __future__ import annotations

import functools
import re
from pathlib import Path

import yaml

from sitekit.findings import CannotReadError, Finding, shorten
from sitekit.identify import left_in
from sitekit.inline import scan
from sitekit.languages import COMPLETE, LANGUAGES, NAMES, REFERENCE
from sitekit.sections import read_text
from sitekit.settings import LOADER
from sitekit.word_texts import placeholders, text_faults

_ALLOWED = re.compile(r"#\s*lang:\s*([a-z-]+)")
_FIGURE_KEYS = ("alt", "caption")
_FREE_KEYS = ("also",)  # other names of a term: each language has its own, or none


def read_yaml(path: Path, shown: str) -> yaml.Node | None:
    """A YAML file as nodes that know their lines. Raises CannotReadError naming the bad line."""
    return parse_yaml(read_text(path, shown), shown)


@functools.lru_cache(maxsize=256)  # a list is read for its words and again for its passages
def parse_yaml(text: str, shown: str) -> yaml.Node | None:
    """A YAML text as nodes that know their lines. Raises CannotReadError naming the bad line."""
    try:
        return yaml.compose(text, Loader=LOADER)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f"{shown}:{mark.line + 1}" if mark else shown
        problem = getattr(error, "problem", None) or "unreadable text"
        fault = f"{where}: found YAML with {problem}; expected valid YAML; mend this line"
        raise CannotReadError([fault]) from error


def entries(node: yaml.Node | None) -> dict[str, tuple[int, yaml.Node]]:
    """A mapping node's keys -> (line, value); empty for anything else."""
    if not isinstance(node, yaml.MappingNode):
        return {}
    return {key.value: (key.start_mark.line + 1, value) for key, value in node.value}


class WordLists:
    """Reads one YAML file and collects its findings."""

    def __init__(self, root: Path, shown: str) -> None:
        self.shown, self.path = shown, root / shown
        self.node = read_yaml(self.path, shown)
        self.lines = read_text(self.path, shown).splitlines()
        self.findings: list[Finding] = []
        # A figure may show what a model wrote in each language: other numbers are no fault there.
        self.numbers = not shown.endswith(".words.yml")
        self.code = REFERENCE
        self.dropped: frozenset[str] = frozenset()  # fields of the reference that no translation has

    def add(self, line: int, found: str, expected: str, other: int = 0) -> None:
        path = self.shown if other else ""
        self.findings.append(Finding(self.shown, line, "words", found, expected, path, other))

    def allowed(self, line: int) -> str:
        """The language that a comment `# lang: en` on this line, or the one before, permits."""
        lines = self.lines[max(line - 2, 0) : line]
        return next((match[1] for text in reversed(lines) if (match := _ALLOWED.search(text))), "")

    def table(self, node: yaml.Node | None, name: str = "") -> None:
        """Walks down to every set of languages and checks that the four are there and alike."""
        if isinstance(node, yaml.SequenceNode):
            for number, item in enumerate(node.value, 1):
                self.table(item, f"{name}[{number}]")
        if not isinstance(node, yaml.MappingNode):
            return
        seen: dict[str, int] = {}
        for key, _ in node.value:
            line = key.start_mark.line + 1
            if key.value in seen:
                self.add(line, f"key {_at(name, key.value)} again", "it once", seen[key.value])
            seen.setdefault(key.value, line)
        found = entries(node)
        if not set(found) & set(LANGUAGES):
            for key, (_, value) in found.items():
                self.table(value, _at(name, key))
            return
        label = found["id"][1].value if "id" in found else name
        first = min(line for line, _ in found.values())
        for lang in COMPLETE:
            if lang not in found:
                known = next(code for code in LANGUAGES if code in found)
                self.add(first, f"no {lang} for {label}", f"one as in {known}", found[known][0])
        here = {lang: found[lang] for lang in LANGUAGES if lang in found}
        self.alike(label, here)

    def alike(self, name: str, words: dict[str, tuple[int, yaml.Node]]) -> None:
        """Compares what the languages say of one thing: shape, then what the words must keep."""
        code = REFERENCE if REFERENCE in words else next(iter(words))
        there, reference = words[code]
        others = [node for lang, (_, node) in words.items() if lang != code]
        if isinstance(reference, yaml.ScalarNode):
            texts = [str(node.value) for node in others if isinstance(node, yaml.ScalarNode)]
            if not reference.value.strip() and not any(text.strip() for text in texts):
                return
            kept = set().union(*map(placeholders, texts))
            lost = placeholders(reference.value) - kept if texts else set()
            self.code, self.dropped = code, frozenset(f"placeholder {{{name}}}" for name in lost)
        keys: dict[str, tuple[str, int]] = {}
        for lang, (_, node) in words.items():
            for key, (line, _) in entries(node).items():
                keys.setdefault(key, (lang, line))
        for lang, (line, node) in words.items():
            if node.id != reference.id:
                self.add(line, f"a {node.id} for {lang} {name}", f"a {reference.id}", there)
            elif isinstance(node, yaml.ScalarNode):
                if not node.value.strip() or node.tag.endswith(":null"):
                    other = 0 if lang == code else there
                    self.add(line, f"empty {lang} for {name}", "words", other)
                else:
                    self.text(name, lang, line, node.value, reference.value, there, lang == code)
            elif isinstance(node, yaml.SequenceNode) and len(node.value) != len(reference.value):
                found, expected = (f"{len(n.value)} items" for n in (node, reference))
                self.add(line, f"{found} in {lang} {name}", expected, there)
            for key, (known, known_line) in keys.items():
                mapping = isinstance(node, yaml.MappingNode)
                if mapping and key not in entries(node) and key not in _FREE_KEYS:
                    expected = f"one as in {known}"
                    self.add(line, f"no {key} in {lang} {name}", expected, known_line)
        for key in keys:
            parts = {lang: entries(node)[key] for lang, (_, node) in words.items()
                     if key in entries(node)}  # fmt: skip
            if key not in _FREE_KEYS:
                self.alike(_at(name, key), parts)
        if isinstance(reference, yaml.SequenceNode):
            for index in range(len(reference.value)):
                items = {
                    lang: (node.value[index].start_mark.line + 1, node.value[index])
                    for lang, (_, node) in words.items()
                    if isinstance(node, yaml.SequenceNode) and index < len(node.value)
                }
                self.alike(f"{name}[{index + 1}]", items)

    def text(
        self, name: str, lang: str, line: int, text: str, reference: str, there: int, first: bool
    ) -> None:
        left = left_in(scan(text, line).running, lang)
        if left and left[0] != self.allowed(line):
            found = f"{NAMES[left[0]]} words for {lang} {name} ({shorten(text, 40)!r})"
            self.add(line, found, NAMES[lang], 0 if first else there)
        if first:
            return
        for found, expected in text_faults(text, lang, reference, self.code, self.numbers):
            if found.removeprefix("no ") not in self.dropped:
                self.add(line, f"{found} in {lang} {name}", expected, there)


def _at(name: str, key: str) -> str:
    return f"{name}.{key}" if name else key


Terms = dict[str, dict[str, tuple[str, ...]]]
"""A glossary's ids -> language -> the term and its other names."""


def check_glossary(root: Path, shown: str) -> tuple[list[Finding], Terms]:
    """Findings of the glossary, and its terms: ids unique, each with term and text in each language.

    Raises CannotReadError for bad YAML, or YAML that is no list.
    """
    lists = WordLists(root, shown)
    if not isinstance(lists.node, yaml.SequenceNode):
        fault = f"{shown}:1: found no list; expected a list of terms; begin each with '- id:'"
        raise CannotReadError([fault])
    lists.table(lists.node)
    seen: dict[str, int] = {}
    terms: Terms = {}
    for item in lists.node.value:
        found, line = entries(item), item.start_mark.line + 1
        name = found["id"][1].value if "id" in found else ""
        if not re.fullmatch(r"[a-z0-9]+(?:-[a-z0-9]+)*", name):
            lists.add(line, f"id {name!r}", "lower-case words joined by hyphens")
        elif name in seen:
            lists.add(line, f"term {name} again", "it once", seen[name])
        seen.setdefault(name, line)
        terms.setdefault(name, _names(item))
        if not set(found) & set(LANGUAGES):
            lists.add(line, f"no words for {name}", "en, pt, es and zh")
        for lang in LANGUAGES:
            for key in ("term", "text"):
                if lang in found and key not in entries(found[lang][1]) and lang == REFERENCE:
                    lists.add(found[lang][0], f"no {key} in {lang} {name}", "one")
    return lists.findings, terms


def _names(item: yaml.Node) -> dict[str, tuple[str, ...]]:
    """What each language calls one entry of the glossary."""
    names = {}
    for lang, (_, node) in entries(item).items():
        found = entries(node)
        also = found["also"][1] if "also" in found else None
        others = also.value if isinstance(also, yaml.SequenceNode) else []
        terms = [found["term"][1]] if "term" in found else []
        names[lang] = tuple(str(name.value) for name in [*terms, *others])
    return names


def check_words(root: Path, shown: str) -> list[Finding]:
    """Findings of a file of words: four languages a key, none empty, alike in shape."""
    lists = WordLists(root, shown)
    lists.table(lists.node)
    return lists.findings


def check_figure(root: Path, shown: str) -> list[Finding]:
    """Findings of a figure's words, also against the placeholders of the drawing beside it."""
    lists = WordLists(root, shown)
    lists.table(lists.node)
    found = entries(lists.node)
    for key, (line, node) in found.items():
        if not set(entries(node)) & set(LANGUAGES):
            lists.add(line, f"no languages for {key}", "en, pt, es and zh")
    for key in _FIGURE_KEYS:
        if key not in found:
            lists.add(1, f"no key {key}", f"{key} in four languages")
    drawing = shown.removesuffix(".words.yml") + ".svg"
    if not (root / drawing).exists():
        lists.add(1, "words without a drawing", f"{drawing} beside them")
        return lists.findings
    used = {}
    for number, line in enumerate(read_text(root / drawing, drawing).splitlines(), 1):
        for name in re.findall(r"\{\{\s*([\w-]+)\s*\}\}", line):
            used.setdefault(name, number)
    for name, number in used.items():
        if name not in found:
            expected = f"a key of {Path(shown).name}"
            lists.findings.append(Finding(drawing, number, "words", f"{{{{{name}}}}}", expected, shown, 1))
    for key in found.keys() - used.keys() - set(_FIGURE_KEYS):
        lists.add(found[key][0], f"key {key} that the drawing lacks", f"{{{{{key}}}}} in {drawing}")
    return lists.findings


def check_site(root: Path, shown: str) -> tuple[list[Finding], str]:
    """Findings of mkdocs.yml (nav and admonition titles in every language), and the site's URL."""
    lists = WordLists(root, shown)
    top = entries(lists.node)
    url = ""
    if "site_url" in top:
        node = top["site_url"][1]
        node = node.value[-1] if isinstance(node, yaml.SequenceNode) else node
        url = node.value.rstrip("/") + "/" if node.value else ""
    languages = site_languages(lists.node)
    if not languages:
        return lists.findings, url
    for code in COMPLETE:
        if code not in languages:
            lists.add(top["plugins"][0], f"no locale {code} for i18n", "all four languages")
    default = next((c for c, (_, found) in languages.items() if "default" in found), REFERENCE)
    titles = dict(site_titles(top["nav"][1])) if "nav" in top else {}
    for key, known in (("nav_translations", titles), ("admonition_translations", {})):
        names = dict(known)
        tables = {c: entries(found[key][1]) if key in found else {} for c, (_, found)
                  in languages.items() if c != default and "nav" not in found}  # fmt: skip
        for table in tables.values():
            for name, (line, _) in table.items():
                names.setdefault(name, line)
        for code, table in tables.items():
            found = languages[code][1]
            line = found[key][0] if key in found else languages[code][0]
            for name, there in names.items():
                if name not in table and code in COMPLETE:
                    lists.add(line, f"no {code} for {name!r} in {key}", "one", there)
                elif name in table and not table[name][1].value:
                    lists.add(table[name][0], f"empty {code} for {name!r}", "words", there)
    return lists.findings, url


def site_languages(node: yaml.Node | None) -> dict[str, tuple[int, dict[str, tuple[int, yaml.Node]]]]:
    """What mkdocs.yml says of each language: code -> (line, settings)."""
    languages = {}
    top = entries(node)
    for plugin in top["plugins"][1].value if "plugins" in top else []:
        settings = entries(plugin).get("i18n")
        described = entries(settings[1]).get("languages") if settings else None
        for language in described[1].value if described else []:
            found = entries(language)
            if "locale" in found:
                languages[found["locale"][1].value] = (language.start_mark.line + 1, found)
    return languages


def site_titles(node: yaml.Node) -> list[tuple[str, int]]:
    """The titles of mkdocs.yml's navigation with their lines."""
    found = []
    for item in node.value if isinstance(node, yaml.SequenceNode) else []:
        for key, (line, value) in entries(item).items():
            found.append((key, line))
            found += site_titles(value)
    return found
