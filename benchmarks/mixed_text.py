"""Conversations for the benchmarks: real sentences of four languages, and the long tail that real text has.

The sentences are those of the course's pages and data. Into them go words that come once and never again,
numbers and names, because a benchmark over a small vocabulary would flatter everything that caches.
"""

from __future__ import annotations

import json
import random
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
LANGUAGES = ("pt", "es", "zh", "en")
_SYLLABLES = ("ba", "ce", "di", "fo", "gu", "lha", "mar", "ren", "ste", "tor", "vi", "zan", "pre", "qui")
_SYLLABLES += ("kho", "ndo", "wi", "rau", "á", "ção", "ñe", "ió", "úl")


def course_rows() -> list[dict[str, Any]]:
    """The course's own rows, in every split and language."""
    files = sorted((ROOT / "code" / "sintonia" / "data").glob("*/*.jsonl"))
    rows = [json.loads(line) for file in files for line in file.read_text("utf-8").splitlines()]
    return [{"messages": row["messages"]} for row in rows]


def sentences(lang: str) -> list[str]:
    """Every sentence of a language's pages, code left out."""
    text = "\n".join(file.read_text("utf-8") for file in sorted((ROOT / "docs" / lang).glob("*.md")))
    text = re.sub(r"```.*?```", "", text, flags=re.DOTALL)
    ends = r"(?<=[。！？\n])" if lang == "zh" else r"(?<=[.!?\n])\s"
    return [part.strip() for part in re.split(ends, text) if len(part.strip()) > 8]


def mixed_rows(count: int, seed: int = 0, scale: float = 1.0) -> Iterator[dict[str, Any]]:
    """So many conversations of one to three exchanges, their languages in turn.

    Args:
        scale: 1.0 makes rows of about 1,100 tokens of SmolLM2 in the mean.
    """
    draw = random.Random(seed)
    known = {lang: sentences(lang) for lang in LANGUAGES}
    for number in range(count):
        lang = LANGUAGES[number % len(LANGUAGES)]
        messages = []
        for _ in range(draw.choice((1, 2, 3))):
            for role, least, most in (("user", 50, 600), ("assistant", 100, 2000)):
                # A Chinese character says as much as three or four letters, and costs as many tokens.
                size = draw.randint(least, most) * scale / (3 if lang == "zh" else 1)
                messages.append({"role": role, "content": _text(draw, known[lang], lang, size)})
        yield {"messages": messages}


def _text(draw: random.Random, known: list[str], lang: str, size: float) -> str:
    between = "" if lang == "zh" else " "
    parts: list[str] = []
    length = 0
    while length < size:
        words = list(draw.choice(known)) if lang == "zh" else draw.choice(known).split(" ")
        for place in range(len(words)):
            chance = draw.random()
            if chance < 0.04:  # a word or a character that hardly comes again
                words[place] = chr(draw.randint(0x4E00, 0x8FFF)) if lang == "zh" else _word(draw)
            elif chance < 0.055:
                words[place] = str(draw.randint(0, 10 ** draw.randint(1, 6)))
            elif chance < 0.07:
                words[place] = _word(draw).title()
        parts.append(between.join(words))
        length += len(parts[-1])
    return between.join(parts).strip() or "?"


def _word(draw: random.Random) -> str:
    return "".join(draw.choice(_SYLLABLES) for _ in range(draw.randint(2, 5)))
