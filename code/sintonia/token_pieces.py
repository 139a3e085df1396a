"""The fast path of byte-level BPE: text is cut where no token can reach across, and pieces are looked up.

Known are the tokenizers of SmolLM2, Qwen and Llama 3 and plain GPT-2, each by the exact JSON of its
pre-tokenizer. Words come again and again, so most pieces are found in a dictionary; a new one is asked
of the tokenizer itself. Where this module is not sure, the part of the text goes the general way.
"""

from __future__ import annotations

import re
import unicodedata
from array import array
from collections.abc import Callable, Sequence
from functools import cache
from typing import Any

from sintonia.token_cuts import SPACE, byte_alphabet, cut_pattern, json_of

# The ids of a text as 32-bit numbers, and its mask, a byte each: joined far faster than lists are, and
# what Arrow files and other processes want.
Packed = tuple[bytes, bytes]
Segment = Callable[[str, Sequence[tuple[int, int]]], Packed]
ID_SIZE = 4
_MARKS = (b"\0", b"\1")
# Pieces are kept for the whole process: so many, none longer than this, about 100 MB when full.
MAX_PIECES, MAX_PIECE_LENGTH = 400_000, 48
# Stretches between two added tokens, kept whole: few, because a system message or a line end comes in
# every row and hardly anything else comes twice.
MAX_STRETCHES, MAX_STRETCH_LENGTH = 512, 400
_NORMALIZERS = (b"null", b'{"type":"NFC"}')


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
        self._ends = re.compile(f"[{SPACE}]").match

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
        self._is_space = re.compile(f"[{SPACE}]").match
        self._composes = composes
        # What is looked up by its whole text: added tokens, and the stretches between them that came last.
        self._stretches = dict(added)
        # Of what stands before a span, such as "assistant\\n": where its last piece begins, and its ids.
        self._heads: dict[str, tuple[int, bytes]] = {}

    def encode(self, text: str, spans: Sequence[tuple[int, int]], segment: Segment) -> Packed:
        """Ids and mask of one text; `segment` encodes a part of it by the general path."""
        ids: list[bytes] = []
        mask: list[bytes] = []
        known = self._stretches.get
        waiting = iter([*spans, (len(text) + 1, len(text) + 1)])
        first, last = next(waiting)
        start = 0
        for part in self._split(text):
            if not part:
                continue
            end = start + len(part)
            while last <= start:
                first, last = next(waiting)
            if end <= first or (first <= start and end <= last) or part in self._added:
                some = known(part)
                if some is None:
                    some = self._stretch(part, segment)
                ids.append(some)
                mask.append(_MARKS[first <= start and end <= last] * (len(some) // ID_SIZE))
            else:
                inner = [(a - start, b - start) for a, b in spans if start < b and a < end]
                some, marks = self._cut(part, inner, segment)
                ids.append(some)
                mask.append(marks)
            start = end
        return b"".join(ids), b"".join(mask)

    def _stretch(self, part: str, segment: Segment) -> bytes:
        """The ids of all that stands between two added tokens."""
        try:
            if self._composes and not unicodedata.is_normalized("NFC", part):
                raise _Unsure
            ids = self._look_up(part)
        except _Unsure:
            ids = segment(part, ())[0]
        if len(part) <= MAX_STRETCH_LENGTH:
            if len(self._stretches) >= MAX_STRETCHES + len(self._added):
                self._stretches.clear()
                self._stretches.update(self._added)
            self._stretches[part] = ids
        return ids

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
                    last, some = self._head(part[start:bound])
                    # Would the last piece end here too if it saw what follows?
                    if self._pattern.match(part, start + last).end() != bound:
                        return segment(part, spans)
                else:
                    some = self._look_up(part[start:])
                wrote = any(a <= start and bound <= b for a, b in spans)
                ids += some
                mask += _MARKS[wrote] * (len(some) // ID_SIZE)
                start = bound
        except _Unsure:
            return segment(part, spans)
        return ids, mask

    def _head(self, text: str) -> tuple[int, bytes]:
        """Where the last piece of a text begins, and the ids of all of it."""
        found = self._heads.get(text)
        if found is None:
            pieces = self._find(text)
            found = len(text) - len(pieces[-1]), b"".join(map(self._known.__getitem__, pieces))
            if len(text) <= MAX_PIECE_LENGTH:
                if len(self._heads) >= MAX_STRETCHES:
                    self._heads.clear()
                self._heads[text] = found
        return found


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
    pattern = cut_pattern(backend)
    if pattern is None:
        return None
    ids = {token.content: pack([number]) for number, token in added.items() if token.content}
    return Pieces(backend, pattern, ids, normalizer != b"null")
