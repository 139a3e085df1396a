"""Spacing and punctuation of Chinese by AutoCorrect's rules: full-width marks, a space around Latin words.

AutoCorrect by itself passes over code, formulas and the glossary's marks; here it reads a text as it is
shown, so that a space missing beside them is found as well. `spelling/zh.txt` holds what stays as it is, a
line each: a model's own words, names that carry a hyphen.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Iterable
from pathlib import Path

from sitekit.findings import Finding
from sitekit.languages import CJK
from sitekit.reading import read_text
from sitekit.texts import Stretch

AS_IT_IS = "code/sitekit/spelling/zh.txt"
_CONTEXT = 8  # characters shown on either side of a fault
_ANY_SIGN = "某"  # stands for a field of unknown words, and for what stays as it is


def missing() -> str:
    """Why Chinese cannot be checked on this machine; empty where it can."""
    there = importlib.util.find_spec("autocorrect_py") is not None
    return "" if there else "autocorrect-py is not installed; install it with pip"


def check_typography(stretches: Iterable[Stretch], root: Path) -> list[Finding]:
    """Every place where AutoCorrect would write a Chinese text otherwise."""
    from autocorrect_py import format as corrected

    kept = read_text(root / AS_IT_IS, AS_IT_IS).splitlines()
    found = []
    for stretch in stretches:
        if stretch.lang != "zh":
            continue
        shown, offsets = visible(stretch)
        if not CJK.search(shown):  # a licence's name with a full stop is no Chinese sentence
            continue
        for words in kept:
            shown = shown.replace(words, _ANY_SIGN * len(words))
        better = corrected(shown)
        if better == shown:
            continue
        pairs = zip(shown + "\0", better + "\0", strict=False)
        place = next(at for at, (old, new) in enumerate(pairs) if old != new)
        around = slice(max(0, place - _CONTEXT), place + _CONTEXT)
        line = stretch.line_of(offsets[min(place, len(offsets) - 1)], shown[max(0, place - 3) : place])
        found.append(Finding(stretch.path, line, "typography", repr(shown[around]), repr(better[around])))
    return found


def visible(stretch: Stretch) -> tuple[str, list[int]]:
    """The text without its markup and line breaks, and each character's offset in the source.

    >>> visible(Stretch("a.md", "zh", 1, "paragraph", "用`a`的[[token|词]]", "", ""))[0]
    '用xxx的词'
    """
    spoken = stretch.spoken(_ANY_SIGN)
    kept = [
        (at, " " if sign == "\n" else sign)
        for at, (sign, raw) in enumerate(zip(spoken, stretch.text, strict=True))
        if (sign != " " or raw.isspace()) and sign != "*"
    ]
    # a browser shows a line break beside Chinese as a space; the breaks of our sources are none
    whole = [
        (at, sign)
        for index, (at, sign) in enumerate(kept)
        if stretch.text[at] != "\n" or _latin(kept, index - 1) and _latin(kept, index + 1)
    ]
    return "".join(sign for _, sign in whole), [at for at, _ in whole]


def _latin(signs: list[tuple[int, str]], index: int) -> bool:
    return 0 <= index < len(signs) and signs[index][1].isascii()
