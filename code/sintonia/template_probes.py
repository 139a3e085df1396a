"""Small conversations to try a chat template on, in whichever form it takes them."""

from __future__ import annotations

from typing import Any

from sintonia.chat_templates import PreparedTemplate
from sintonia.conversations import Conversation
from sintonia.errors import Fault, InputError

TOOL = {
    "type": "function",
    "function": {
        "name": "river_depth",
        "description": "Depth of a river.",
        "parameters": {"type": "object", "properties": {"river": {"type": "string"}}, "required": ["river"]},
    },
}
SYSTEM = {"role": "system", "content": "Speak plainly."}
ASK = {"role": "user", "content": "How deep is it?"}
SAY = {"role": "assistant", "content": "Two metres."}
MORE = {"role": "user", "content": "And the lake?"}
LAST = {"role": "assistant", "content": "Nine metres."}
CALL = {
    "role": "assistant",
    "content": "",
    "tool_calls": [
        {
            "id": "call00001",
            "type": "function",
            "function": {"name": "river_depth", "arguments": {"river": "Tejo"}},
        }
    ],
}
RESULT = {"role": "tool", "name": "river_depth", "tool_call_id": "call00001", "content": "2.0"}
CHAT = [ASK, SAY, MORE, LAST]


def in_its_form(
    template: PreparedTemplate, turns: Conversation, **options: Any
) -> tuple[Conversation, str | None]:
    """The conversation in the form that the template takes, strings or lists of parts, and its text."""
    for given in (turns, [{**t, "content": [{"type": "text", "text": t["content"]}]} for t in turns]):
        try:
            text = template.text(given, **options)
        except InputError:
            continue
        if any(turn["content"] and turn["content"] in text for turn in turns):
            return given, text
    try:
        return turns, template.text(turns, **options)
    except InputError:
        return turns, None


def text_of(template: PreparedTemplate, turns: Conversation, **options: Any) -> str | None:
    """The text of a conversation, or None where the template fails on it.

    Example:
        >>> from sintonia.chat_templates import prepare
        >>> text_of(prepare("chatml"), [ASK])
        '<|im_start|>user\\nHow deep is it?<|im_end|>\\n'
    """
    return in_its_form(template, turns, **options)[1]


def first_text(template: PreparedTemplate, *tried: Conversation) -> tuple[Conversation, str]:
    for turns in tried:
        text = text_of(template, turns)
        if text is not None and turns[0]["content"] in text:
            return turns, text
    raise prints_nothing(template, tried[0])


def prints_nothing(template: PreparedTemplate, turns: Conversation = CHAT) -> InputError:
    try:
        template.text(turns)
    except InputError as error:
        return error
    return InputError(
        Fault(
            template.name,
            "a template that prints nothing of a small conversation",
            "one that prints its messages",
        )
    )
