"""The words of the house in four languages (words.yml)."""

from __future__ import annotations

import functools
from pathlib import Path

import yaml

from sitekit.languages import COMPLETE, REFERENCE
from sitekit.settings import LOADER, Problem

WORDS = Path(__file__).with_name("words.yml")


def check_words(table: dict, path: str) -> list[str]:
    """Findings where a key lacks one of the four languages, or has an empty word.

    >>> check_words({"close": {"en": "Close", "pt": "Fechar", "es": "Cerrar"}}, "words.yml")
    ['words.yml: close: found no word for zh; expected pt, es, zh and en']
    """
    findings = []
    for key, words in table.items():
        if not isinstance(words, dict):
            findings.append(f"{path}: {key}: found {words!r}; expected a word per language")
            continue
        for lang in COMPLETE:
            if not str(words.get(lang) or "").strip():
                findings.append(f"{path}: {key}: found no word for {lang}; expected pt, es, zh and en")
    return findings


@functools.cache
def load_words() -> dict[str, dict[str, str]]:
    """words.yml as `{key: {language: word}}`.

    Raises:
        Problem: a key lacks a language.
    """
    table = yaml.load(WORDS.read_text(encoding="utf-8"), Loader=LOADER)
    findings = check_words(table, "code/sitekit/words.yml")
    if findings:
        raise Problem(findings)
    return table


def word(key: str, lang: str) -> str:
    """One word of the house; in English where a language under way lacks it.

    >>> word("open-in-colab", "pt")
    'Abrir no Colab'
    """
    words = load_words()[key]
    return words.get(lang) or words[REFERENCE]
