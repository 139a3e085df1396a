"""Rows of a file, a dataset or an iterable become conversations, or an error that names the row.

A conversation is the ecosystem's list of messages, `[{"role": "user", "content": "Oi"}, ...]`. It is
checked here, once, so that every later stage can trust what it is handed.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sintonia.errors import MAX_KEPT, Fault, InputError
from sintonia.message_checks import check_message, is_plain
from sintonia.row_formats import FORMATS, no_reading, readings, to_messages
from sintonia.sources import kind, read

# Beside `messages` a row may hold anything but these, which could be another reading of it.
_RIVALS = frozenset({"conversations", "conversation", "response", "answer", "output", "completion", "reply"})

Message = dict[str, Any]
Conversation = list[Message]


@dataclass(frozen=True)
class Row:
    """One row of a source, good or bad.

    Args:
        where: `file:line` for files of lines, `row 3` elsewhere.
        number: which row it is, from 1; blank lines are no rows.
        columns: the row; without faults it has a `messages` list, and `tools` and
            `chat_template_kwargs`, where it has them, are a list and an object.
        faults: what is wrong with it, empty for a good row.
        original: the row as it stood before any conversion; the text of one that was not JSON.

    Example:
        >>> row = next(read_rows([{"prompt": "Oi", "completion": "Olá!"}]))
        >>> row.where, row.columns["messages"][1]["content"], row.faults
        ('row 1', 'Olá!', [])
    """

    where: str
    number: int
    columns: dict[str, Any]
    faults: list[Fault] = field(default_factory=list)
    original: Any = None


def read_rows(
    source: Any,
    format: str = "auto",
    *,
    need_assistant: bool = True,
    on_format: Callable[[str, str], None] | None = None,
) -> Iterator[Row]:
    """Every row of a source in its order, good and bad in one stream; nothing is held back.

    Args:
        source: as `sintonia.sources.read` takes it: a path, a folder, a hub id, a dataset, an iterable.
        format: one of `sintonia.row_formats.FORMATS`. With `auto` the columns of the first row that
            can be read decide, and a later row with other columns is a fault, so that no file is
            read in two ways unsaid.
        need_assistant: a conversation without an assistant turn to learn is a fault.
        on_format: called once, with the format and the reason for it, before the first row that is
            read in it.

    Raises:
        InputError: the format is unknown, the source cannot be opened, or its first row can be read
            in several ways. Bad rows raise nothing: they come with their faults.

    Example:
        >>> rows = read_rows([{"question": "1 + 1?", "answer": "2"}, {"text": "2"}], on_format=print)
        >>> [(row.where, [fault.found for fault in row.faults]) for row in rows]
        gsm8k row 1: columns 'question', 'answer'
        [('row 1', []), ('row 2', ["column 'text'"])]

    Explained in: chat-templates.md#messages
    """
    if format not in FORMATS:
        raise InputError(Fault("format", repr(format), f"{', '.join(FORMATS[:-1])} or {FORMATS[-1]}"))
    chosen, chosen_at = (None, "") if format == "auto" else (format, "")
    if chosen and on_format:
        on_format(chosen, "asked for")
    for number, (where, row) in enumerate(read(source), start=1):
        if isinstance(row, Fault):
            yield Row(where, number, {}, [row], getattr(row, "raw", None))
            continue
        original = row
        if isinstance(row, list):
            row = {"messages": row}
        if not isinstance(row, dict):
            faults = check_row(row, where)
            yield Row(where, number, {}, faults, original)
            continue
        faults = []
        if format == "auto":
            plain = isinstance(row.get("messages"), list) and _RIVALS.isdisjoint(row)
            if not (plain and chosen == "messages" and _has_roles(row["messages"])):
                found = readings(row)
                if chosen is None and found:
                    chosen, reason = _only_reading(found, where)
                    chosen_at = where
                    if on_format:
                        on_format(chosen, f"{where}: {reason}")
                elif not found and chosen is None:
                    faults = [no_reading(row, where)]
                elif found and list(found) != [chosen]:
                    faults = [_other_reading(found, where, chosen, chosen_at)]
        if not faults:
            row, faults = to_messages(row, chosen, where)
        faults = faults or check_row(row, where, need_assistant=need_assistant)
        yield Row(where, number, row, faults, original)


def _has_roles(turns: list[Any]) -> bool:
    return bool(turns) and isinstance(turns[0], dict) and "role" in turns[0]


def _only_reading(found: dict[str, str], where: str) -> tuple[str, str]:
    if len(found) == 1:
        return next(iter(found.items()))
    listed = "; ".join(f"{name} ({columns})" for name, columns in found.items())
    fix = " or ".join(f"--format {name}" for name in found)
    raise InputError(Fault(where, f"a row that can be read as {listed}", "one reading", f"choose: {fix}"))


def _other_reading(found: dict[str, str], where: str, chosen: str, chosen_at: str) -> Fault:
    listed = "; ".join(f"{columns} ({name})" for name, columns in found.items())
    fix = f"name the one to use, such as --format {chosen}, or put the other rows in a file of their own"
    return Fault(where, listed, f"{chosen} alone, as in {chosen_at}", fix)


def load_conversations(
    source: Any,
    format: str = "auto",
    skip_bad: bool = False,
    *,
    need_assistant: bool = True,
    on_skip: Callable[[Row], None] | None = None,
    on_format: Callable[[str, str], None] | None = None,
) -> Iterator[Conversation]:
    """Read conversations, one at a time, from wherever they are.

    Args:
        source: path of a data file (`.jsonl`, `.json`, `.csv`, `.tsv`, each also `.gz`, `.parquet`), a
            folder of them, id of a hub dataset, an object of `datasets`, or an iterable of rows or of
            conversations. `sintonia.sources.read` says more.
        format: shape of the rows, one of `sintonia.row_formats.FORMATS`; `auto` reads it off the columns.
        skip_bad: leave bad rows out instead of raising; each goes to `on_skip`, and without one a
            warning says how many they were.
        need_assistant: a conversation without an assistant turn is a fault, as it is for training.
        on_skip: called with each `Row` that is left out.
        on_format: called once with the format and the reason for it.

    Yields:
        Each conversation as a list of message dicts. After the first bad row nothing more is
        yielded, but the rest is still read, so that the error lists every fault of the source.

    Raises:
        InputError: the source is missing, empty or not readable, or rows of it are faulty (with
            `skip_bad`: all of them).

    Example:
        >>> rows = [{"messages": [{"role": "user", "content": "Oi"},
        ...                       {"role": "assistant", "content": "Olá!"}]}]
        >>> [turn["role"] for turn in next(load_conversations(rows))]
        ['user', 'assistant']

    Explained in: chat-templates.md#messages
    """
    options = {"need_assistant": need_assistant, "on_skip": on_skip, "on_format": on_format}
    for row in load_rows(source, format, skip_bad, **options):
        yield row["messages"]


def load_rows(
    source: Any,
    format: str = "auto",
    skip_bad: bool = False,
    *,
    need_assistant: bool = True,
    on_skip: Callable[[Row], None] | None = None,
    on_format: Callable[[str, str], None] | None = None,
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
    faults: list[Fault] = []
    count = good = bad = 0
    for row in read_rows(source, format, need_assistant=need_assistant, on_format=on_format):
        if row.faults:
            bad += 1
            count += len(row.faults)
            faults += row.faults[: MAX_KEPT - len(faults)]
            if skip_bad and on_skip:
                on_skip(row)
        elif skip_bad or not bad:
            good += 1
            yield row.columns
    if not good and not bad:
        name = str(source) if isinstance(source, (str, Path)) else "source"
        raise InputError(Fault(name, "no row", "at least one conversation", "write one JSON object a line"))
    if bad and not (skip_bad and good):
        raise InputError(faults, count)
    if bad and not on_skip:
        warnings.warn(f"{bad} bad rows left out, {good} kept; the first: {faults[0]}", stacklevel=2)


def check_row(row: Any, where: str, *, need_assistant: bool = True) -> list[Fault]:
    """Every fault of one row, in the order in which a reader meets them.

    Example:
        >>> row = {"messages": [{"role": "bot", "content": "hi"}]}
        >>> [str(fault) for fault in check_row(row, "a.jsonl:1", need_assistant=False)]
        ["a.jsonl:1: message 1: found role 'bot'; expected system, user, assistant or tool"]

    Explained in: chat-templates.md#messages
    """
    if not isinstance(row, dict):
        return [Fault(where, kind(row), "an object with a 'messages' list")]
    messages = row.get("messages")
    if not isinstance(messages, list):
        seen = f"columns {', '.join(map(repr, row))}" if row else "an empty object"
        if "messages" in row:
            seen = f"'messages' that is {kind(messages)}"
        return [Fault(where, seen, "a 'messages' list of {'role', 'content'} objects")]
    if not messages:
        return [Fault(where, "an empty 'messages' list", "at least one message")]
    faults = []
    for number, message in enumerate(messages, start=1):
        if not is_plain(message):
            faults += check_message(message, f"{where}: message {number}")
    if not faults and need_assistant:
        faults += _check_assistant(messages, where)
    return faults


def _check_assistant(messages: Conversation, where: str) -> list[Fault]:
    answers = [message for message in messages if message["role"] == "assistant"]
    if not answers:
        roles = ", ".join(message["role"] for message in messages)
        expected = "at least one message with role 'assistant'"
        fix = "add the reply that the model is to learn"
        return [Fault(where, f"no assistant turn (roles: {roles})", expected, fix)]
    if all(message.get("weight") == 0 for message in answers):
        return [Fault(where, "weight 0 on every assistant turn", "at least one that is to be learned")]
    return []
