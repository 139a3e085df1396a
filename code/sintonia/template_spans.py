"""Which characters of a rendered conversation the assistant wrote: read off marks, or derived exactly.

A template with `{% generation %}` says it. One without is watched while it prints: a mark at each turn
of a loop over the messages shows which text belongs to which message. The model's part of that text
begins where the generation prompt ends, because that is where a model begins to write, and ends after
the end-of-turn token. Where the template gives no exact answer it is refused, with the reason.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sintonia.errors import Fault, InputError
from sintonia.template_program import Printed, Span

# Digits: no template trims them, changes their case or finds a tag in them.
_PROBE = f"90{secrets.randbelow(10**16):016d}"
_REASONING = ("reasoning_content", "thinking", "reasoning")
_MARKERS_FIX = "pass --template with one that has markers, such as chatml"
Run = Callable[[list[dict[str, Any]], bool], "Printed"]


def derive_spans(
    name: str, run: Run, messages: list[dict[str, Any]], prompt: bool, eos: str | None
) -> tuple[str, dict[int, Span]]:
    """Text and spans of a template without markers: exact, or refused with the reason.

    Args:
        name: of the template, for errors.
        run: renders messages, with or without the generation prompt, and marks the turns.
        messages: the conversation as the template is to see it.
        prompt: whether the text ends with the generation prompt.
        eos: the end-of-sequence token, which some templates print once, after the last turn.

    Returns:
        The text, and index of an assistant message -> its span.

    Raises:
        InputError: the template does not say which characters are the assistant's.
    """
    whole = run(messages, prompt)
    spans: dict[int, Span] = {}
    asked = [i for i, message in enumerate(messages) if message.get("role") == "assistant"]
    probe = _probe(run, messages, prompt) if asked else None
    for index in asked:
        turn = _Turn(name, run, messages, index, whole, probe)
        span = turn.span()
        after = whole.text[whole.end or span[1] :]
        if index == len(messages) - 1 and not prompt and eos and after.strip() == eos:
            span = span[0], len(whole.text) - len(after) + after.index(eos) + len(eos)
        if span[1] > span[0]:
            spans[index] = span
    return whole.text, spans


@dataclass
class _Turn:
    """One assistant message in the text, and the question where the model's part of it lies."""

    name: str
    run: Run
    messages: list[dict[str, Any]]
    index: int
    whole: Printed
    probe: Printed | None

    def span(self) -> Span:
        regions = self.whole.turns.get(self.index, [])
        probed = self.probe.turns.get(self.index, []) if self.probe else []
        if len(regions) != 1 or len(probed) != 1:
            return self._by_prefix()
        (begin, end), seen = regions[0], self.probe.text[slice(*probed[0])]
        self._check_content(seen)
        said = [place.span() for place in re.finditer(f"{_mark_of(self.index)[:-1]}[37]", seen)]
        start = self._start(begin, end, seen[: said[0][0]] if said else None)
        return start, self._end(begin, end, seen[said[-1][1] :] if said else None)

    def _check_content(self, seen: str) -> None:
        message = self.messages[self.index]
        if _has_text(message) and not message.get("tool_calls") and _mark_of(self.index) not in seen:
            raise self._refusal("its content is not in the text")
        for other in range(len(self.messages)):
            if other != self.index and _mark_of(other) in seen:
                raise self._refusal(f"message {other + 1} is printed inside it")

    def _start(self, begin: int, end: int, head: str | None) -> int:
        """The end of the generation prompt, which is where the model begins to write."""
        text, before = self.whole.text, _try(self.run, self.messages[: self.index], True)
        if before is not None:
            if text.startswith(before.text) and begin <= len(before.text) <= end:
                return len(before.text)
            earlier = self.whole.turns.get(self.index - 1, [])
            prompted = before.turns.get(self.index - 1, [])
            if len(earlier) == len(prompted) == 1:
                asked = before.text[prompted[0][0] :]
                at = earlier[0][0] + len(asked)
                if text.startswith(asked, earlier[0][0]) and begin <= at <= end:
                    return at
            plain = _try(self.run, self.messages[: self.index], False)
            silent = plain is not None and plain.text == before.text
        else:
            before = _try(self.run, [{"role": "user", "content": _mark_of(self.index)}], True)
            silent = False
        if before is None or before.end is None:
            raise self._refusal("what comes before it cannot be rendered")
        header = before.text[before.end :]
        if (header or silent) and text.startswith(header, begin) and begin + len(header) <= end:
            return begin + len(header)
        # The prompt opens a thinking block, say, that the template leaves out of earlier turns.
        common = _common_prefix(head or "", header)
        if common and not common[-1].isalnum() and text.startswith(common, begin):
            return begin + len(common)
        raise self._refusal(f"it does not begin with the generation prompt {header[:60]!r}")

    def _end(self, begin: int, end: int, tail: str | None) -> int:
        """After the end-of-turn token, or after the content where the template writes none."""
        text = self.whole.text[begin:end]
        if tail is not None and not tail.strip():
            if not text.endswith(tail):
                raise self._refusal("what follows its content cannot be told from the content")
            return end - len(tail)
        return begin + len(text.rstrip())

    def _by_prefix(self) -> Span:
        """From the conversation's own prefixes, for a template whose loop cannot be watched."""
        before = _try(self.run, self.messages[: self.index], True)
        through = _try(self.run, self.messages[: self.index + 1], False)
        content = self.messages[self.index].get("content") or ""
        if before is None or through is None or not isinstance(content, str):
            raise self._refusal("its prefix cannot be rendered")
        turn = through.text[len(before.text) :]
        grows = through.text.startswith(before.text) and self.whole.text.startswith(through.text)
        if not grows or content not in turn:
            raise self._refusal("no loop over the messages prints it in one piece")
        content_end = turn.index(content) + len(content)
        return len(before.text), len(before.text) + max(content_end, len(turn.rstrip()))

    def _refusal(self, reason: str) -> InputError:
        return InputError(
            Fault(
                self.name,
                f"no {{% generation %}} markers, and message {self.index + 1} is not rendered the same "
                f"alone as in the whole conversation ({reason})",
                "markers, or a template that keeps what it has written",
                _MARKERS_FIX,
            )
        )


def _try(run: Run, messages: list[dict[str, Any]], prompt: bool) -> Printed | None:
    try:
        return run(messages, prompt)
    except InputError:
        return None


def _mark_of(index: int) -> str:
    return f"{_PROBE}{index:05d}7"


def _has_text(message: dict[str, Any]) -> bool:
    content = message.get("content")
    if isinstance(content, list):
        return any(isinstance(part, dict) and str(part.get("text") or "").strip() for part in content)
    return isinstance(content, str) and bool(content.strip())


def _probe(run: Run, messages: list[dict[str, Any]], prompt: bool) -> Printed | None:
    """The conversation with digits in place of what is said, to see where the template prints it.

    Some templates refuse words beside a tool call; those then get them only where some stood before.
    """
    for everywhere in (True, False):
        turns = [_probed(message, index, everywhere) for index, message in enumerate(messages)]
        if printed := _try(run, turns, prompt):
            return printed
    return None


def _probed(message: dict[str, Any], index: int, everywhere: bool) -> dict[str, Any]:
    thought = {name: _mark_of(index)[:-1] + "3" for name in _REASONING if isinstance(message.get(name), str)}
    content = message.get("content")
    if isinstance(content, list):
        content = type(content)(
            type(part)(part, text=_mark_of(index)) if isinstance(part, dict) and part.get("text") else part
            for part in content
        )
    elif content or everywhere:
        content = _mark_of(index)
    return {**message, **thought, **({"content": content} if "content" in message or everywhere else {})}


def _common_prefix(one: str, other: str) -> str:
    length = 0
    for left, right in zip(one, other, strict=False):
        if left != right:
            break
        length += 1
    return one[:length]
