"""The fast path of byte-level BPE: text is cut where no token can reach across, and pieces are looked up.

Known are the tokenizers of SmolLM2, Qwen and Llama 3 and plain GPT-2, each by the exact JSON of its
pre-tokenizer. Cutting needs less than the tokenizer's own pattern: only places where that pattern always
ends a token. Words come again and again, so most pieces are found in a dictionary; a new one is asked of
the tokenizer itself. Where this module is not sure, the part of the text goes the general way.
"""

from __future__ import annotations

import json
import re
import unicodedata
from array import array
from collections.abc import Callable, Sequence
from functools import cache
from typing import Any

# The ids of a text as 32-bit numbers, and its mask, a byte each: joined far faster than lists are, and
# what Arrow files and other processes want.
Packed = tuple[bytes, bytes]
Segment = Callable[[str, Sequence[tuple[int, int]]], Packed]
ID_SIZE = 4
_MARKS = (b"\0", b"\1")
# Pieces are kept for the whole process: so many, none longer than this, about 100 MB when full.
MAX_PIECES, MAX_PIECE_LENGTH = 400_000, 48
# White space as the tokenizers' regular expressions know it; Python's \s also holds \x1c to \x1f.
_SPACE = "\\t-\\r \\x85\\xa0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000"
_BLANK = _SPACE.replace("\\t-\\r", "\\t\\x0b\\x0c")  # the same without line ends
# How Qwen 2 and 3 (one digit) and Llama 3 (up to three) cut text into words.
_LINES = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}DIGITS| ?[^\s\p{L}\p{N}]+[\r\n]*"
    r"|\s*[\r\n]+|\s+(?!\S)|\s+"
)


def pack(ids: Sequence[int]) -> bytes:
    """Ids as 32-bit numbers.

    Example:
        >>> unpack(pack([1, 9690]))
        [1, 9690]

    Explained in: masks.md#loss-masking
    """
    return array("i", ids).tobytes()


def unpack(ids: bytes) -> list[int]:
    """The ids that `pack` packed."""
    return array("i", ids).tolist()


class _Unsure(Exception):
    """A piece with a character that our Unicode tables and the tokenizer's may class differently."""


class _Known(dict[str, bytes]):
    """Piece -> ids; what is missing is asked of the tokenizer."""

    def __init__(self, backend: Any) -> None:
        super().__init__()
        self._encode, self._model = backend.encode, backend.model
        self._letters = byte_alphabet()

    def __missing__(self, piece: str) -> bytes:
        ids = self.ask(piece)
        if len(piece) <= MAX_PIECE_LENGTH:
            if len(self) >= MAX_PIECES:
                self.clear()
            self[piece] = ids
        return ids

    def ask(self, piece: str) -> bytes:
        """The ids of a piece, not kept."""
        if not piece.isascii() and not all(map(_is_settled, piece)):
            raise _Unsure
        if piece.isalpha() or (piece[0] == " " and piece[1:].isalpha()):
            # One word for every pattern we know, so the model alone can say, in a third of the time.
            written = "".join([self._letters[byte] for byte in piece.encode()])
            return pack([token.id for token in self._model.tokenize(written)])
        return pack(self._encode(piece, add_special_tokens=False).ids)


class _Words(dict[str, bytes]):
    """A word, as `str.split(" ")` gives it, -> the ids of it and of the space before it.

    A single space between two characters that are none always begins a token, so words may be looked up
    by themselves. Next to other white space that is not so.
    """

    def __init__(self, known: _Known, find: Callable[[str], list[str]]) -> None:
        super().__init__()
        self._known, self._find = known, find
        self._ends = re.compile(f"[{_SPACE}]").match

    def __missing__(self, word: str) -> bytes:
        if not word or self._ends(word) or self._ends(word, len(word) - 1):
            raise _Spaces
        pieces = self._find(" " + word)
        if len(pieces) == 1:
            ids = self._known.ask(pieces[0])
        else:
            ids = b"".join(map(self._known.__getitem__, pieces))
        if len(word) <= MAX_PIECE_LENGTH:
            if len(self) >= MAX_PIECES:
                self.clear()
            self[word] = ids
        return ids


class _Spaces(Exception):
    """White space that stands beside white space."""


@cache
def _is_settled(char: str) -> bool:
    """Not so: characters of a later Unicode than Python's, and numbers of the upper planes, where most
    of the new ones come."""
    category = unicodedata.category(char)
    return category != "Cn" and not (category[0] == "N" and char > "\uffff")


class Pieces:
    """The fast path: added tokens by one regular expression, pieces between them by another.

    A piece never ends inside a token: it ends where the tokenizer's own pattern always ends one, or
    before a character that no token of the vocabulary has anywhere but at its beginning.
    """

    def __init__(self, backend: Any, pattern: str, added: dict[str, bytes], composes: bool) -> None:
        self._known = _Known(backend)
        self._added = added
        names = "|".join(re.escape(token) for token in sorted(added, key=len, reverse=True))
        self._split: Callable[[str], list[str]] = re.compile(f"({names})").split if names else _whole
        self._pattern = re.compile(pattern)
        self._find = self._pattern.findall
        self._words = _Words(self._known, self._find)
        self._is_space = re.compile(f"[{_SPACE}]").match
        self._composes = composes

    def encode(self, text: str, spans: Sequence[tuple[int, int]], segment: Segment) -> Packed:
        """Ids and mask of one text; `segment` encodes a part of it by the general path."""
        ids: list[bytes] = []
        mask: list[bytes] = []
        start = index = 0
        is_added = True
        for part in self._split(text):
            is_added = not is_added
            if not part:
                continue
            end = start + len(part)
            while index < len(spans) and spans[index][1] <= start:
                index += 1
            wrote = 0
            cuts = False
            if index < len(spans):
                first, last = spans[index]
                wrote = int(first <= start and end <= last)
                cuts = not wrote and first < end
            if is_added:
                ids.append(self._added[part])
                mask.append(_MARKS[wrote])
            elif cuts:
                inner = [(a - start, b - start) for a, b in spans[index:] if a < end]
                some, marks = self._cut(part, inner, segment)
                ids.append(some)
                mask.append(marks)
            else:
                some = self._ids(part)
                if some is None:
                    some = segment(part, ())[0]
                ids.append(some)
                mask.append(_MARKS[wrote] * (len(some) // ID_SIZE))
            start = end
        return b"".join(ids), b"".join(mask)

    def _ids(self, part: str) -> bytes | None:
        """`None` where only the general path is sure."""
        if self._composes and not unicodedata.is_normalized("NFC", part):
            return None
        try:
            return self._look_up(part)
        except _Unsure:
            return None

    def _look_up(self, part: str) -> bytes:
        if "  " not in part and " \n" not in part and "\n " not in part:
            words = part.split(" ")
            first = words[0]
            try:
                ids = b"".join(map(self._words.__getitem__, words[1:]))
                if not first:
                    return ids
                if not self._is_space(first, len(first) - 1):
                    return b"".join(map(self._known.__getitem__, self._find(first))) + ids
            except _Spaces:
                pass
        return b"".join(map(self._known.__getitem__, self._find(part)))

    def _cut(self, part: str, spans: list[tuple[int, int]], segment: Segment) -> Packed:
        """A part in which spans begin or end: by pieces if they do so between two pieces."""
        if self._composes and not unicodedata.is_normalized("NFC", part):
            return segment(part, spans)
        ids = mask = b""
        start = 0
        bounds = [bound for span in spans for bound in span if 0 < bound < len(part)]
        try:
            for bound in dict.fromkeys([*bounds, len(part)]):
                if bound < len(part):
                    pieces = self._find(part, start, bound)
                    # Would the last piece end here too if it saw what follows?
                    if self._pattern.match(part, bound - len(pieces[-1])).end() != bound:
                        return segment(part, spans)
                    some = b"".join(map(self._known.__getitem__, pieces))
                else:
                    some = self._look_up(part[start:])
                wrote = any(a <= start and bound <= b for a, b in spans)
                ids += some
                mask += _MARKS[wrote] * (len(some) // ID_SIZE)
                start = bound
        except _Unsure:
            return segment(part, spans)
        return ids, mask


def _whole(text: str) -> list[str]:
    return [text]


def find_pieces(backend: Any) -> Pieces | None:
    """The fast path of a tokenizer, if it is exactly one of those that we know."""
    model = backend.model
    plain = type(model).__name__ == "BPE" and not (
        model.dropout or model.continuing_subword_prefix or model.end_of_word_suffix
    )
    normalizer = json_of(backend.normalizer)
    added = backend.get_added_tokens_decoder()
    kinds = {token.normalized for token in added.values()}
    simple = not any(token.single_word or token.lstrip or token.rstrip for token in added.values())
    # Added tokens that wait for the normalizer are looked for after the others, in what those leave.
    simple = simple and (kinds <= {False} or (kinds == {True} and normalizer == b"null"))
    if not plain or not simple or backend.encode_special_tokens or normalizer not in _NORMALIZERS:
        return None
    pattern = _patterns().get(json_of(backend.pre_tokenizer).decode())
    if pattern is None:
        return None
    pattern = pattern.replace("HAN", _never_inside(backend))
    ids = {token.content: pack([number]) for number, token in added.items() if token.content}
    return Pieces(backend, pattern, ids, normalizer != b"null")


_NORMALIZERS = (b"null", b'{"type":"NFC"}')


@cache
def _patterns() -> dict[str, str]:
    """The JSON of a pre-tokenizer -> where its text may be cut. HAN stands for `_never_inside`."""
    space, blank = _SPACE, _BLANK
    number = _ranges(c for c in range(0x10000) if unicodedata.category(chr(c))[0] == "N")
    gpt2 = f" ?[^{space}][^{space}HAN]*|[{space}]+(?![^{space}])|[{space}]"
    digits = (
        f" ?[^{space}{number}][^{space}{number}HAN]*|[{number}]|[{space}]+(?![^{space}{number}])|[{space}]"
    )
    lines = (
        f"[{blank}]?[^{space}][^{space}HAN]*(?:[{space}]*[\\r\\n])?|[{space}]*[\\r\\n]|"
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


def _never_inside(backend: Any) -> str:
    """Chinese, Japanese and Korean letters that begin every token they are in, as a character class.

    Text in these scripts has no spaces, so its pieces would be whole clauses, which never come twice.
    A token may hold the space before such a letter: that space and the letter stay in one piece.
    """
    vocabulary = backend.get_vocab(with_added_tokens=False)
    leads = {chr(byte) for byte in range(0xE2, 0xF0)}  # byte-level BPE writes these bytes as themselves
    inside: set[str] = set()
    for token in vocabulary:
        if not leads.isdisjoint(token[1:]):
            places = [i for i, char in enumerate(token) if i and char in leads]
            inside |= {token[i : i + 3] for i in places if i > 1 or token[0] != "Ġ"}
    alphabet = byte_alphabet()
    letters = [*range(0x3041, 0x3097), *range(0x30A1, 0x30FB), *range(0x4E00, 0x9FA6), *range(0xAC00, 0xD7A4)]
    safe = []
    for letter in letters:
        written = "".join(alphabet[byte] for byte in chr(letter).encode())
        # A token may end in the first bytes of a letter: then no letter with these bytes is safe.
        if written[0] in vocabulary and inside.isdisjoint((written, written[:2], written[:1])):
            safe.append(letter)
    return _ranges(safe)


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
