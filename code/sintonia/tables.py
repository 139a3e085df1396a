"""Rows of CSV and Parquet files, one at a time, as objects with a value for each column."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

from sintonia.errors import Fault, InputError, Unreadable, first_line
from sintonia.json_lists import MAX_ROW

_ESCAPED_BYTE = re.compile("[\udc80-\udcff]")


def table_rows(stream: IO[bytes], path: Path, delimiter: str = "") -> Iterator[tuple[str, Any]]:
    """`(file:line, row)` of a table with a header; every cell is a string.

    Args:
        stream: UTF-8, with or without a byte order mark.
        path: what `where` begins with.
        delimiter: empty for the one of comma, semicolon and tab that the header has most of.

    Yields:
        An `Unreadable` for a row with bytes that are no UTF-8, of another length than the header, or
        whose quotes do not close. The line is the one on which the row begins.

    Raises:
        InputError: a header with an empty name, or the same name twice.

    Example:
        >>> import io
        >>> table = io.BytesIO(b'question;answer\\n"Oi?\\nTudo bem?";Sim\\nOi\\n')
        >>> for where, row in table_rows(table, Path("a.csv")): print(where, row)
        a.csv:2 {'question': 'Oi?\\nTudo bem?', 'answer': 'Sim'}
        a.csv:4 a.csv:4: found 1 cell; expected 2, as in the header
    """
    # The limit belongs to the process. 128 KiB, where it starts, is less than one long answer.
    csv.field_size_limit(max(csv.field_size_limit(), MAX_ROW))
    held: list[str] = []  # the lines of the row at hand, for the report of a bad one

    def lines() -> Iterator[str]:
        while raw := stream.readline(MAX_ROW):
            held.append(raw.decode("utf-8", errors="surrogateescape"))
            yield held[-1]

    text = lines()
    head = next(text, "").removeprefix("\ufeff")
    if not delimiter:  # where a comma is the decimal sign, a spreadsheet writes semicolons
        delimiter = max(",;\t", key=head.count)
    cells = csv.reader(_chain(head, text), delimiter=delimiter, strict=True)
    names: list[str] = []
    while True:
        where = f"{path}:{cells.line_num + 1}"
        try:
            row = next(cells)
        except StopIteration:
            return
        except csv.Error as error:
            row, found = [], f"a broken table row ({error})"
            yield where, Unreadable(where, found, "cells, quoted where needed", raw=_as_read(held))
        if row and not names:
            names = _header(row, where)
        elif row:
            yield where, _row(row, names, where, held)
        held.clear()


def parquet_rows(path: Path) -> Iterator[tuple[str, Any]]:
    """`(row N, row)` of a Parquet file, without the nulls that its structs are filled up with.

    Raises:
        InputError: pyarrow is not installed, or the file is damaged.
    """
    try:
        import pyarrow.parquet
    except ImportError:
        fix = "for Parquet: pip install 'sintonia[train]'"
        raise InputError(Fault(str(path), "a Parquet file", "a file of text", fix)) from None
    number = 0
    try:
        with pyarrow.parquet.ParquetFile(path) as file:
            for batch in file.iter_batches(batch_size=256):
                for row in batch.to_pylist():
                    number += 1
                    yield f"{path} row {number}", without_fillers(row)
    except (OSError, pyarrow.ArrowException) as error:
        raise InputError(Fault(str(path), first_line(error), "a Parquet file that can be read")) from None


def without_fillers(row: Any) -> Any:
    """A row of Arrow without the nulls inside its columns, a message's `content` excepted.

    An Arrow struct has every key that any row has, null where this one had none, so a null there does
    not tell a key that was written from one that was not.

    Example:
        >>> without_fillers({"id": None, "messages": [{"content": None, "name": None, "role": "tool"}]})
        {'id': None, 'messages': [{'content': None, 'role': 'tool'}]}
    """
    return {name: _pruned(value) for name, value in row.items()} if isinstance(row, dict) else row


def _pruned(value: Any) -> Any:
    if isinstance(value, dict):
        return {k: _pruned(v) for k, v in value.items() if v is not None or k == "content"}
    return [_pruned(part) for part in value] if isinstance(value, list) else value


def _chain(head: str, lines: Iterator[str]) -> Iterator[str]:
    if head:
        yield head
    yield from lines


def _header(row: list[str], where: str) -> list[str]:
    names = [name.strip() for name in row]
    if len(set(names)) < len(names) or "" in names:
        seen = ", ".join(map(repr, names))
        raise InputError(Fault(where, f"the header {seen}", "a different name for each column"))
    return names


def _row(row: list[str], names: list[str], where: str, held: list[str]) -> Any:
    broken = next((match for cell in row if (match := _ESCAPED_BYTE.search(cell))), None)
    if broken:
        found = f"byte 0x{ord(broken[0]) - 0xDC00:02x}, which is not UTF-8"
        return Unreadable(where, found, "UTF-8 text", "save the file as UTF-8", _as_read(held))
    if len(row) != len(names):
        found = f"{len(row)} cell{'s' if len(row) > 1 else ''}"
        return Unreadable(where, found, f"{len(names)}, as in the header", raw=_as_read(held))
    return dict(zip(names, row, strict=True))


def _as_read(held: list[str]) -> str:
    return "".join(held).rstrip("\r\n").encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
