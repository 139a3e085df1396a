"""What a message may be: its role, its content or parts, its calls, its weight."""

from __future__ import annotations

import re
from typing import Any

from sintonia.errors import Fault
from sintonia.sources import kind

ROLES = ("system", "user", "assistant", "tool")
PARTS = ("text", "image", "image_url", "audio", "audio_url", "input_audio", "video", "video_url")
_THINKING = ("thinking", "reasoning_content", "reasoning")
_EXPECTED_ROLES = "system, user, assistant or tool"
_SURROGATE = re.compile("[\ud800-\udfff]")


def is_plain(message: Any) -> bool:
    """Whether a message is a role and a string and nothing else, as nearly all are: no fault to look for.

    Example:
        >>> is_plain({"role": "user", "content": "Oi"}), is_plain({"role": "user"})
        (True, False)
    """
    if not isinstance(message, dict) or len(message) != 2 or message.get("role") not in ROLES:
        return False
    content = message.get("content")
    return isinstance(content, str) and (content.isascii() or not _check_text(content, ""))


def check_message(message: Any, where: str) -> list[Fault]:
    """Every fault of one message.

    Args:
        message: `{"role", "content"}`; content is a string, a list of parts (`PARTS` names their types),
            or null beside `tool_calls`. `weight` is 0 or 1, `thinking`, `reasoning_content` and
            `reasoning` are strings; any other key is passed through unread.
        where: what each fault begins with.

    Example:
        >>> print(check_message({"role": "user", "content": [{"type": "txt"}]}, "row 1: message 1")[0].where)
        row 1: message 1: part 1

    Explained in: chat-templates.md#messages
    """
    if not isinstance(message, dict):
        return [Fault(where, kind(message), "an object with 'role' and 'content'")]
    faults = []
    role = message.get("role")
    if "role" not in message:
        faults.append(Fault(where, "no 'role'", _EXPECTED_ROLES))
    elif role not in ROLES:
        near = str(role).strip().lower()
        hint = f"write {near!r}" if near in ROLES else ""
        faults.append(Fault(where, f"role {role!r}", _EXPECTED_ROLES, hint))
    content = message.get("content")
    if isinstance(content, str):
        faults += _check_text(content, where)
    elif isinstance(content, list):
        faults += _check_parts(content, where)
    elif content is None and message.get("tool_calls"):
        pass
    elif "content" not in message:
        faults.append(Fault(where, "no 'content'", "a string"))
    else:
        faults.append(Fault(where, f"content that is {kind(content)}", "a string"))
    return faults if len(message) == 2 else faults + _check_extras(message, where)


def _check_text(text: str, where: str) -> list[Fault]:
    try:
        text.encode("utf-8")
    except UnicodeEncodeError as error:
        half = _SURROGATE.search(text, error.start)[0]
        found = f"half a surrogate pair (\\u{ord(half):04x}) at character {error.start + 1}"
        return [Fault(where, found, "text that can be written as UTF-8")]
    return []


def _check_parts(parts: list[Any], where: str) -> list[Fault]:
    """Text, image, audio and video beside each other; whether a template takes them is its to say."""
    if not parts:
        return [Fault(where, "content that is a list without a part", "a string, or a list of parts")]
    faults = []
    for number, part in enumerate(parts, start=1):
        place = f"{where}: part {number}"
        if not isinstance(part, dict):
            faults.append(Fault(place, kind(part), 'an object such as {"type": "text", "text": ...}'))
        elif part.get("type") not in PARTS:
            faults.append(Fault(place, f"type {part.get('type')!r}", f"one of {', '.join(PARTS)}"))
        elif part["type"] == "text":
            if isinstance(part.get("text"), str):
                faults += _check_text(part["text"], place)
            else:
                faults.append(Fault(place, f"'text' that is {kind(part.get('text'))}", "a string"))
    return faults


def _check_extras(message: dict[str, Any], where: str) -> list[Fault]:
    faults = []
    for name in _THINKING:
        value = message.get(name)
        if isinstance(value, str):
            faults += _check_text(value, where)
        elif value is not None:
            faults.append(Fault(where, f"{name!r} that is {kind(value)}", "a string"))
    weight = message.get("weight", 1)
    if weight is not None and (isinstance(weight, bool) or weight not in (0, 1)):
        faults.append(Fault(where, f"weight {weight!r}", "1 (learn this turn) or 0 (only read it)"))
    calls = message.get("tool_calls")
    if calls is not None and not isinstance(calls, list):
        faults.append(Fault(where, f"'tool_calls' that is {kind(calls)}", "a list"))
    for number, call in enumerate(calls if isinstance(calls, list) else (), start=1):
        called = call.get("function", call) if isinstance(call, dict) else None
        if not (isinstance(called, dict) and isinstance(called.get("name"), str)):
            expected = '{"function": {"name": ..., "arguments": ...}}'
            faults.append(Fault(f"{where}: call {number}", "no function name", expected))
    return faults
