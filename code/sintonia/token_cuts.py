"""Where text may be cut before a byte-level BPE sees it: of each tokenizer that we know, as one pattern.

Cutting needs less than the tokenizer's own pattern: only places where that pattern always ends a token,
and places between letters over which no token of the vocabulary reaches.
"""

from __future__ import annotations

import json
import re
import unicodedata
from functools import cache
from typing import Any

# White space as the tokenizers' regular expressions know it; Python's \s also holds \x1c to \x1f.
SPACE = "\\t-\\r \\x85\\xa0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000"
_BLANK = SPACE.replace("\\t-\\r", "\\t\\x0b\\x0c")  # the same without line ends
# How Qwen 2 and 3 (one digit) and Llama 3 (up to three) cut text into words.
_LINES = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}DIGITS| ?[^\s\p{L}\p{N}]+[\r\n]*"
    r"|\s*[\r\n]+|\s+(?!\S)|\s+"
)
_NOBODY = "\\ud800"  # a character that stands in no text


def cut_pattern(backend: Any) -> str | None:
    """What finds the pieces of a text, as a regular expression; `None` for an unknown pre-tokenizer.

    Example:
        >>> from tokenizers import Tokenizer, models, pre_tokenizers
        >>> backend = Tokenizer(models.BPE())
        >>> backend.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
        >>> re.findall(cut_pattern(backend), "one, two  3")
        ['one', ',', ' two', ' ', ' 3']
    """
    pattern = _patterns().get(json_of(backend.pre_tokenizer).decode())
    if pattern is None:
        return None
    first, alone = _cut_letters(backend)
    return pattern.replace("FIRST", first).replace("ALONE", alone)


@cache
def _patterns() -> dict[str, str]:
    """The JSON of a pre-tokenizer -> where its text may be cut. FIRST and ALONE: see `_cut_letters`."""
    space, blank = SPACE, _BLANK
    number = _ranges(c for c in range(0x10000) if unicodedata.category(chr(c))[0] == "N")
    # A word ends before a comma, whatever the pattern: so "word," is looked up as two that are known.
    words = " ?(?:[ALONE]|[A-Za-zÀ-ÖØ-öø-ÿ]++(?=[!-/:-@\\[-`{-~]))"
    gpt2 = f"{words}| ?[^{space}][^{space}FIRST]*|[{space}]+(?![^{space}])|[{space}]"
    digits = (
        f"{words}| ?[^{space}{number}][^{space}{number}FIRST]*|[{number}]|"
        f"[{space}]+(?![^{space}{number}])|[{space}]"
    )
    lines = (
        f"{words}|[{blank}]?[^{space}][^{space}FIRST]*(?:[{space}]*[\\r\\n])?|[{space}]*[\\r\\n]|"
        f"[{space}]+(?![^{space}])|[{space}]"
    )
    found = {}
    for trim in (True, False):  # of a pre-tokenizer, it changes nothing
        words = {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": trim, "use_regex": True}
        found[_compact(words)] = gpt2
        found[_compact(_sequence({"type": "Digits", "individual_digits": True}, words))] = digits
        for run in ("", "{1,3}"):
            pattern = {"Regex": _LINES.replace("DIGITS", run)}
            split = {"type": "Split", "pattern": pattern, "behavior": "Isolated", "invert": False}
            found[_compact(_sequence(split, {**words, "use_regex": False}))] = lines
    return found


def _sequence(*members: dict[str, Any]) -> dict[str, Any]:
    return {"type": "Sequence", "pretokenizers": list(members)}


def _compact(part: dict[str, Any]) -> str:
    """JSON as the tokenizers write it."""
    return json.dumps(part, separators=(",", ":"), ensure_ascii=False)


def _cut_letters(backend: Any) -> tuple[str, str]:
    """Chinese, Japanese and Korean letters before which text may be cut, as a character class, and
    those of them after which it may be cut too.

    Text in these scripts has no spaces, so its pieces would be whole clauses, which never come twice.
    The first begin every token they are in; the others end it as well. A token may hold the space before
    such a letter: that space and the letter stay in one piece. A model that looks up whole words before
    it merges would look at parts of words then, so its text is not cut like this.
    """
    if backend.model.ignore_merges:
        return "", _NOBODY
    alphabet = byte_alphabet()
    vocabulary = backend.get_vocab(with_added_tokens=False)
    text = "\n" + "\n".join(vocabulary)  # byte-level BPE writes a line end in another way
    lead, rest = ("".join(alphabet[first:end]) for first, end in ((0xE2, 0xF0), (0x80, 0xC0)))
    # Letters, or their first bytes where a token ends in them, that stand inside a token ...
    inside = set(re.findall(f"(?<!\n)(?<!\nĠ)[{lead}][{rest}]{{0,2}}", text))
    # ... and letters, or their last bytes where a token begins with them, after which it goes on.
    before = set(re.findall(f"(?:[{lead}][{rest}]{{2}}|(?<=\n)[{rest}]{{1,2}})(?=[^\n{rest}])", text))
    ranges = ((0x3041, 0x3097), (0x30A1, 0x30FB), (0x4E00, 0x9FA6), (0xAC00, 0xD7A4))
    letters = [letter for first, end in ranges for letter in range(first, end)]
    written = "".join(map(alphabet.__getitem__, "".join(map(chr, letters)).encode()))
    first, alone = [], []
    for place, letter in enumerate(letters):
        name = written[3 * place : 3 * place + 3]
        if name[0] in vocabulary and inside.isdisjoint((name, name[:2], name[0])):
            first.append(letter)
            if before.isdisjoint((name, name[1:], name[2])):
                alone.append(letter)
    return _ranges(first), _ranges(alone) or _NOBODY


def byte_alphabet() -> list[str]:
    """The character by which byte-level BPE writes each byte (GPT-2's table)."""
    shown = [*range(33, 127), *range(161, 173), *range(174, 256)]
    hidden = iter(range(256, 512))
    return [chr(byte) if byte in shown else chr(next(hidden)) for byte in range(256)]


def _ranges(codes: Any) -> str:
    """Code points, ascending, as the inside of a character class."""
    runs: list[list[int]] = []
    for code in codes:
        if runs and code == runs[-1][1] + 1:
            runs[-1][1] = code
        else:
            runs.append([code, code])
    return "".join(f"\\U{first:08x}-\\U{last:08x}" for first, last in runs)


def json_of(part: Any) -> bytes:
    """A normalizer, pre-tokenizer or post-processor as its JSON; `null` where there is none."""
    return b"null" if part is None else part.__getstate__()
