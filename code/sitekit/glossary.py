"""The glossary: one YAML of terms in four languages, links to it, and its page.

A page writes `[[loss-masking|mascaramento]]`; the reader gets a link to the entry whose tooltip is the
definition. `[[loss-masking]]` shows the term itself. `docs/<lang>/glossary.md` has the line `<!--
glossary -->`, which becomes every entry in the language's own order.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from html import escape
from pathlib import Path

import yaml

from sitekit.languages import COMPLETE, REFERENCE
from sitekit.settings import LANGUAGES, LOADER, Problem
from sitekit.words import word

TERM = re.compile(r"\[\[(?P<id>[^\]|\[\n]+?)(?:\|(?P<words>[^\]\n]+?))?\]\]")
GLOSSARY_MARK = "<!-- glossary -->"
_ID = re.compile(r"^[a-z0-9]+(?:-[a-z0-9]+)*$")


class Glossary:
    """Terms by id, each with `term`, `text` and maybe `also` per language."""

    def __init__(self, entries: list[dict]) -> None:
        self.entries = {entry["id"]: entry for entry in entries}

    def words(self, term_id: str, lang: str) -> dict:
        """A term's words; the English ones where a language under way lacks them."""
        entry = self.entries[term_id]
        return entry.get(lang) or entry[REFERENCE]

    @classmethod
    def load(cls, path: Path, where: str | None = None, languages: Sequence[str] = COMPLETE) -> Glossary:
        """Reads glossary.yml and checks it for `languages`; a missing file is an empty glossary.

        Raises:
            Problem: entries without id, term or text in a language, or with an id used twice.
        """
        if not path.is_file():
            return cls([])
        where = where or path.name
        text = path.read_text(encoding="utf-8")
        try:
            entries = yaml.load(text, Loader=LOADER) or []
        except yaml.YAMLError as error:
            reason = " ".join(str(error).split())
            raise Problem(
                [f"{where}: found YAML that does not parse ({reason}); expected a list of terms"]
            ) from error
        findings = check_entries(entries, where, languages)
        if findings:
            raise Problem(findings)
        return cls(entries)

    def definition(self, term_id: str, lang: str) -> str:
        """A term's definition as plain text, for a tooltip."""
        return plain(self.words(term_id, lang)["text"])

    def markdown(self, lang: str) -> str:
        """Every entry as Markdown, in the order a reader of `lang` looks terms up."""
        ordered = sorted(self.entries.values(), key=lambda entry: sort_key(entry, lang))
        return "\n\n".join(self._entry(entry, lang) for entry in ordered)

    def _entry(self, entry: dict, lang: str) -> str:
        words = self.words(entry["id"], lang)
        others = " · ".join(
            f'<span lang="{other}">{escape(entry[other]["term"])}</span>'
            for other in LANGUAGES
            if other != lang and entry.get(other)
        )
        lines = [f"### {words['term']} {{#{entry['id']}}}", "", words["text"].strip()]
        if also := words.get("also"):
            separator = "、" if lang == "zh" else ", "
            colon = "：" if lang == "zh" else ": "
            lines += ["", f"*{word('also-called', lang)}{colon}{separator.join(also)}*{{ .term-also }}"]
        lines += ["", f'<p class="term-languages">{others}</p>']
        return "\n".join(lines)


def check_entries(entries: object, where: str, languages: Sequence[str] = COMPLETE) -> list[str]:
    """All faults of a glossary's entries.

    >>> check_entries([{"id": "Loss", "en": {"term": "loss", "text": "x"}}], "g.yml")[0]
    "g.yml: entry 1: found id 'Loss'; expected lower-case words joined by hyphens"
    """
    if not isinstance(entries, list):
        return [f"{where}: found {type(entries).__name__}; expected a list of terms"]
    findings = []
    seen: dict[str, int] = {}
    for number, entry in enumerate(entries, start=1):
        if not isinstance(entry, dict):
            findings.append(f"{where}: entry {number}: found {type(entry).__name__}; expected a mapping")
            continue
        term_id = str(entry.get("id"))
        if not _ID.match(term_id):
            findings.append(
                f"{where}: entry {number}: found id {term_id!r}; expected lower-case words joined by hyphens"
            )
        if term_id in seen:
            findings.append(
                f"{where}: entry {number}: found id {term_id!r} again;"
                f" expected it once (entry {seen[term_id]})"
            )
        seen.setdefault(term_id, number)
        for lang in languages:
            words = entry.get(lang)
            for key in ("term", "text"):
                if (
                    not isinstance(words, dict)
                    or not isinstance(words.get(key), str)
                    or not words[key].strip()
                ):
                    findings.append(f"{where}: {term_id}: found no {lang} {key}; expected one")
            if isinstance(words, dict) and not isinstance(words.get("also", []), list):
                findings.append(f"{where}: {term_id}: found {lang} also {words['also']!r}; expected a list")
    return findings


def fold(text: str) -> str:
    """Lower case without accents; Chinese is left as it is.

    >>> fold("Máscara de Atenção")
    'mascara de atencao'
    """
    decomposed = unicodedata.normalize("NFD", text.casefold())
    return unicodedata.normalize("NFC", "".join(c for c in decomposed if not unicodedata.combining(c)))


def sort_key(entry: dict, lang: str) -> tuple[str, str]:
    """Alphabetical without accents; Chinese terms follow the English ones, as no pinyin is at hand."""
    return fold((lang != "zh" and entry.get(lang) or entry[REFERENCE])["term"]), entry["id"]


def plain(markdown: str) -> str:
    """Markdown's words alone, on one line.

    >>> plain("A **mask** over `labels`, see [loss](x.md) and [[sft|SFT]].")
    'A mask over labels, see loss and SFT.'
    """
    text = TERM.sub(lambda match: match["words"] or match["id"], markdown)
    text = re.sub(r"!?\[([^\]]*)\]\([^)]*\)", r"\1", text)
    text = re.sub(r"\*{1,2}|`|<[^>\n]+>", "", text)
    return " ".join(text.split())
