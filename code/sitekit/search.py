"""One search index per language.

static-i18n leaves a single index for all languages, cut into words by the default language's rules: 监督微调
finds nothing, a query in Portuguese returns Spanish pages. Here it is split by the language's address.
Material loads `search/search_index.json` relative to the page's `base`, which our `main.html` sets to
the language's root.

No stemmers: Material appends `*` to each term, and lunr does not stem a term with a wildcard, so a
stemmed index makes `máscara` find less. Accents: a field `fold` carries the accent-stripped forms of a
section's accented words, and `fold_title` those of its title, so `mascara` finds `máscara` as high up as
the accented word does, without a line of script.

Ranking: the section that explains a term stands under the term's own anchor (`masks/#loss-masking`), and
is found by the glossary's words for it whatever its heading says. Glossary entries count less than
lessons, and a short entry more than a long one, so that `token` meets "token" before "tokenizer".
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
_SIGNS = r"[\s\u200b\-,.:;!?¡¿=\[\]()\"'/<>“”‘’«»…—]"
# Material looks for the beginnings of words: `de` would find `decodificação` and put it above what was meant.
LITTLE_WORDS = {
    "en": "a an and in is of or the to",
    "es": "a al con de del e el en es la las lo los o para por que se un una y",
    "pt": "a ao as com da das de do dos e em na nas no nos o os ou para por que se um uma",
}


def separator(lang: str) -> str:
    """The regular expression, in JavaScript's language, that cuts text and queries into words.

    >>> re.split(separator("pt"), "máscara de perda")
    ['máscara', '', 'perda']
    """
    if lang in SEPARATORS:
        return SEPARATORS[lang]
    words = LITTLE_WORDS.get(lang, "").replace(" ", "|")
    return f"(?:^|{_SIGNS}+)(?:{words})(?={_SIGNS}|$)|{_SIGNS}+" if words else f"{_SIGNS}+"


TITLE_BOOST = {"boost": 1000.0}
"""What Material gives a title."""
GLOSSARY = "glossary/"
NOTEBOOKS = "notebooks/"


def entry_weight(title: str) -> float:
    """What a glossary entry counts beside a section of a lesson: less than 1, and less the longer it is.

    >>> entry_weight("token") > entry_weight("tokenizer") > entry_weight("end-of-turn token")
    True
    """
    length = len(_TAG.sub("", title).replace("\u200b", ""))
    return round(0.9 / (1 + length / 4), 4)


def rank(docs: list[dict]) -> None:
    """Gives one language's sections their weights and the terms that they explain, in place.

    >>> docs = [{"location": "glossary/#ignore-index", "title": "ignore index"},
    ...         {"location": "masks/#ignore-index", "title": "Minus one hundred"}]
    >>> rank(docs)
    >>> docs[1]["term"], docs[0]["boost"] < 1
    ('ignore index', True)
    """
    entries = {
        doc["location"].removeprefix(f"{GLOSSARY}#"): doc["title"]
        for doc in docs
        if doc["location"].startswith(f"{GLOSSARY}#")
    }
    for doc in docs:
        page, _, anchor = doc["location"].partition("#")
        if page == GLOSSARY and anchor:
            doc["boost"] = entry_weight(doc["title"])
        elif anchor in entries and not page.startswith(NOTEBOOKS):
            doc["term"] = entries[anchor]


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
        config.update(lang=["en"], pipeline=[], separator=separator(lang))
        config["fields"] = {**config.get("fields", {}), "fold_title": TITLE_BOOST, "term": TITLE_BOOST}
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
        if folded := fold_field(doc["title"]):
            entry["fold_title"] = folded
        parts[lang]["docs"].append(entry)
    for part in parts.values():
        rank(part["docs"])
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
