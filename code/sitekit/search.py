"""One search index per language.

static-i18n leaves a single index for all languages, cut into words by the default language's rules: 监督微调
finds nothing, a query in Portuguese returns Spanish pages. Here it is split by the language's address.
Material loads `search/search_index.json` relative to the page's `base`, which our `main.html` sets to
the language's root.

No stemmers: Material appends `*` to each term, and lunr does not stem a term with a wildcard, so a
stemmed index makes `máscara` find less. Accents: a field `fold` carries the accent-stripped forms of a
section's accented words, so `mascara` finds `máscara` without a line of script.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterable
from pathlib import Path

from sitekit.glossary import fold

_WORD = re.compile(r"[^\W\d_]+")
_TAG = re.compile(r"<[^>]+>")

SEPARATORS = {
    # Zero-width spaces are where jieba cut at build time.
    "zh": r"[\s\u200b\u3000\-,.:!?=\[\]()\"'/<>，。、：；！？（）「」《》“”‘’…—]+",
}
DEFAULT_SEPARATOR = r"[\s\u200b\-,.:;!?¡¿=\[\]()\"'/<>“”‘’«»…—]+"


def fold_field(*texts: str) -> str:
    """Accent-stripped forms of the accented words in some HTML, each once, sorted.

    >>> fold_field("<p>Máscara e atenção: a máscara</p>")
    'atencao mascara'
    """
    words = {w.lower() for text in texts for w in _WORD.findall(_TAG.sub(" ", text))}
    return " ".join(sorted({folded for w in words if (folded := fold(w)) != w}))


def split_index(index: dict, languages: Iterable[str], default: str) -> dict[str, dict]:
    """An index of every language as one index a language, locations relative to the language's root.

    >>> docs = [{"location": "masks/", "title": "Masks", "text": ""},
    ...         {"location": "pt/masks/#a", "title": "Máscaras", "text": ""}]
    >>> parts = split_index({"config": {}, "docs": docs}, ["pt", "en"], "en")
    >>> [doc["location"] for doc in parts["pt"]["docs"]], parts["pt"]["docs"][0]["fold"]
    (['masks/#a'], 'mascaras')
    >>> [doc["location"] for doc in parts["en"]["docs"]]
    ['masks/']
    """
    languages = list(languages)
    prefixes = {lang: f"{lang}/" for lang in languages if lang != default}
    parts: dict[str, dict] = {}
    for lang in languages:
        config = dict(index["config"])
        config.update(lang=["en"], pipeline=[], separator=SEPARATORS.get(lang, DEFAULT_SEPARATOR))
        parts[lang] = {"config": config, "docs": []}
    seen: set[str] = set()
    for doc in index["docs"]:
        location = doc["location"]
        if location in seen:
            continue
        seen.add(location)
        lang = next((lang for lang, prefix in prefixes.items() if location.startswith(prefix)), default)
        if lang not in parts:
            continue
        entry = dict(doc, location=location.removeprefix(prefixes.get(lang, "")))
        if folded := fold_field(doc["title"], doc["text"]):
            entry["fold"] = folded
        parts[lang]["docs"].append(entry)
    return parts


def write_indexes(site: Path, languages: Iterable[str], default: str) -> dict[str, int]:
    """Splits `site/search/search_index.json` in place; returns the number of sections per language."""
    path = site / "search" / "search_index.json"
    index = json.loads(path.read_text(encoding="utf-8"))
    counts = {}
    for lang, part in split_index(index, languages, default).items():
        folder = site / "search" if lang == default else site / lang / "search"
        folder.mkdir(parents=True, exist_ok=True)
        temporary = folder / "search_index.json.tmp"
        temporary.write_text(json.dumps(part, ensure_ascii=False, separators=(",", ":")), encoding="utf-8")
        os.replace(temporary, folder / "search_index.json")
        counts[lang] = len(part["docs"])
    return counts
