"""Instructions that a program can check: does a reply obey what its row asks for?

In the spirit of IFEval (Zhou and others 2023, arXiv 2311.07911), for the course's own rows. A row of the
category `constraint` states in its column `check` what was asked; no judge is needed, and none can be
flattered. JSON that was asked for is compared with the reference value by value.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any

from sintonia.errors import Fault, InputError

KINDS = ("items", "sentences", "includes", "excludes", "starts", "ends", "max_chars", "json_keys", "one_of")

_ITEM = re.compile(r"^\s*(?:[-*•]\s+|\d+[.)、．]\s*)(?=\S)", re.MULTILINE)
_END = {
    # A full stop inside a number or an abbreviation is not followed by white space.
    "latin": re.compile(r"[.!?…]+[\"'”’»)\]]*(?=\s|$)"),
    "zh": re.compile(r"[。！？!?…]+[”’」』）\"')]*"),
}
_CLOSING = ".!。！ "


@dataclass(frozen=True)
class JsonMatch:
    """How near a reply comes to the JSON of its reference; each step asks for the one before.

    Args:
        parses: the whole reply is one JSON value, with nothing around it.
        keys: an object with the reference's keys, no more and no fewer.
        equal: every value is the reference's.
    """

    parses: bool
    keys: bool
    equal: bool


def count_items(reply: str) -> int:
    """Number of list items: lines opened by `-`, `*`, `•` or a number.

    Example:
        >>> count_items("1. Water\\n2. Bread")
        2

    Explained in: masks.md#run-it
    """
    return len(_ITEM.findall(reply))


def count_sentences(reply: str, lang: str) -> int:
    """Number of sentences; list marks do not count, words after the last mark count as one more.

    Example:
        >>> count_sentences("Yes. It costs 2.5!", "en"), count_sentences("好。走吧！", "zh")
        (2, 2)

    Explained in: masks.md#run-it
    """
    text = _ITEM.sub("", reply)
    parts = _END["zh" if lang == "zh" else "latin"].split(text)
    return sum(any(character.isalnum() for character in part) for part in parts)


def contains(reply: str, word: str, lang: str) -> bool:
    """Whether a word or phrase stands in the reply, whatever its case; whole words, except in Chinese.

    Example:
        >>> contains("The seaside", "sea", "en"), contains("海边", "海", "zh")
        (False, True)

    Explained in: masks.md#run-it
    """
    reply, word = reply.casefold(), word.casefold()
    if lang == "zh":
        return word in reply
    return re.search(rf"(?<!\w){re.escape(word)}(?!\w)", reply) is not None


def obeys(reply: str, check: dict[str, Any], lang: str) -> bool:
    """Whether a reply obeys a constraint.

    Args:
        reply: what the assistant wrote; an empty reply obeys nothing.
        check: `kind` and its value: `count` (items, sentences), `words` (includes: all of them;
            excludes: none), `text` (starts, ends), `max` (max_chars), `keys` (json_keys: exactly
            these), `values` (one_of).
        lang: `pt`, `es`, `zh` or `en`.

    Raises:
        InputError: the kind is not one of `KINDS`, or its value is missing.

    Example:
        >>> obeys("- tea\\n- rice", {"kind": "items", "count": 2}, "en")
        True
        >>> obeys("Yes.", {"kind": "one_of", "values": ["yes", "no"]}, "en")
        True

    Explained in: masks.md#run-it
    """
    kind, reply = check.get("kind"), reply.strip()
    if kind not in KINDS:
        raise InputError(Fault("check", f"kind {kind!r}", ", ".join(KINDS), "name one of them"))
    try:
        return bool(reply) and _obeys(reply, kind, check, lang)
    except KeyError as missing:
        raise InputError(Fault("check", f"{kind} without {missing.args[0]!r}", "a value for it")) from None


def _obeys(reply: str, kind: str, check: dict[str, Any], lang: str) -> bool:
    if kind == "items":
        return count_items(reply) == check["count"]
    if kind == "sentences":
        return count_sentences(reply, lang) == check["count"]
    if kind == "includes":
        return all(contains(reply, word, lang) for word in check["words"])
    if kind == "excludes":
        return not any(contains(reply, word, lang) for word in check["words"])
    if kind == "starts":
        return reply.casefold().startswith(check["text"].casefold())
    if kind == "ends":
        return reply.casefold().endswith(check["text"].casefold())
    if kind == "max_chars":
        return len(reply) <= check["max"]
    if kind == "json_keys":
        value = read_json(reply)
        return isinstance(value, dict) and set(value) == set(check["keys"])
    return reply.rstrip(_CLOSING).casefold() in {value.casefold() for value in check["values"]}


def read_json(text: str) -> dict[str, Any] | list[Any] | None:
    """The object or list that a text is, or `None`: a bare number or word is not JSON that was asked for.

    Example:
        >>> read_json(' {"a": 1} '), read_json('Here it is: {"a": 1}'), read_json("42")
        ({'a': 1}, None, None)

    Explained in: masks.md#run-it
    """
    try:
        value = json.loads(text, parse_constant=_refuse)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, (dict, list)) else None


def match_json(reply: str, reference: str) -> JsonMatch | None:
    """How near a reply comes to the JSON of its reference; `None` where the reference is no JSON.

    Order of keys and white space do not count. `1` and `1.0` are the same number; `1` and `"1"` differ.

    Example:
        >>> match_json('{"b": 3, "a": 1}', '{"a": 1, "b": 2}')
        JsonMatch(parses=True, keys=True, equal=False)

    Explained in: masks.md#run-it
    """
    wanted = read_json(reference)
    if wanted is None:
        return None
    found = read_json(reply)
    if found is None or type(found) is not type(wanted):
        return JsonMatch(found is not None, False, False)
    keys = set(found) == set(wanted) if isinstance(found, dict) else len(found) == len(wanted)
    return JsonMatch(True, keys, keys and _told_apart(found) == _told_apart(wanted))


def spoken_values(value: Any) -> str:
    """The words among the values of a JSON value, one after the other; keys and numbers are not speech.

    Example:
        >>> spoken_values({"place": "jardim botânico", "students": 30, "tags": ["flores"]})
        'jardim botânico flores'

    Explained in: masks.md#run-it
    """
    if isinstance(value, dict):
        return " ".join(filter(None, map(spoken_values, value.values())))
    if isinstance(value, list):
        return " ".join(filter(None, map(spoken_values, value)))
    return value if isinstance(value, str) else ""


def _told_apart(value: Any) -> Any:
    """A value in which true is not 1, as it is for Python."""
    if isinstance(value, dict):
        return {key: _told_apart(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_told_apart(item) for item in value]
    return ("truth", value) if isinstance(value, bool) else value


def _refuse(name: str) -> None:
    raise ValueError(f"{name} is not JSON")
