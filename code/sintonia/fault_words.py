"""What a reader says of a bad row, in the language of the doctor's findings.

Faults are written in English where they are found. `words/faults.yml` knows the shapes of their
sentences; one that it does not know stays in English.
"""

from __future__ import annotations

import re
from functools import cache
from typing import Any

from sintonia.chat_templates import PACKAGE
from sintonia.errors import Fault

WORDS = PACKAGE / "words" / "faults.yml"
_PLACEHOLDER = re.compile(r"\{([a-z]+)\}")
_PATTERNS = {"n": r"\d+", "line": r"\d+"}  # of all other placeholders: anything


def in_words(fault: Fault, lang: str = "en") -> str:
    """A fault as one sentence, without the place.

    Example:
        >>> fault = Fault("a.jsonl:3", "role 'bot'", "system, user, assistant or tool")
        >>> in_words(fault, "es")
        "encontrado: rol 'bot'; esperado: system, user, assistant o tool"

    Explained in: doctor.md#d01
    """
    if not fault.expected:  # what a template says of a row: nothing else was expected of the row
        return translated("found", fault.found, lang)
    said = {part: translated(part, getattr(fault, part), lang) for part in ("found", "expected", "fix")}
    sentence = _words()["sentence"][lang].format_map(said)
    return f"{sentence}{'；' if lang == 'zh' else '; '}{said['fix']}" if fault.fix else sentence


def translated(part: str, text: str, lang: str) -> str:
    """A part of a fault in a language, in English where its shape is not known.

    Args:
        part: `found`, `expected` or `fix`, for which there are different shapes; or a list of words.

    Example:
        >>> translated("found", "content that is a number", "pt"), translated("found", "no comet", "pt")
        ("'content' que é um número", 'no comet')

    Explained in: doctor.md#d01
    """
    if lang == "en":
        return text
    for pattern, texts in _shapes(part):
        if match := pattern.fullmatch(text):
            words = _PLACEHOLDER.sub(lambda at, found=match: _word(at[1], found[at[1]], lang), texts[lang])
            return words.strip()
    return text


def is_known(part: str, text: str) -> bool:
    """Whether the catalogue has a shape for a part of a fault.

    Example:
        >>> is_known("fix", "save the file as UTF-8"), is_known("fix", "buy a new one")
        (True, False)

    Explained in: doctor.md#d01
    """
    return any(pattern.fullmatch(text) for pattern, _ in _shapes(part))


def _word(name: str, text: str, lang: str) -> str:
    if name not in ("kind", "why", "because"):
        return text
    words = translated(name, text, lang)
    return f" {words}" if lang == "zh" and name == "kind" and words[:1].isascii() else words


@cache
def _shapes(part: str) -> list[tuple[re.Pattern[str], dict[str, str]]]:
    return [(re.compile(_pattern(texts["en"]), re.DOTALL), texts) for texts in _words()[part]]


def _pattern(text: str) -> str:
    """A sentence as a regular expression, a group for each of its placeholders."""
    pieces = _PLACEHOLDER.split(text)
    for place, piece in enumerate(pieces):
        pieces[place] = f"(?P<{piece}>{_of(piece)})" if place % 2 else re.escape(piece)
    return "".join(pieces)


def _of(name: str) -> str:
    if name == "kind":
        return "|".join([*(re.escape(texts["en"]) for texts in _words()["kind"]), r"a \w+"])
    return _PATTERNS.get(name, ".+?")


@cache
def _words() -> dict[str, Any]:
    import yaml

    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    with WORDS.open(encoding="utf-8") as stream:
        return yaml.load(stream, Loader=loader)
