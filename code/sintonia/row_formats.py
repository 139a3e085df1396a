"""The shapes in which people keep instruction data, each turned into a row with `messages`.

A format is known by its columns. Nothing is reworded on the way: no prompt of a dataset's paper is
wrapped around an instruction, no answer is trimmed. That is the chat template's work, or the data's.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from sintonia.errors import Fault
from sintonia.sources import kind

FORMATS = ("auto", "messages", "sharegpt", "alpaca", "prompt-completion", "gsm8k", "instruction")
SHAREGPT_ROLES = {
    "system": ("system",),
    "user": ("human", "user", "prompter"),
    "assistant": ("gpt", "assistant", "chatgpt", "bing", "bard", "model", "bot", "ai", "claude"),
    "tool": ("tool", "observation", "tool_response", "function_response", "ipython"),
    "tool_calls": ("function_call", "tool_call"),
}
_ROLE_OF = {name: role for role, names in SHAREGPT_ROLES.items() for name in names}
_TURN_LISTS = ("conversations", "conversation")
_ASKS = ("instruction", "question", "prompt", "query")
_REPLIES = ("response", "answer", "output", "completion", "reply")
_CONTEXTS = ("input", "context")
_SYSTEMS = ("system", "system_prompt")
_NAMED_PAIRS = {
    ("instruction", "output"): "alpaca",
    ("prompt", "completion"): "prompt-completion",
    ("question", "answer"): "gsm8k",
}
_KNOWN = {"messages", *_TURN_LISTS, *_ASKS, *_REPLIES, *_CONTEXTS}
_TEXTS = "this is text, not instructions: nobody asks and nobody answers; pass the rows it was made from, "
_TEXTS += "or write a question for it"
_FLAT = "one message a row: put those of one conversation together, into a 'messages' list"
_NOT_INSTRUCTIONS = {
    **dict.fromkeys(("text", "content", "code"), _TEXTS),
    "chosen": "preference pairs are not for supervised tuning; keep the prompt and the chosen reply",
}


class _BadShape(Exception):
    """Raised inside a converter: `found`, `expected`, `fix` of the fault, and where inside the row."""

    def __init__(self, found: str, expected: str, fix: str = "", part: str = "") -> None:
        super().__init__(found)
        self.fault = (found, expected, fix)
        self.part = part


def readings(row: dict[str, Any]) -> dict[str, str]:
    """Which formats the columns of a row allow, each with the columns that say so.

    A column that holds null is not there. One reading is an answer, none or several are a question.

    Example:
        >>> readings({"instruction": "Traduza.", "input": "dog", "output": "cachorro"})
        {'alpaca': "columns 'instruction', 'input', 'output'"}
        >>> list(readings({"prompt": "a", "completion": "b", "messages": []}))
        ['messages', 'prompt-completion']
        >>> readings({"text": "a"})
        {}

    Explained in: data.md#formats
    """
    there = [name for name, value in row.items() if name in _KNOWN and value is not None]
    found: dict[str, str] = {}
    if "messages" in there:
        turns = _parsed(row["messages"])
        first = turns[0] if isinstance(turns, list) and turns else None
        old = isinstance(first, dict) and "from" in first and "role" not in first
        found["sharegpt" if old else "messages"] = _columns(["messages"])
    for name in _TURN_LISTS:
        if name in there and isinstance(_parsed(row[name]), list):
            found["sharegpt"] = _columns([name])
    for ask, reply in _pairs(there):
        extra = [name for name in _CONTEXTS if name in there and name not in (ask, reply)]
        found[_NAMED_PAIRS.get((ask, reply), "instruction")] = _columns([ask, *extra, reply])
    return found


def to_messages(row: dict[str, Any], format: str, where: str = "row") -> tuple[dict[str, Any], list[Fault]]:
    """A row of a format as a row with `messages`; the columns that were not used stay.

    What becomes what:

    - `messages`: kept. Keys that are null go; `tools`, `tool_calls` and `chat_template_kwargs` that
      are JSON strings are parsed.
    - `sharegpt`: `conversations` of `from` / `value` (or `role` / `content`); `SHAREGPT_ROLES` names
      the synonyms. A `function_call` becomes an assistant turn with `tool_calls`.
    - `alpaca`: `instruction`, a blank line, `input` is the user's turn, `output` the reply. Stanford's
      wording ("Below is an instruction ...") is not added. `history` holds earlier turns as pairs.
    - `prompt-completion`: two strings, or two lists of messages. The assistant's turns inside a prompt
      get `"weight": 0`, as in OpenAI's files: they are read, not learned.
    - `gsm8k`: `question` and `answer`, the calculation and `#### 42` included.
    - `instruction`: one column of instruction, question, prompt, query and one of response, answer,
      output, completion, reply; `input` or `context` is added as in `alpaca`.

    A `system` or `system_prompt` column that is not empty becomes the first turn.

    Returns:
        The row, new where anything changed, and the faults of its shape. The messages themselves are
        checked by `sintonia.conversations.check_row`.

    Example:
        >>> row, faults = to_messages({"question": "1 + 1?", "answer": "2\\n#### 2", "id": 7}, "gsm8k")
        >>> row["messages"][1], row["id"], faults
        ({'role': 'assistant', 'content': '2\\n#### 2'}, 7, [])

    Explained in: data.md#formats
    """
    try:
        row = _CONVERTERS[format](row) if format != "messages" else _messages(row)
        return _with_parsed_columns(row), []
    except _BadShape as problem:
        place = f"{where}: {problem.part}" if problem.part else where
        return row, [Fault(place, *problem.fault)]


def no_reading(row: dict[str, Any], where: str) -> Fault:
    """The fault of a row in which no format is to be seen.

    Example:
        >>> print(no_reading({"text": "Oi"}, "a.jsonl:1").fix.split(";")[0])
        this is text, not instructions: nobody asks and nobody answers
    """
    seen = f"'messages' that is {kind(row['messages'])}" if "messages" in row else _seen(row)
    fix = next((advice for name, advice in _NOT_INSTRUCTIONS.items() if name in row), "")
    if "role" in row and "content" in row:
        fix = _FLAT
    if not fix and row:
        fix = "rename the columns, such as to 'instruction' and 'response'"
    return Fault(where, seen, "a 'messages' list of {'role', 'content'} objects", fix)


def _columns(names: list[str]) -> str:
    return f"column{'s' if len(names) > 1 else ''} {', '.join(map(repr, names))}"


def _pairs(there: list[str]) -> list[tuple[str, str]]:
    asks = [name for name in _ASKS if name in there] or [name for name in ("input",) if name in there]
    return [(ask, reply) for ask in asks for reply in _REPLIES if reply in there]


def _parsed(value: Any) -> Any:
    """A list or an object that a table or an Arrow column had to hold as JSON text."""
    if isinstance(value, str) and value.lstrip()[:1] in ("[", "{"):
        try:
            return json.loads(value)
        except (ValueError, RecursionError):
            return value
    return value


def _with_parsed_columns(row: dict[str, Any]) -> dict[str, Any]:
    for name, kinds, words in (("tools", list, "a list"), ("chat_template_kwargs", dict, "an object")):
        if (value := row.get(name)) is None:
            continue
        new = _parsed(value)
        if name == "tools" and isinstance(new, list):
            new = [_parsed(tool) for tool in new]
            if bad := [tool for tool in new if not isinstance(tool, dict)]:
                raise _BadShape(f"a tool that is {kind(bad[0])}", "an object that describes it")
        if value == "":
            row = {key: kept for key, kept in row.items() if key != name}
        elif not isinstance(new, kinds):
            raise _BadShape(f"{name!r} that is {kind(new)}", f"{words}, or its JSON text")
        elif new is not value:
            row = {**row, name: new}
    return row


def _messages(row: dict[str, Any]) -> dict[str, Any]:
    turns = _parsed(row.get("messages"))
    if not isinstance(turns, list):
        return row  # the check of messages says what it is
    if turns is row["messages"] and all(_is_short(turn) for turn in turns):
        return row
    tidy = [_tidy(turn) if isinstance(turn, dict) else turn for turn in turns]
    return {**row, "messages": tidy}


def _is_short(turn: Any) -> bool:
    """Role and content, or no message at all: nothing to tidy."""
    return not isinstance(turn, dict) or (len(turn) == 2 and "role" in turn and "content" in turn)


def _tidy(turn: dict[str, Any]) -> dict[str, Any]:
    """A message without the keys that a table filled with null, its calls parsed, its weight 0 or 1."""
    new = {key: value for key, value in turn.items() if value is not None or key == "content"}
    if "tool_calls" in new:
        new["tool_calls"] = _parsed(new["tool_calls"])
    if new.get("weight") in (0.0, 1.0) and isinstance(new["weight"], float):
        new["weight"] = int(new["weight"])
    return new


def _sharegpt(row: dict[str, Any]) -> dict[str, Any]:
    name = next((name for name in (*_TURN_LISTS, "messages") if row.get(name) is not None), None)
    if name is None:
        raise _BadShape(_seen(row), "a 'conversations' list of {'from', 'value'} objects")
    turns = _parsed(row[name])
    if not isinstance(turns, list):
        raise _BadShape(f"{name!r} that is {kind(turns)}", "a list of {'from', 'value'} objects")
    if not turns:
        raise _BadShape(f"an empty {name!r} list", "at least one turn")
    messages = [_sharegpt_turn(turn, f"turn {number}") for number, turn in enumerate(turns, start=1)]
    return _replaced(row, [name], _with_system(row, messages))


def _sharegpt_turn(turn: Any, part: str) -> dict[str, Any]:
    if isinstance(turn, dict) and len(turn) == 2 and "value" in turn:  # nearly all: the short way
        said = turn.get("from")
        role = _ROLE_OF.get(said) if isinstance(said, str) else None
        if role is not None and role != "tool_calls":
            return {"role": role, "content": turn["value"]}
    if not isinstance(turn, dict):
        raise _BadShape(kind(turn), "an object with 'from' and 'value'", part=part)
    role_key = "from" if "from" in turn else "role"
    text_key = next((key for key in ("value", "content", "text") if key in turn), None)
    if role_key not in turn or text_key is None:
        missing = "'from'" if role_key not in turn else "'value'"
        raise _BadShape(f"no {missing}", "an object with 'from' and 'value'", part=part)
    said, text = turn[role_key], turn[text_key]
    role = _ROLE_OF.get(said.strip().lower()) if isinstance(said, str) else None
    if role is None:
        raise _BadShape(f"{role_key!r} {said!r}", f"one of {', '.join(_ROLE_OF)}", part=part)
    rest = _tidy({key: value for key, value in turn.items() if key not in (role_key, text_key)})
    rest.pop("content", None)
    if role != "tool_calls":
        return {"role": role, "content": text, **rest}
    calls = _parsed(text)
    calls = calls if isinstance(calls, list) else [calls]
    if not calls or any(not isinstance(call, dict) for call in calls):
        raise _BadShape("a call that is no JSON object", '{"name": ..., "arguments": {...}}', part=part)
    calls = [call if "function" in call else {"type": "function", "function": call} for call in calls]
    return {"role": "assistant", "content": "", "tool_calls": calls, **rest}


def _alpaca(row: dict[str, Any]) -> dict[str, Any]:
    _needs(row, "instruction", "output")
    return _asked(row, "instruction", "output")


def _gsm8k(row: dict[str, Any]) -> dict[str, Any]:
    _needs(row, "question", "answer")
    return _asked(row, "question", "answer")


def _instruction(row: dict[str, Any]) -> dict[str, Any]:
    there = [name for name, value in row.items() if value is not None]
    pairs = _pairs(there)
    if len(pairs) != 1:
        expected = f"one column of {', '.join(_ASKS)} and one of {', '.join(_REPLIES)}"
        raise _BadShape(_seen(row), expected, "rename the columns that are not meant" if pairs else "")
    return _asked(row, *pairs[0])


def _asked(row: dict[str, Any], ask: str, reply: str) -> dict[str, Any]:
    """One question and its answer, with what may stand before: a system text, earlier pairs, an input."""
    used = [ask, reply]
    texts = [_string(row, ask)]
    texts += [_string(row, name) for name in _CONTEXTS if name not in used and row.get(name) is not None]
    used += [*_CONTEXTS, "history"]
    messages = []
    if (history := _parsed(row.get("history"))) not in (None, ""):
        pair = "a list of [question, answer] pairs"
        if not isinstance(history, list):
            raise _BadShape(f"'history' that is {kind(history)}", pair)
        for earlier in history:
            if not (isinstance(earlier, list) and len(earlier) == 2):
                raise _BadShape("a 'history' with something that is no pair", pair)
            messages += [
                {"role": "user", "content": earlier[0]},
                {"role": "assistant", "content": earlier[1]},
            ]
    messages.append({"role": "user", "content": "\n\n".join(text for text in texts if text)})
    messages.append({"role": "assistant", "content": _string(row, reply)})
    return _replaced(row, used, _with_system(row, messages))


def _prompt_completion(row: dict[str, Any]) -> dict[str, Any]:
    _needs(row, "prompt", "completion")
    before = _as_turns(row["prompt"], "prompt", "user")
    after = _as_turns(row["completion"], "completion", "assistant")
    before = [{**turn, "weight": 0} if turn.get("role") == "assistant" else turn for turn in before]
    return _replaced(row, ["prompt", "completion"], _with_system(row, before + after))


def _as_turns(value: Any, name: str, role: str) -> list[dict[str, Any]]:
    if isinstance(value, str):
        return [{"role": role, "content": value}]
    if not isinstance(value, list) or any(not isinstance(turn, dict) for turn in value):
        raise _BadShape(f"{name!r} that is {kind(value)}", "a string, or a list of messages")
    return [_tidy(turn) for turn in value]


def _with_system(row: dict[str, Any], messages: list[dict[str, Any]]) -> list[dict[str, Any]]:
    for name in _SYSTEMS:
        if row.get(name) in (None, ""):
            continue
        system = {"role": "system", "content": _string(row, name)}
        if messages and messages[0].get("role") == "system":
            if messages[0].get("content") != system["content"]:
                raise _BadShape(f"a {name!r} column and another system turn", "one system message")
        else:
            messages = [system, *messages]
    return messages


def _replaced(row: dict[str, Any], used: list[str], messages: list[Any]) -> dict[str, Any]:
    gone = {*used, *_SYSTEMS, "messages"}
    return {"messages": messages, **{name: value for name, value in row.items() if name not in gone}}


def _needs(row: dict[str, Any], *names: str) -> None:
    if any(name not in row for name in names):
        raise _BadShape(_seen(row), _columns(list(names)))


def _string(row: dict[str, Any], name: str) -> str:
    if not isinstance(row[name], str):
        raise _BadShape(f"{name!r} that is {kind(row[name])}", "a string")
    return row[name]


def _seen(row: dict[str, Any]) -> str:
    return _columns(list(row)) if row else "an empty object"


_CONVERTERS: dict[str, Callable[[dict[str, Any]], dict[str, Any]]] = {
    "messages": _messages,
    "sharegpt": _sharegpt,
    "alpaca": _alpaca,
    "prompt-completion": _prompt_completion,
    "gsm8k": _gsm8k,
    "instruction": _instruction,
}
