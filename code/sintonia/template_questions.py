"""Questions to put to a chat template before it is trained with, each answered with what it printed.

Nothing here reads the template's source: each question renders small conversations and looks at the
text, so the answers hold for templates with markers and without, and for those that refuse a role.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sintonia.chat_templates import EMBEDDED_TOKENIZER, prepare, special_tokens
from sintonia.errors import InputError
from sintonia.template_probes import (
    ASK,
    CALL,
    CHAT,
    LAST,
    MORE,
    RESULT,
    SAY,
    SYSTEM,
    TOOL,
    first_text,
    in_its_form,
    prints_nothing,
    text_of,
)

Template = str | Path | None
_TAG = re.compile(r"<[^<>\s]*>|<\|[^<>]*\|>|\[/?[A-Z_]+\]")
_WORD = re.compile(r"[^\W\d_]{2,}")


@dataclass(frozen=True)
class Answer:
    """Yes or no, and what it rests on.

    Args:
        yes: the answer; the object itself is true or false with it.
        evidence: one sentence, with the piece of text that shows it.
        data: the same in parts, for a program.

    Example:
        >>> bool(Answer(False, "nothing of the kind was printed"))
        False
    """

    yes: bool
    evidence: str
    data: dict[str, Any] = field(default_factory=dict)

    def __bool__(self) -> bool:
        return self.yes


def is_prefix_preserving(chat_template: Template = None, *, tokenizer: Any = None) -> Answer:
    """Whether a longer conversation begins with the text of the shorter one.

    Where it does not, what a model is trained on differs from what it sees in a chat, turn by turn.

    Raises:
        InputError: no such template, or one that prints none of the conversations tried.

    Example:
        >>> bool(is_prefix_preserving("chatml"))
        True

    Explained in: chat-templates.md#template-families
    """
    template = prepare(chat_template, tokenizer=tokenizer)
    thought = [ASK, {**SAY, "reasoning_content": "Think."}, MORE, {**LAST, "reasoning_content": "Think."}]
    compared = 0
    for turns, tools in ((CHAT, None), (thought, None), ([ASK, CALL, RESULT, SAY], [TOOL])):
        before = None
        for count in range(1, len(turns) + 1):
            text = text_of(template, turns[:count], tools=tools)
            if text is None:
                continue
            if before is not None and not text.startswith(before):
                at = next(
                    (i for i, (a, b) in enumerate(zip(before, text, strict=False)) if a != b), len(text)
                )
                evidence = (
                    f"with message {count} ({turns[count - 1]['role']}) added, "
                    f"{before[max(0, at - 12) : at + 24]!r} became {text[max(0, at - 12) : at + 24]!r}"
                )
                return Answer(False, evidence, {"message": count, "before": before, "after": text})
            compared += before is not None
            before = text
    if not compared:
        raise prints_nothing(template)
    return Answer(True, f"{compared} conversations were lengthened, and none changed what stood before")


def trains_stop_token(chat_template: Template = None, *, tokenizer: Any = None) -> Answer:
    """Whether what ends an assistant's turn is among what is learned.

    Where it is not, the tuned model never learns to stop.

    Raises:
        InputError: no such template, or one that prints none of the conversations tried.

    Example:
        >>> trains_stop_token("chatml").data["stop"]
        '<|im_end|>'

    Explained in: masks.md#loss-masking
    """
    template = prepare(chat_template, tokenizer=tokenizer)
    turns, text = first_text(template, CHAT, [SYSTEM, *CHAT], [ASK, SAY])
    answers = [turn["content"] for turn in turns if turn["role"] == "assistant"]
    try:
        rendered = template.render(in_its_form(template, turns)[0])
    except InputError as error:
        return Answer(False, f"the template does not say what the assistant wrote: {error.faults[0].found}")
    if not rendered.spans:
        return Answer(False, "the template marks nothing of the assistant's as learned", {"stop": ""})
    stops = []
    for content in answers:
        at = text.find(content)
        span = next((s for s in rendered.spans if s[0] <= at < s[1]), None)
        if span is None:
            return Answer(False, f"{content!r} is not learned at all", {"stop": ""})
        stops.append(_stop_in(rendered.text, at + len(content), rendered.spans))
    if not all(stops):
        missing = answers[stops.index("")]
        at = text.find(missing) + len(missing)
        follows = text[at : at + 24]
        seen = f"{follows!r} follows it and is not learned" if follows.strip() else "no token ends the turn"
        return Answer(False, f"of {missing!r} nothing after the words is learned: {seen}", {"stop": ""})
    return Answer(True, f"{answers[0]!r} is learned together with {stops[0]!r}", {"stop": stops[0]})


def adds_default_system(chat_template: Template = None, *, tokenizer: Any = None) -> Answer:
    """Whether words that nobody wrote stand before the first message.

    Raises:
        InputError: no such template, or one that prints none of the conversations tried.

    Example:
        >>> answer = adds_default_system("smollm2")
        >>> answer.yes, answer.data["default"][:42]
        (True, 'You are a helpful AI assistant named SmolL')

    Explained in: chat-templates.md#what-goes-wrong
    """
    template = prepare(chat_template, tokenizer=tokenizer)
    turns, text = first_text(template, [ASK], [ASK, SAY], [ASK, SAY, MORE])
    before = text[: text.find(turns[0]["content"])]
    tokens = special_tokens(tokenizer).values()
    plain = before
    for token in tokens:
        plain = plain.replace(token, "\n")
    lines = [line.strip() for line in _TAG.sub("\n", plain).splitlines()]
    words = [line for line in lines if len(_WORD.findall(line)) >= 3 or _is_dense(line)]
    if not words:
        return Answer(False, f"before the first message stands {before[-60:]!r} and no sentence")
    default = "\n".join(words)
    evidence = f"a conversation without a system message begins with {_short(default)!r}"
    return Answer(True, evidence, {"default": default})


def ignores_tools(chat_template: Template = None, *, tokenizer: Any = None) -> Answer:
    """Whether `tools` leave no trace in the text.

    Raises:
        InputError: no such template, or one that prints none of the conversations tried.

    Example:
        >>> ignores_tools("smollm2").yes, ignores_tools("qwen").yes
        (True, False)

    Explained in: chat-templates.md#what-goes-wrong
    """
    template = prepare(chat_template, tokenizer=tokenizer)
    tried = [[ASK], [SYSTEM, ASK], [ASK, SAY], CHAT]
    turns, _ = first_text(template, *tried)
    text = text_of(template, turns, tools=[TOOL])
    if text is None:
        return Answer(True, "the template fails when it is given tools", {"fails": True})
    if TOOL["function"]["name"] in text:
        at = text.index(TOOL["function"]["name"])
        return Answer(False, f"the tool stands in the text: {text[max(0, at - 30) : at + 20]!r}")
    return Answer(True, "the tool 'river_depth' was given and its name is nowhere in the text")


def drops_tool_calls(chat_template: Template = None, *, tokenizer: Any = None) -> Answer:
    """Whether an assistant's `tool_calls` are missing from the text.

    Raises:
        InputError: no such template.

    Example:
        >>> drops_tool_calls("smollm2").yes, drops_tool_calls("qwen").yes
        (True, False)

    Explained in: chat-templates.md#what-goes-wrong
    """
    template = prepare(chat_template, tokenizer=tokenizer)
    for turns in ([ASK, CALL], [ASK, CALL, RESULT, SAY]):
        text = text_of(template, turns, tools=[TOOL])
        if text is not None:
            without = text_of(template, turns)
            found = "Tejo" in text or (without is not None and "Tejo" in without)
            said = "stands" if found else "was made and does not stand"
            return Answer(not found, f"a call of 'river_depth' {said} in the text")
    return Answer(True, "the template fails on a message with tool calls", {"fails": True})


def drops_system(chat_template: Template = None, *, tokenizer: Any = None) -> Answer:
    """Whether a system message is refused or left out.

    Raises:
        InputError: no such template.

    Example:
        >>> drops_system("chatml").yes
        False

    Explained in: chat-templates.md#messages
    """
    template = prepare(chat_template, tokenizer=tokenizer)
    text = text_of(template, [SYSTEM, *CHAT])
    if text is None:
        return Answer(True, "the template fails on a conversation with a system message", {"fails": True})
    if SYSTEM["content"] in text:
        at = text.index(SYSTEM["content"])
        return Answer(False, f"it stands in the text: {text[max(0, at - 24) : at + 30]!r}")
    return Answer(True, f"{SYSTEM['content']!r} was given and is nowhere in the text")


def strips_thinking(chat_template: Template = None, *, tokenizer: Any = None) -> Answer:
    """Whether the reasoning of some assistant turn, given as `reasoning_content`, is not in the text.

    Raises:
        InputError: no such template.

    Example:
        >>> strips_thinking("chatml").yes
        True

    Explained in: chat-templates.md#template-families
    """
    template = prepare(chat_template, tokenizer=tokenizer)
    turns = [ASK, {**SAY, "reasoning_content": "Reeds grow."}, MORE]
    turns.append({**LAST, "reasoning_content": "Boats float."})
    text = text_of(template, turns)
    if text is None:
        return Answer(True, "the template fails on a message with reasoning", {"fails": True})
    kept = {"earlier": "Reeds grow." in text, "last": "Boats float." in text}
    missing = [place for place, found in kept.items() if not found]
    if not missing:
        return Answer(False, "the reasoning of an earlier and of the last turn stands in the text", kept)
    return Answer(True, f"missing from the text: the reasoning of the {' and the '.join(missing)} turn", kept)


def trims_content(chat_template: Template = None, *, tokenizer: Any = None) -> Answer:
    """Whether white space at the ends of what is said gets lost.

    Raises:
        InputError: no such template, or one that prints none of the conversations tried.

    Example:
        >>> trims_content("chatml").yes, trims_content("llama3").yes
        (False, True)

    Explained in: chat-templates.md#what-goes-wrong
    """
    template = prepare(chat_template, tokenizer=tokenizer)
    lost = {}
    printed = False
    for said in ("\n\nQ1", "Q1\n\n", "  Q1", "Q1  "):
        for index, message in enumerate(CHAT):
            turns = [*CHAT[:index], {**message, "content": said}, *CHAT[index + 1 :]]
            text = text_of(template, turns)
            if text is None or "Q1" not in text:
                continue
            printed = True
            # White space that the template adds itself must not pass for what was said.
            bare = text_of(template, [*CHAT[:index], {**message, "content": "Q1"}, *CHAT[index + 1 :]])
            if bare is not None and text != bare.replace("Q1", said):
                lost.setdefault(message["role"], (said, text))
    if not printed:
        raise prints_nothing(template)
    if not lost:
        return Answer(False, "white space before and after the words stood in the text as it was given")
    role, (said, text) = next(iter(lost.items()))
    at = text.index("Q1")
    evidence = f"the {role}'s {said!r} became {text[max(0, at - 14) : at + 14]!r}"
    return Answer(True, evidence, {"roles": list(lost)})


def doubles_bos(chat_template: Template = None, *, tokenizer: Any = None) -> Answer:
    """Whether tokenizing the rendered text, as one does by habit, puts a second BOS before it.

    Raises:
        InputError: no such template, or one that prints none of the conversations tried.

    Example:
        >>> doubles_bos("llama3").yes
        False

    Explained in: chat-templates.md#what-goes-wrong
    """
    template = prepare(chat_template, tokenizer=tokenizer)
    _, text = first_text(template, [ASK, SAY], [SYSTEM, ASK, SAY])
    bos = special_tokens(tokenizer).get("bos_token")
    if not bos:
        return Answer(False, "the tokenizer has no BOS token")
    if text.startswith(bos + bos):
        return Answer(True, f"the template itself begins with {bos + bos!r}", {"by": "template"})
    ids, number = _encoded(text, tokenizer, bos)
    if ids[:2] == [number, number]:
        evidence = f"the text begins with {bos!r} and the tokenizer adds it again: ids {ids[:4]}"
        return Answer(True, evidence, {"by": "tokenizer", "input_ids": ids[:4]})
    who = "the template writes it" if text.startswith(bos) else "the template does not write it"
    return Answer(False, f"{who}, and the tokenizer makes ids {ids[:4]} ({bos!r} is {number})")


def _encoded(text: str, tokenizer: Any, bos: str) -> tuple[list[int], int | None]:
    if tokenizer is None or not callable(tokenizer):
        from tokenizers import Tokenizer

        backend = tokenizer or Tokenizer.from_file(str(EMBEDDED_TOKENIZER / "tokenizer.json"))
        return backend.encode(text).ids, backend.token_to_id(bos)
    return list(tokenizer(text)["input_ids"]), tokenizer.convert_tokens_to_ids(bos)


def _stop_in(text: str, at: int, spans: list[tuple[int, int]]) -> str:
    """What is learned between the end of the words and the next thing that is not."""
    end = at
    for start, stop in spans:
        if start <= end < stop:
            end = stop
    return text[at:end].strip()


def _is_dense(line: str) -> bool:
    return len(re.findall(r"[\u3400-\u9fff]", line)) >= 4


def _short(text: str) -> str:
    return text if len(text) <= 80 else text[:77] + "..."
