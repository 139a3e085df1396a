"""A conversation becomes the exact text a model sees, and the spans of it that the assistant wrote.

A chat template is a Jinja program. `prepare` compiles one for many conversations, `render` is the same
for one. Where the template marks the assistant's part with `{% generation %}`, the spans are read off
those marks; where it does not, `template_spans` derives them, or refuses with the reason.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from sintonia.conversations import Conversation
from sintonia.errors import Fault, InputError, first_line
from sintonia.sandbox import TEMPLATE_FAILURES
from sintonia.template_data import plain_messages, plain_options, plain_tools
from sintonia.template_files import (
    DEFAULT_TEMPLATE,
    EMBEDDED_TOKENIZER,
    PACKAGE,
    TEMPLATE_FOLDER,
    find_template,
    special_tokens,
    template_names,
)
from sintonia.template_program import Printed, program
from sintonia.template_spans import derive_spans

__all__ = [
    "DEFAULT_TEMPLATE",
    "EMBEDDED_TOKENIZER",
    "PACKAGE",
    "TEMPLATE_FOLDER",
    "PreparedTemplate",
    "Rendered",
    "find_template",
    "has_generation_markers",
    "plain_messages",
    "prepare",
    "render",
    "special_tokens",
    "template_names",
]


@dataclass(frozen=True)
class Rendered:
    """The text of a conversation and where the assistant wrote.

    Args:
        text: what the model sees, before it is cut into tokens.
        spans: `(start, end)` character offsets into `text`, one for each assistant turn, its
            end-of-turn token included, in order, never overlapping.
    """

    text: str
    spans: list[tuple[int, int]]

    @property
    def assistant_texts(self) -> list[str]:
        """The supervised pieces of `text`, in order."""
        return [self.text[start:end] for start, end in self.spans]


class PreparedTemplate:
    """One template with its special tokens, ready for many conversations; made by `prepare`.

    Attributes:
        name: what errors call it.
        source: its Jinja source.
        marked: whether it marks the assistant's part with `{% generation %}`.
    """

    def __init__(self, name: str, source: str, tokens: dict[str, str]) -> None:
        self.name, self.source = name, source
        self._tokens = tokens
        self._program = program(source)
        self.marked = self._program.marked

    def render(
        self,
        conversation: Conversation,
        *,
        add_generation_prompt: bool = False,
        tools: list[Any] | None = None,
        template_kwargs: dict[str, Any] | None = None,
    ) -> Rendered:
        """Render one conversation. Safe to call from several threads at once.

        A message with `"weight": 0` is printed and has no span: it is context, not something to learn.

        Raises:
            InputError: as `sintonia.render`.

        Example:
            >>> prepare("chatml").render([{"role": "assistant", "content": "Olá!"}]).spans
            [(22, 36)]

        Explained in: chat-templates.md#generation-markers
        """
        messages = plain_messages(conversation)
        values = self._values(tools, template_kwargs)
        program_ = self._program
        skipped = [i for i, m in enumerate(messages) if m.get("weight") == 0 and m.get("role") == "assistant"]

        def run(turns: list[dict[str, Any]], prompt: bool, variant: str = "turns") -> Printed:
            return self._run(variant, turns, prompt, values)

        if not program_.marked:
            text, spans = derive_spans(
                self.name, run, messages, add_generation_prompt, self._tokens.get("eos_token")
            )
            return Rendered(text, [span for index, span in spans.items() if index not in skipped])
        printed = run(messages, add_generation_prompt, "turns" if skipped else "marked")
        if not program_.direct and run(messages, add_generation_prompt, "plain").text != printed.text:
            raise InputError(
                Fault(
                    self.name,
                    "markers that change the text (it trims or measures what they enclose)",
                    "the same text with and without {% generation %}",
                    "move the markers to where the text is printed",
                )
            )
        if skipped:
            return Rendered(printed.text, self._without(printed, skipped))
        return Rendered(printed.text, printed.spans)

    def text(
        self,
        conversation: Conversation,
        *,
        add_generation_prompt: bool = False,
        tools: list[Any] | None = None,
        template_kwargs: dict[str, Any] | None = None,
    ) -> str:
        """Only the text of `render`: also for a template that does not say what the assistant wrote.

        Raises:
            InputError: the template fails on this conversation or goes past the sandbox's limits.

        Example:
            >>> prepare("chatml").text([{"role": "user", "content": "Oi"}])
            '<|im_start|>user\\nOi<|im_end|>\\n'

        Explained in: chat-templates.md#apply-chat-template
        """
        values = self._values(tools, template_kwargs)
        return self._run("plain", plain_messages(conversation), add_generation_prompt, values).text

    def _values(self, tools: list[Any] | None, options: dict[str, Any] | None) -> dict[str, Any]:
        values = {**self._tokens, "documents": None, "tools": plain_tools(tools)}
        if options:
            values.update(plain_options(options))
        return values

    def _run(
        self, variant: str, messages: list[dict[str, Any]], prompt: bool, values: dict[str, Any]
    ) -> Printed:
        given = {**values, "messages": messages, "add_generation_prompt": prompt}
        try:
            return self._program.run(variant, given)
        except TEMPLATE_FAILURES as error:
            raise _failure(self.name, messages, error) from None

    def _without(self, printed: Printed, skipped: list[int]) -> list[tuple[int, int]]:
        """The spans of the messages whose weight is not 0."""
        kept = []
        for start, end in printed.spans:
            owners = [
                index
                for index, regions in printed.turns.items()
                if any(left <= start and end <= right for left, right in regions)
            ]
            if len(owners) != 1:
                raise InputError(
                    Fault(
                        self.name,
                        "a message with weight 0, and markers that do not say whose text they enclose",
                        "one {% generation %} block for each message, inside the loop over messages",
                        "remove 'weight', or pass --template chatml",
                    )
                )
            if owners[0] not in skipped:
                kept.append((start, end))
        return kept


def prepare(chat_template: str | Path | None = None, *, tokenizer: Any = None) -> PreparedTemplate:
    """Find and compile a template once, for many conversations.

    Args:
        chat_template: as in `render`.
        tokenizer: as in `render`.

    Returns:
        The prepared template; the same object for the same source and special tokens.

    Raises:
        InputError: there is no such template, or it is no valid Jinja.

    Example:
        >>> template = prepare("chatml")
        >>> template.name, template.marked, template is prepare("chatml")
        ('chatml', True, True)

    Explained in: chat-templates.md#template-families
    """
    name, source = find_template(chat_template, tokenizer)
    return _prepare(name, source, tuple(special_tokens(tokenizer).items()))


@lru_cache(maxsize=64)
def _prepare(name: str, source: str, tokens: tuple[tuple[str, str], ...]) -> PreparedTemplate:
    return PreparedTemplate(name, source, dict(tokens))


def render(
    conversation: Conversation,
    chat_template: str | Path | None = None,
    *,
    tokenizer: Any = None,
    add_generation_prompt: bool = False,
    tools: list[Any] | None = None,
    template_kwargs: dict[str, Any] | None = None,
) -> Rendered:
    """Render one conversation, as `apply_chat_template` would, and say what the assistant wrote.

    Args:
        conversation: list of `{"role", "content"}` dicts.
        chat_template: name of a template shipped here (`template_names()`), path of a Jinja file, or
            Jinja source. `None` takes the tokenizer's own, or without one SmolLM2's.
        tokenizer: gives its own template and its special tokens; `None` is the embedded SmolLM2.
        add_generation_prompt: end with the header that asks for the assistant's next turn.
        tools: descriptions (JSON schemas as dicts) passed to the template as `tools`.
        template_kwargs: further names for the template, such as `{"enable_thinking": False}`.

    Raises:
        InputError: there is no such template, the template fails on this conversation or goes past the
            sandbox's limits, or it gives no exact answer to the question which characters the
            assistant wrote.

    Example:
        >>> rendered = render([{"role": "system", "content": "Be brief."},
        ...                    {"role": "user", "content": "Oi"},
        ...                    {"role": "assistant", "content": "Olá!"}])
        >>> rendered.assistant_texts
        ['Olá!<|im_end|>']

    Explained in: chat-templates.md#apply-chat-template
    """
    return prepare(chat_template, tokenizer=tokenizer).render(
        conversation,
        add_generation_prompt=add_generation_prompt,
        tools=tools,
        template_kwargs=template_kwargs,
    )


def has_generation_markers(chat_template: str | Path | None = None, tokenizer: Any = None) -> bool:
    """Whether a template marks the assistant's part with `{% generation %}`.

    Read from the parsed program, so a marker in a comment does not count and `{%+ generation %}` does.

    Example:
        >>> has_generation_markers("smollm2"), has_generation_markers("smollm2-original")
        (True, False)

    Explained in: chat-templates.md#generation-markers
    """
    return program(find_template(chat_template, tokenizer)[1]).marked


def _failure(name: str, conversation: Conversation, error: BaseException) -> InputError:
    roles = ", ".join(str(turn.get("role")) for turn in conversation[:12]) or "none"
    more = ", ..." if len(conversation) > 12 else ""
    return InputError(
        Fault(
            name,
            f"a template that fails on this conversation ({first_line(error)}; roles: {roles}{more})",
            "a conversation that the template accepts",
            "change the conversation, or pass another --template",
        )
    )
