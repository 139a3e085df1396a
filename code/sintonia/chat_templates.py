"""A conversation becomes the exact text a model sees, and the spans of it that the assistant wrote.

A chat template is a Jinja program. Where it marks the assistant's part with `{% generation %}`, the
spans are read off those marks; where it does not, they are derived by rendering prefixes of the
conversation, and refused, with the reason, when the template does not allow an exact answer.
"""

from __future__ import annotations

import json
import re
import secrets
from dataclasses import dataclass
from datetime import datetime
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

import jinja2
import jinja2.ext
from jinja2 import nodes
from jinja2.sandbox import ImmutableSandboxedEnvironment

from sintonia.conversations import Conversation
from sintonia.errors import Fault, InputError, first_line

PACKAGE = Path(__file__).parent
EMBEDDED_TOKENIZER = PACKAGE / "embedded" / "smollm2"
TEMPLATE_FOLDER = PACKAGE / "templates"
DEFAULT_TEMPLATE = "smollm2"
# What a template, run in the sandbox, can raise besides Jinja's own errors.
_TEMPLATE_FAILURES = (TypeError, ValueError, LookupError, AttributeError, ArithmeticError, RecursionError)
_SPECIAL_TOKENS = ("bos_token", "eos_token", "pad_token", "unk_token")
# Drawn anew in each process, so that no conversation can contain them; removed again from the text.
_OPEN, _CLOSE = f"\ufdd0{secrets.token_hex(8)}\ufdd2", f"\ufdd1{secrets.token_hex(8)}\ufdd2"


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


def render(
    conversation: Conversation,
    chat_template: str | Path | None = None,
    *,
    tokenizer: Any = None,
    add_generation_prompt: bool = False,
    tools: list[Any] | None = None,
) -> Rendered:
    """Render one conversation, as `apply_chat_template` would, and say what the assistant wrote.

    Args:
        conversation: list of `{"role", "content"}` dicts.
        chat_template: name of a template shipped here (`template_names()`), path of a Jinja file, or
            Jinja source. `None` takes the tokenizer's own, or without one SmolLM2's.
        tokenizer: gives its own template and its special tokens; `None` is the embedded SmolLM2.
        add_generation_prompt: end with the header that asks for the assistant's next turn.
        tools: descriptions passed to the template as `tools`.

    Raises:
        InputError: there is no such template, the template fails on this conversation, or it gives
            no exact answer to the question which characters the assistant wrote.

    Example:
        >>> rendered = render([{"role": "system", "content": "Be brief."},
        ...                    {"role": "user", "content": "Oi"},
        ...                    {"role": "assistant", "content": "Olá!"}])
        >>> rendered.assistant_texts
        ['Olá!<|im_end|>']

    Explained in: chat-templates.md#apply-chat-template
    """
    name, source = find_template(chat_template, tokenizer)
    template = _compile(source)
    values = {**special_tokens(tokenizer), "tools": tools, "documents": None}
    text = template.text(name, conversation, add_generation_prompt, values)
    if template.marked:
        return Rendered(text, template.spans(name, conversation, add_generation_prompt, values, text))
    return Rendered(text, _derive_spans(name, template, conversation, values, text))


def has_generation_markers(chat_template: str | Path | None = None, tokenizer: Any = None) -> bool:
    """Whether a template marks the assistant's part with `{% generation %}`.

    Read from the parsed program, so a marker in a comment does not count and `{%+ generation %}` does.

    Example:
        >>> has_generation_markers("smollm2"), has_generation_markers("smollm2-original")
        (True, False)

    Explained in: chat-templates.md#generation-markers
    """
    return _compile(find_template(chat_template, tokenizer)[1]).marked


def template_names() -> list[str]:
    """Names of the templates shipped with the package.

    Example:
        >>> "chatml" in template_names()
        True

    Explained in: chat-templates.md#template-families
    """
    return sorted(path.stem for path in TEMPLATE_FOLDER.glob("*.jinja"))


def find_template(chat_template: str | Path | None = None, tokenizer: Any = None) -> tuple[str, str]:
    """`(name, source)` of a template given by name, path or source, or of a tokenizer's own.

    Raises:
        InputError: no such template, or a tokenizer that has none.

    Example:
        >>> find_template("chatml")[0]
        'chatml'

    Explained in: chat-templates.md#template-families
    """
    if chat_template is None:
        if tokenizer is None:
            return DEFAULT_TEMPLATE, _read(TEMPLATE_FOLDER / f"{DEFAULT_TEMPLATE}.jinja")
        own = getattr(tokenizer, "chat_template", None)
        if isinstance(own, dict):
            own = own.get("default")
        if not own:
            name = getattr(tokenizer, "name_or_path", "") or "the tokenizer"
            raise InputError(
                Fault(str(name), "no chat template", "one", f"pass --template {DEFAULT_TEMPLATE}")
            )
        return "the tokenizer's own template", own
    given = str(chat_template)
    if given in template_names():
        return given, _read(TEMPLATE_FOLDER / f"{given}.jinja")
    if "{%" in given or "{{" in given:
        return "the given template", given
    path = Path(given).expanduser()
    if path.is_file():
        return given, _read(path)
    found = "a directory" if path.is_dir() else "no such template"
    names = ", ".join(template_names())
    raise InputError(Fault(given, found, f"one of {names}, or the path of a Jinja file"))


def special_tokens(tokenizer: Any = None) -> dict[str, str]:
    """The special tokens that a template may name, such as `bos_token`.

    Example:
        >>> special_tokens()["eos_token"]
        '<|im_end|>'

    Explained in: chat-templates.md#chatml-by-hand
    """
    if tokenizer is None:
        return dict(_embedded_special_tokens())
    found = {name: getattr(tokenizer, name, None) for name in _SPECIAL_TOKENS}
    return {name: str(token) for name, token in found.items() if token is not None}


@cache
def _embedded_special_tokens() -> dict[str, str]:
    config = json.loads((EMBEDDED_TOKENIZER / "tokenizer_config.json").read_text("utf-8"))
    return {name: config[name] for name in _SPECIAL_TOKENS}


def _read(path: Path) -> str:
    try:
        # newline="": a template is bytes-exact, so a carriage return in it stays one.
        with path.open(encoding="utf-8", newline="") as stream:
            return stream.read()
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(Fault(str(path), str(error), "a Jinja template in UTF-8")) from None


class _GenerationTag(jinja2.ext.Extension):
    """`{% generation %}...{% endgeneration %}`: what is inside was written by the assistant."""

    tags = {"generation"}

    def parse(self, parser: jinja2.parser.Parser) -> nodes.Node:
        line = next(parser.stream).lineno
        body = parser.parse_statements(("name:endgeneration",), drop_needle=True)
        block = nodes.CallBlock(self.call_method("_wrap"), [], [], body)
        return block.set_lineno(line)

    def _wrap(self, caller: Any) -> str:
        return self.environment.marks[0] + caller() + self.environment.marks[1]


def _environment(marks: tuple[str, str]) -> ImmutableSandboxedEnvironment:
    """The sandbox that transformers renders in, with marks of ours around `{% generation %}`."""
    environment = ImmutableSandboxedEnvironment(
        trim_blocks=True,
        lstrip_blocks=True,
        extensions=[_GenerationTag, jinja2.ext.loopcontrols],
    )
    environment.marks = marks
    environment.filters["tojson"] = _to_json
    environment.globals["raise_exception"] = _raise_exception
    environment.globals["strftime_now"] = lambda form: datetime.now().strftime(form)
    return environment


def _to_json(value: Any, ensure_ascii: bool = False, **options: Any) -> str:
    """Jinja's own filter escapes for HTML; a model must see the characters themselves."""
    return json.dumps(value, ensure_ascii=ensure_ascii, **options)


def _raise_exception(message: str) -> None:
    raise jinja2.TemplateError(message)


class _Template:
    """One template, compiled twice: as it is, and with marks where the assistant's part is."""

    def __init__(self, source: str) -> None:
        plain, marked = _environment(("", "")), _environment((_OPEN, _CLOSE))
        try:
            tree = plain.parse(source)
            self._plain = plain.from_string(source)
            self._marked = marked.from_string(source)
        except jinja2.TemplateSyntaxError as error:
            where = f"the template, line {error.lineno}"
            raise InputError(Fault(where, str(error.message), "a valid Jinja template")) from None
        calls = (block.call.node for block in tree.find_all(nodes.CallBlock))
        self.marked = any(
            isinstance(call, nodes.ExtensionAttribute) and call.name == "_wrap" for call in calls
        )

    def text(self, name: str, conversation: Conversation, prompt: bool, values: dict[str, Any]) -> str:
        return _run(self._plain, name, conversation, prompt, values)

    def spans(
        self, name: str, conversation: Conversation, prompt: bool, values: dict[str, Any], text: str
    ) -> list[tuple[int, int]]:
        marked = _run(self._marked, name, conversation, prompt, values)
        unmarked, spans = _read_marks(marked)
        if unmarked != text:
            raise InputError(
                Fault(
                    name,
                    "markers that change the text (it trims or measures what they enclose)",
                    "the same text with and without {% generation %}",
                    "move the markers to where the text is printed",
                )
            )
        return spans


@lru_cache(maxsize=64)
def _compile(source: str) -> _Template:
    return _Template(source)


def _run(
    template: jinja2.Template,
    name: str,
    conversation: Conversation,
    prompt: bool,
    values: dict[str, Any],
) -> str:
    try:
        return template.render(messages=conversation, add_generation_prompt=prompt, **values)
    except (jinja2.TemplateError, *_TEMPLATE_FAILURES) as error:
        roles = ", ".join(str(turn.get("role")) for turn in conversation) or "none"
        raise InputError(
            Fault(
                name,
                f"a template that fails on this conversation ({first_line(error)}; roles: {roles})",
                "a conversation that the template accepts",
                "change the conversation, or pass another --template",
            )
        ) from None


def _read_marks(marked: str) -> tuple[str, list[tuple[int, int]]]:
    pieces: list[str] = []
    spans: list[tuple[int, int]] = []
    length = start = 0
    for piece in re.split(f"({_OPEN}|{_CLOSE})", marked):
        if piece == _OPEN:
            start = length
        elif piece == _CLOSE:
            if length > start:
                spans.append((start, length))
        else:
            pieces.append(piece)
            length += len(piece)
    return "".join(pieces), spans


def _derive_spans(
    name: str,
    template: _Template,
    conversation: Conversation,
    values: dict[str, Any],
    text: str,
) -> list[tuple[int, int]]:
    """Spans of a template without markers, from its own prefixes; exact or refused.

    The assistant's turn is what appears when it is added: it begins where the generation prompt ends,
    because that is where the model begins to write, and ends after its end-of-turn token, so before
    the white space that only separates turns.
    """
    spans = []
    for index, message in enumerate(conversation):
        if message["role"] != "assistant":
            continue
        before = template.text(name, conversation[:index], True, values)
        through = template.text(name, conversation[: index + 1], False, values)
        content = message["content"] or ""
        turn = through[len(before) :]
        if not (through.startswith(before) and text.startswith(through) and content in turn):
            raise InputError(
                Fault(
                    name,
                    f"no {{% generation %}} markers, and message {index + 1} is not rendered the same "
                    "alone as in the whole conversation",
                    "markers, or a template that keeps what it has written",
                    "pass --template with one that has markers, such as chatml",
                )
            )
        content_end = turn.index(content) + len(content)
        end = len(before) + max(content_end, len(turn.rstrip()))
        if end > len(before):
            spans.append((len(before), end))
    return spans
