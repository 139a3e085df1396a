"""The items of one long JSON list, parsed as they come, so that the list never has to fit in memory."""

from __future__ import annotations

import codecs
import json
from collections.abc import Iterator
from typing import IO, Any, NoReturn

from sintonia.errors import first_line

MAX_ROW = 256 << 20  # bytes; nothing that is one row of training data is longer
CHUNK = 1 << 20  # bytes read at least at a time
_LONGEST_ATOM = 64  # characters: an error this near the end of what was read may be the reading's own


class BrokenList(ValueError):
    """The list cannot be read further; `expected` and `fix` complete the sentence.

    Example:
        >>> import io
        >>> list(items(io.BytesIO(b"[1, ]")))
        Traceback (most recent call last):
        sintonia.json_lists.BrokenList: invalid JSON (Expecting value at character 5)
    """

    def __init__(self, found: str, expected: str = "a JSON list of rows", fix: str = "") -> None:
        super().__init__(found)
        self.expected, self.fix = expected, fix


def items(stream: IO[bytes]) -> Iterator[Any]:
    """The items of the JSON list in a stream of UTF-8; any other value comes as the only item.

    Raises:
        BrokenList: what comes next is no JSON, no UTF-8 or longer than `MAX_ROW`; the items before
            it have been yielded.

    Example:
        >>> import io
        >>> list(items(io.BytesIO(b'[{"a": 1}, 2]'))), list(items(io.BytesIO(b'{"a": 1}')))
        ([{'a': 1}, 2], [{'a': 1}])
    """
    text = _Text(stream)
    first = text.next_character()
    if not first:
        return
    if first != "[":
        yield text.value()
    else:
        text.at += 1
        if text.next_character() == "]":
            text.at += 1
        else:
            yield text.value()
            while (mark := text.next_character()) == ",":
                text.at += 1
                text.next_character()
                yield text.value()
            if mark != "]":
                text.fail("Expecting ',' delimiter")
            text.at += 1
    if text.next_character():
        text.fail("Extra data")


class _Text:
    """What was read and not yet parsed, and the line and column at which it begins."""

    def __init__(self, stream: IO[bytes]) -> None:
        self._stream = stream
        self._decoder = codecs.getincrementaldecoder("utf-8-sig")()
        self._json = json.JSONDecoder()
        self._bytes = 0
        self._ended = False
        self._line = self._column = 0
        self._buffer = ""
        self.at = 0

    def next_character(self) -> str:
        """The next character that is not white space, not consumed; empty at the end."""
        while True:
            while self.at < len(self._buffer):
                character = self._buffer[self.at]
                if character not in " \t\r\n":
                    return character
                self.at += 1
            if not self._more():
                return ""

    def value(self) -> Any:
        """The JSON value that begins here, consumed."""
        while True:
            try:
                found, end = self._json.raw_decode(self._buffer, self.at)
            except json.JSONDecodeError as error:
                complete = len(self._buffer) - error.pos > _LONGEST_ATOM
                if (complete and not error.msg.startswith("Unterminated")) or not self._more():
                    self.fail(error.msg, error.pos)
            except RecursionError:
                raise BrokenList("JSON nested too deeply to read") from None
            except ValueError as error:  # a number with thousands of digits
                raise BrokenList(f"invalid JSON ({first_line(error)})") from None
            else:
                # A number that ends where the reading ends may go on: 1 | 2, 1 | .5, 1 | e+6.
                if end + 2 < len(self._buffer) or not self._more():
                    self.at = end
                    return found

    def fail(self, message: str, position: int | None = None) -> NoReturn:
        """Raise what stands at a position, or here."""
        position = self.at if position is None else position
        lines = self._line + self._buffer.count("\n", 0, position)
        start = self._buffer.rfind("\n", 0, position)
        column = position - start if start >= 0 else self._column + position + 1
        place = f"line {lines + 1}, " if lines else ""
        raise BrokenList(f"invalid JSON ({message.removesuffix(' at')} at {place}character {column})")

    def _more(self) -> bool:
        """Read on, at least as much again as is held; False at the end of the stream."""
        if self._ended:
            return False
        gone = self._buffer[: self.at]
        if newlines := gone.count("\n"):
            self._line += newlines
            self._column = len(gone) - gone.rfind("\n") - 1
        else:
            self._column += len(gone)
        held = self._buffer[self.at :]
        if len(held) > MAX_ROW:
            raise BrokenList(f"a row of {MAX_ROW >> 20} MiB or more")
        raw = self._stream.read(max(CHUNK, len(held)))
        self._bytes += len(raw)
        self._ended = not raw
        try:
            new = self._decoder.decode(raw, final=self._ended)
        except UnicodeDecodeError as error:
            position = self._bytes - len(error.object) + error.start + 1
            found = f"byte 0x{error.object[error.start]:02x} at position {position}, which is not UTF-8"
            raise BrokenList(found, "UTF-8 text", "save the file as UTF-8") from None
        self._buffer, self.at = held + new, 0
        return True
