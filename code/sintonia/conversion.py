"""Any readable data becomes messages JSONL, and what could not be read stands beside it, row by row."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import IO, Any

from sintonia.conversations import Row, read_rows
from sintonia.errors import MAX_KEPT, Fault, InputError, first_line
from sintonia.sources import REJECTS_SUFFIX


@dataclass(frozen=True)
class Conversion:
    """What `convert` did.

    Args:
        rows: rows written to `out`.
        rejected: rows written to `rejects` instead.
        format: the format the source was read in, and `reason` what decided it.
        out: the file of messages.
        rejects: the file of rejected rows; `None` where there are none.
    """

    rows: int
    rejected: int
    format: str
    reason: str
    out: Path
    rejects: Path | None


def convert(
    source: Any,
    out: str | Path,
    format: str = "auto",
    *,
    skip_bad: bool = False,
    overwrite: bool = False,
    need_assistant: bool = True,
    on_row: Callable[[Row], None] | None = None,
) -> Conversion:
    """Write a source as messages JSONL, one row at a time, in its order.

    Args:
        source: as `sintonia.sources.read` takes it.
        out: a file ending in `.jsonl` or `.jsonl.gz`; its folder exists.
        format: one of `sintonia.row_formats.FORMATS`.
        skip_bad: write bad rows to `rejects_path(out)`, one `{"where", "faults", "row"}` a line, instead
            of raising. `row` is the row as it stood, or the text of a line that is no JSON.
        overwrite: replace files that are there already.
        need_assistant: a conversation without an assistant turn to learn is a bad row.
        on_row: called after each row, good or bad, such as to move a progress bar.

    Raises:
        InputError: the source cannot be read, rows are bad (with `skip_bad`: all of them), or `out` cannot
            be written. Nothing is left behind then, and a file that was there stays as it was.

    Example:
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     done = convert([{"question": "1 + 1?", "answer": "2"}], Path(folder) / "a.jsonl")
        ...     print(done.rows, done.format, done.reason)
        1 gsm8k row 1: columns 'question', 'answer'

    Explained in: data.md#convert
    """
    out = Path(out).expanduser()
    rejects = rejects_path(out)
    _check_target(out, overwrite)
    if skip_bad:
        _check_target(rejects, overwrite)
    decided: list[str] = [format, ""]
    faults: list[Fault] = []
    count = good = bad = 0

    def on_format(name: str, reason: str) -> None:
        decided[:] = name, reason

    with ExitStack() as stack:
        written = stack.enter_context(_replaced_when_done(out))
        refused = stack.enter_context(_replaced_when_done(rejects)) if skip_bad else None
        for row in read_rows(source, format, need_assistant=need_assistant, on_format=on_format):
            found, line = row.faults, b""
            if not found:
                line, found = _as_line(row)
            if found:
                bad += 1
                count += len(found)
                faults += found[: MAX_KEPT - len(faults)]
                if refused:
                    refused.write(_rejected(row, found))
            elif skip_bad or not bad:
                good += 1
                written.write(line)
            if on_row:
                on_row(row)
        if bad and not (skip_bad and good):
            raise InputError(faults, count)
        if not good:
            raise InputError(Fault(_name(source), "no row", "at least one conversation"))
    if not bad and (skip_bad or overwrite):
        rejects.unlink(missing_ok=True)  # an empty one, or that of the output replaced
    return Conversion(good, bad, *decided, out, rejects if bad else None)


def rejects_path(out: str | Path) -> Path:
    """Where the rejected rows of an output go: beside it.

    Example:
        >>> rejects_path("data/train.jsonl.gz").name
        'train.rejects.jsonl'
    """
    path = Path(out)
    return path.with_name(path.name.removesuffix(".gz").removesuffix(".jsonl") + REJECTS_SUFFIX)


def _check_target(path: Path, overwrite: bool) -> None:
    if not path.name.endswith((".jsonl", ".jsonl.gz")):
        raise InputError(Fault(str(path), "another ending", "a file ending in .jsonl or .jsonl.gz"))
    if not path.parent.is_dir():
        raise InputError(Fault(str(path), "no such folder", "one that exists", f"mkdir -p {path.parent}"))
    if path.is_dir():
        raise InputError(Fault(str(path), "a directory", "the name of a file to write"))
    if path.exists() and not overwrite:
        raise InputError(Fault(str(path), "a file that is there", "a new name", "or pass --overwrite"))


@contextmanager
def _replaced_when_done(path: Path) -> Iterator[IO[bytes]]:
    """A stream to a temporary name, moved to `path` at the end, removed if anything goes wrong."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        with ExitStack() as stack:
            stream: IO[bytes] = stack.enter_context(temporary.open("wb"))
            if path.suffix == ".gz":  # without a time of its own: the same rows are the same bytes
                from gzip import GzipFile

                stream = stack.enter_context(GzipFile("", "wb", 6, stream, mtime=0))
            yield stream
        os.replace(temporary, path)
    except OSError as error:
        raise InputError(Fault(str(path), first_line(error), "a file that can be written")) from None
    finally:
        temporary.unlink(missing_ok=True)


def _as_line(row: Row) -> tuple[bytes, list[Fault]]:
    try:
        return _ENCODER.encode(row.columns).encode("utf-8") + b"\n", []
    except (TypeError, ValueError, RecursionError) as error:
        fault = Fault(row.where, f"a value that JSON cannot hold ({first_line(error)})", "text and numbers")
        return b"", [fault]


def _plain(value: Any) -> str:
    if isinstance(value, (date, datetime)):
        return value.isoformat()
    if isinstance(value, Decimal):
        return str(value)
    raise TypeError(type(value).__name__)


_ENCODER = json.JSONEncoder(ensure_ascii=False, allow_nan=False, default=_plain)


def _rejected(row: Row, faults: list[Fault]) -> bytes:
    entry = {"where": row.where, "faults": [str(fault) for fault in faults], "row": row.original}
    # Escapes, because half a surrogate pair may be the reason; repr, because anything else may be.
    try:
        return json.dumps(entry, default=repr).encode("ascii") + b"\n"
    except (TypeError, ValueError, RecursionError):
        return json.dumps({**entry, "row": repr(row.original)}).encode("ascii") + b"\n"


def _name(source: Any) -> str:
    return str(source) if isinstance(source, (str, Path)) else "source"
