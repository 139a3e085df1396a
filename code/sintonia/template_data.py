"""What a chat template may see: messages, tools and options as plain data, with nothing to call."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, is_dataclass
from typing import Any

from sintonia.conversations import Conversation
from sintonia.errors import Fault, InputError
from sintonia.sandbox_limits import TemplateLimit

_REASONING = ("reasoning_content", "thinking", "reasoning")
_SCALARS = frozenset([str, int, float, bool, type(None)])
_RESERVED = ("messages", "tools", "add_generation_prompt")


class _Parts(list):
    """Content as a list of parts. Printed whole it would be Python, and a model would learn that."""

    def __repr__(self) -> str:
        raise TemplateLimit(
            "a list of content parts printed as Python's own notation: this template takes text only"
        )

    __str__ = __repr__

    def __format__(self, spec: str) -> str:
        return repr(self)


class _Part(dict):
    """One part of such a list."""

    __repr__ = __str__ = _Parts.__repr__
    __format__ = _Parts.__format__


def plain_messages(conversation: Conversation) -> list[dict[str, Any]]:
    """The messages as a template may see them: plain data, thinking under each of its three names.

    Templates come from strangers, so nothing that has methods of its own (an image that can save itself)
    goes in; and, as in transformers, `reasoning_content`, `thinking` and `reasoning` are one.

    Raises:
        InputError: a message is not a dict.

    Example:
        >>> message = {"role": "assistant", "content": "4", "thinking": "2 + 2"}
        >>> plain_messages([message])[0]["reasoning_content"]
        '2 + 2'

    Explained in: chat-templates.md#messages
    """
    messages = []
    for number, message in enumerate(conversation, start=1):
        if not isinstance(message, dict):
            kind = type(message).__name__
            raise InputError(Fault(f"message {number}", f"a {kind}", "an object with 'role' and 'content'"))
        if any(type(value) not in _SCALARS for value in message.values()):
            content = message.get("content")
            message = {str(key): _plain(value) for key, value in message.items()}
            if isinstance(content, (list, tuple)):
                parts = [_Part(part) if isinstance(part, dict) else part for part in message["content"]]
                message["content"] = _Parts(parts)
        reasoning = next((message[key] for key in _REASONING if message.get(key) is not None), None)
        if reasoning is not None:
            message = {"thinking": reasoning, **message, "reasoning_content": reasoning}
        messages.append(message)
    # One object in two places of a conversation would be two turns with one identity.
    if len({id(message) for message in messages}) < len(messages):
        messages = [dict(message) for message in messages]
    return messages


def _plain(value: Any) -> Any:
    if type(value) in _SCALARS:
        return value
    if isinstance(value, Mapping):
        return {_plain(key): _plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    for kind in (str, int, float):
        if isinstance(value, kind):
            return getattr(kind, f"__{kind.__name__}__")(value)
    if is_dataclass(value) and not isinstance(value, type):
        return _plain(asdict(value))
    if callable(getattr(value, "item", None)) and getattr(value, "ndim", None) == 0:
        return _plain(value.item())  # a number of numpy
    return f"<{type(value).__name__}>"


def plain_tools(tools: list[Any] | None) -> list[Any] | None:
    """Descriptions of tools as plain data.

    Raises:
        InputError: something other than a list of JSON schemas, such as Python functions.

    Example:
        >>> plain_tools([{"name": "depth"}])
        [{'name': 'depth'}]

    Explained in: chat-templates.md#messages
    """
    if tools is None:
        return None
    if not isinstance(tools, (list, tuple)) or not all(isinstance(tool, Mapping) for tool in tools):
        raise InputError(
            Fault(
                "tools",
                "something other than a list of JSON schemas",
                "a list of objects that describe functions",
                "for a Python function: transformers.utils.get_json_schema(function)",
            )
        )
    return _plain(tools)


def plain_options(options: dict[str, Any]) -> dict[str, Any]:
    """Further names for a template, as plain data.

    Raises:
        InputError: a name that rendering sets itself.

    Example:
        >>> plain_options({"enable_thinking": False})
        {'enable_thinking': False}

    Explained in: chat-templates.md#apply-chat-template
    """
    if taken := [name for name in options if name in _RESERVED]:
        raise InputError(
            Fault("template_kwargs", f"the name {taken[0]!r}", "names that render does not set itself")
        )
    return {str(name): _plain(value) for name, value in options.items()}
