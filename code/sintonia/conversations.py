"""Rows of a file, a dataset or an iterable become conversations, or an error that names the row.

A conversation is the ecosystem's list of messages, `[{"role": "user", "content": "Oi"}, ...]`. It is
checked here, once, so that every later stage can trust what it is handed.
"""

from __future__ import annotations

import gzip
import json
import re
import zlib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from sintonia.errors import Fault, InputError, first_line

ROLES = ("system", "user", "assistant", "tool")
FORMATS = ("auto", "messages")
_EXPECTED_ROLES = "system, user, assistant or tool"
_SURROGATE = re.compile("[\ud800-\udfff]")
_HUB_ID = re.compile(r"[A-Za-z0-9][\w.-]*/[\w.-]+")
_DATA_SUFFIXES = (".jsonl", ".json", ".jsonl.gz", ".json.gz")

Message = dict[str, Any]
Conversation = list[Message]


def load_conversations(
    source: Any,
    format: str = "auto",
    skip_bad: bool = False,
    *,
    need_assistant: bool = True,
) -> Iterator[Conversation]:
    """Read conversations, one at a time, from wherever they are.

    Args:
        source: path of a `.jsonl` or `.json` file (also `.gz`), id of a hub dataset, a
            `datasets.Dataset`, or an iterable of rows or of conversations.
        format: shape of the rows; `messages` (a row with a `messages` list) or `auto`.
        skip_bad: leave bad rows out instead of raising.
        need_assistant: a conversation without an assistant turn is a fault, as it is for training.

    Yields:
        Each conversation as a list of message dicts. After the first bad row nothing more is
        yielded, but the rest is still read, so that the error lists every fault of the source.

    Raises:
        InputError: the source is missing, empty or not readable, or rows of it are faulty.

    Example:
        >>> rows = [{"messages": [{"role": "user", "content": "Oi"},
        ...                       {"role": "assistant", "content": "Olá!"}]}]
        >>> [turn["role"] for turn in next(load_conversations(rows))]
        ['user', 'assistant']

    Explained in: chat-templates.md#messages
    """
    for row in load_rows(source, format, skip_bad, need_assistant=need_assistant):
        yield row["messages"]


def load_rows(
    source: Any,
    format: str = "auto",
    skip_bad: bool = False,
    *,
    need_assistant: bool = True,
) -> Iterator[dict[str, Any]]:
    """Like `load_conversations`, but each row keeps its other columns (`id`, `lang`, `category`).

    Raises:
        InputError: as `load_conversations`.

    Example:
        >>> row = {"id": "a", "messages": [{"role": "assistant", "content": "Olá!"}]}
        >>> next(load_rows([row]))["id"]
        'a'

    Explained in: chat-templates.md#messages
    """
    if format not in FORMATS:
        raise InputError(Fault("format", repr(format), " or ".join(FORMATS)))
    faults: list[Fault] = []
    count = 0
    for where, row in _read(source):
        count += 1
        if isinstance(row, Fault):
            found = [row]
        else:
            if isinstance(row, list):
                row = {"messages": row}
            found = check_row(row, where, need_assistant=need_assistant)
        faults += found
        if not found and not (faults and not skip_bad):
            yield row
    if not count:
        raise InputError(
            Fault(_name(source), "no row", "at least one conversation", "write one JSON object a line")
        )
    if faults and not skip_bad:
        raise InputError(faults)


def check_row(row: Any, where: str, *, need_assistant: bool = True) -> list[Fault]:
    """Every fault of one row, in the order in which a reader meets them.

    Example:
        >>> row = {"messages": [{"role": "bot", "content": "hi"}]}
        >>> [str(fault) for fault in check_row(row, "a.jsonl:1", need_assistant=False)]
        ["a.jsonl:1: message 1: found role 'bot'; expected system, user, assistant or tool"]

    Explained in: chat-templates.md#messages
    """
    if not isinstance(row, dict):
        return [Fault(where, _kind(row), "an object with a 'messages' list")]
    messages = row.get("messages")
    if not isinstance(messages, list):
        seen = f"columns {', '.join(map(repr, row))}" if row else "an empty object"
        if "messages" in row:
            seen = f"'messages' that is {_kind(messages)}"
        return [Fault(where, seen, "a 'messages' list of {'role', 'content'} objects")]
    if not messages:
        return [Fault(where, "an empty 'messages' list", "at least one message")]
    faults = []
    for number, message in enumerate(messages, start=1):
        faults += _check_message(message, f"{where}: message {number}")
    if not faults and need_assistant and all(m["role"] != "assistant" for m in messages):
        roles = ", ".join(m["role"] for m in messages)
        faults.append(
            Fault(
                where,
                f"no assistant turn (roles: {roles})",
                "at least one message with role 'assistant'",
                "add the reply that the model is to learn",
            )
        )
    return faults


def _check_message(message: Any, where: str) -> list[Fault]:
    if not isinstance(message, dict):
        return [Fault(where, _kind(message), "an object with 'role' and 'content'")]
    faults = []
    role = message.get("role")
    if "role" not in message:
        faults.append(Fault(where, "no 'role'", _EXPECTED_ROLES))
    elif role not in ROLES:
        near = str(role).strip().lower()
        hint = f"write {near!r}" if near in ROLES else ""
        faults.append(Fault(where, f"role {role!r}", _EXPECTED_ROLES, hint))
    content = message.get("content")
    if content is None and message.get("tool_calls"):
        return faults
    if "content" not in message:
        faults.append(Fault(where, "no 'content'", "a string"))
    elif not isinstance(content, str):
        faults.append(Fault(where, f"content that is {_kind(content)}", "a string"))
    elif broken := _SURROGATE.search(content):
        found = f"half a surrogate pair (\\u{ord(broken[0]):04x}) at character {broken.start() + 1}"
        faults.append(Fault(where, found, "text that can be written as UTF-8"))
    return faults


def _read(source: Any) -> Iterator[tuple[str, Any]]:
    """`(where, row)` for every row; a row that cannot be parsed comes as its `Fault`."""
    if isinstance(source, (str, Path)):
        path = Path(source).expanduser()
        if not path.exists() and isinstance(source, str) and _looks_like_hub_id(source):
            yield from _read_hub(source)
        else:
            yield from _read_file(path)
    elif isinstance(source, Iterable) and not isinstance(source, (bytes, dict)):
        for number, row in enumerate(source, start=1):
            yield f"row {number}", row
    else:
        raise InputError(
            Fault(
                "source",
                _kind(source),
                "a path, a hub dataset id, a Dataset or an iterable of rows",
            )
        )


def _looks_like_hub_id(source: str) -> bool:
    return bool(_HUB_ID.fullmatch(source)) and not source.endswith(_DATA_SUFFIXES)


def _read_hub(name: str) -> Iterator[tuple[str, Any]]:
    try:
        from datasets import load_dataset
    except ImportError:
        fault = Fault(
            name,
            "no such file",
            "a file that exists",
            "for a hub dataset: pip install 'sintonia[train]'",
        )
        raise InputError(fault) from None
    try:
        rows = load_dataset(name, split="train", streaming=True)
    except Exception as error:  # the hub client raises a dozen kinds: all mean "not to be had"
        reason = f"nothing to read ({type(error).__name__}: {first_line(error)})"
        fault = Fault(name, reason, "a file here or a dataset on the hub", "check the name, or pass a path")
        raise InputError(fault) from None
    for number, row in enumerate(rows, start=1):
        yield f"{name} row {number}", row


def _read_file(path: Path) -> Iterator[tuple[str, Any]]:
    expected = "a JSONL file of conversations"
    if path.is_dir():
        inside = sorted(p.name for p in path.iterdir() if p.name.endswith(_DATA_SUFFIXES))
        hint = f"pass one of its files: {', '.join(inside[:5])}" if inside else ""
        raise InputError(Fault(str(path), "a directory", expected, hint))
    if not path.exists():
        raise InputError(Fault(str(path), "no such file", expected, "check the path"))
    opener = gzip.open if path.suffix == ".gz" else open
    stem = path.name.removesuffix(".gz")
    try:
        with opener(path, "rb") as stream:
            if stem.endswith(".json"):
                yield from _json_rows(stream.read(), path)
            else:
                yield from _json_lines(stream, path)
    except (OSError, EOFError, zlib.error) as error:
        raise InputError(Fault(str(path), first_line(error), "a file that can be read")) from None


def _json_lines(stream: Iterable[bytes], path: Path) -> Iterator[tuple[str, Any]]:
    for number, line in enumerate(stream, start=1):
        where = f"{path}:{number}"
        if number == 1:
            line = line.removeprefix(b"\xef\xbb\xbf")
        if line.strip():
            yield where, _parse(line, where, "one JSON object a line")


def _json_rows(raw: bytes, path: Path) -> Iterator[tuple[str, Any]]:
    if not raw.strip():
        return
    whole = _parse(raw.removeprefix(b"\xef\xbb\xbf"), str(path), "a JSON list of rows")
    if isinstance(whole, Fault):
        yield str(path), whole
        return
    if not isinstance(whole, list):
        whole = [whole]
    for number, row in enumerate(whole, start=1):
        yield f"{path} row {number}", row


def _parse(raw: bytes, where: str, expected: str) -> Any:
    try:
        return json.loads(raw.decode("utf-8"))
    except UnicodeDecodeError as error:
        byte = raw[error.start]
        return Fault(
            where,
            f"byte 0x{byte:02x} at position {error.start + 1}, which is not UTF-8",
            "UTF-8 text",
            "save the file as UTF-8",
        )
    except json.JSONDecodeError as error:
        place = f"line {error.lineno}, " if error.lineno > 1 else ""
        found = f"invalid JSON ({error.msg} at {place}character {error.colno})"
        return Fault(where, found, expected)
    except RecursionError:
        return Fault(where, "JSON nested too deeply to read", expected)
    except ValueError as error:  # a number with thousands of digits
        return Fault(where, f"invalid JSON ({first_line(error)})", expected)


def _kind(value: Any) -> str:
    names = {dict: "an object", list: "a list", str: "a string", bool: "true or false"}
    if value is None:
        return "null"
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return "a number"
    return names.get(type(value), f"a {type(value).__name__}")


def _name(source: Any) -> str:
    return str(source) if isinstance(source, (str, Path)) else "source"
