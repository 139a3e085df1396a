"""A chat template compiled so that it says, while it prints, whose text it is printing.

`{% generation %}` becomes a mark before and a mark after; a loop over messages gets a mark at each turn.
The marks are random, and taken out of the text again. Where they are printed straight into the text they
cannot change it; where a macro or a set block holds them first, the caller renders twice and compares.
"""

from __future__ import annotations

import re
import secrets
from dataclasses import dataclass, field
from functools import cache, lru_cache
from typing import Any

import jinja2
import jinja2.ext
from jinja2 import nodes, pass_context

from sintonia.errors import Fault, InputError
from sintonia.sandbox import Sandbox, compile_source, filtered, pieces, sandbox
from sintonia.sandbox_limits import TemplateLimit

Span = tuple[int, int]
# Drawn anew in each process, so that no conversation can contain them; removed again from the text.
_OPEN, _CLOSE = f"\ufdd0{secrets.token_hex(8)}\ufdd2", f"\ufdd1{secrets.token_hex(8)}\ufdd2"
_TURN = f"\ufdd3{secrets.token_hex(8)}"
_MARKS = re.compile(f"({_OPEN}|{_CLOSE}|{_TURN}[0-9:e]*\ufdd2)")
_TURN_FILTER = "sintonia turn"


@dataclass
class Printed:
    """What a template printed, and what its marks say.

    Args:
        text: without the marks.
        spans: what stood inside `{% generation %}`, as `(start, end)` character offsets.
        turns: index of a message -> the spans that a loop printed for it, those without text left out.
        end: where the last loop over messages ended; what follows belongs to no message.
    """

    text: str
    spans: list[Span] = field(default_factory=list)
    turns: dict[int, list[Span]] = field(default_factory=dict)
    end: int | None = None


class Program:
    """One template, compiled in the variants that are asked for.

    Args:
        source: Jinja source.

    Raises:
        InputError: it is no valid template.

    Example:
        >>> program = Program("{% generation %}{{ messages[0].content }}{% endgeneration %}")
        >>> program.marked, program.direct
        (True, True)
        >>> program.run("marked", {"messages": [{"content": "Olá"}]}).spans
        [(0, 3)]
    """

    def __init__(self, source: str) -> None:
        self._source = source
        self._compiled: dict[str, jinja2.Template] = {}
        try:
            tree = _environment().parse(source)
            found = list(_walk(tree, True))
            self.marked = any(_is_generation(node) for node, _ in found)
            self.direct = all(direct for node, direct in found if _is_generation(node))
            self._template("marked" if self.marked and self.direct else "plain")
        except jinja2.TemplateSyntaxError as error:
            where = f"the template, line {error.lineno}"
            raise InputError(Fault(where, str(error.message), "a valid Jinja template")) from None
        except (TemplateLimit, RecursionError) as error:
            found = str(error) if isinstance(error, TemplateLimit) else "nesting too deep to read"
            raise InputError(Fault("the template", found, "a valid Jinja template")) from None

    def run(self, variant: str, values: dict[str, Any]) -> Printed:
        """Render; `variant` is `plain` (text), `marked` (spans) or `turns` (spans and turns).

        Raises:
            sintonia.sandbox.TEMPLATE_FAILURES: whatever the template runs into.
        """
        template = self._template(variant)
        if variant == "plain":
            return Printed("".join(pieces(template, values)))
        turns = {id(message): index for index, message in enumerate(values["messages"])}
        return _read_marks("".join(pieces(template, values, turns)))

    def _template(self, variant: str) -> jinja2.Template:
        if variant not in self._compiled:

            def change(tree: nodes.Template) -> None:
                if variant == "turns":
                    _mark_turns(tree)
                _open_generation(tree, variant != "plain")

            self._compiled[variant] = compile_source(_environment(), self._source, change)
        return self._compiled[variant]


@lru_cache(maxsize=128)
def program(source: str) -> Program:
    """The compiled form of a template, kept for the next time.

    Example:
        >>> program("{{ 1 }}") is program("{{ 1 }}")
        True
    """
    return Program(source)


def _read_marks(marked: str) -> Printed:
    pieces_, spans, turns = [], [], {}
    running: dict[str, tuple[int, int]] = {}  # loop -> (message, start)
    length = 0
    start = None
    printed = Printed("", spans, turns)
    for place, piece in enumerate(_MARKS.split(marked)):
        if place % 2 == 0:
            pieces_.append(piece)
            length += len(piece)
        elif piece == _OPEN:
            if start is not None:
                raise TemplateLimit(
                    "{% generation %} inside {% generation %}, or one that is left by a break"
                )
            start = length
        elif piece == _CLOSE:
            if length > start:
                spans.append((start, length))
            start = None
        else:
            loop, _, message = piece[len(_TURN) : -1].partition(":")
            if loop in running:
                index, begun = running.pop(loop)
                printed.end = length
                if length > begun:
                    turns.setdefault(index, []).append((begun, length))
            if message != "e":
                running[loop] = (int(message), length)
    if start is not None:
        raise TemplateLimit("{% generation %} that is left by a break or a continue")
    printed.text = "".join(pieces_)
    return printed


@cache
def _environment() -> Sandbox:
    environment = sandbox([_GenerationTag])
    environment.filters[_TURN_FILTER] = _turn_mark
    return environment


@pass_context
def _turn_mark(context: Any, message: Any, loop: int) -> str:
    index = context.turns.get(id(message))
    return "" if index is None else f"{_TURN}{loop}:{index}\ufdd2"


class _GenerationTag(jinja2.ext.Extension):
    """`{% generation %}...{% endgeneration %}`: what is inside was written by the assistant."""

    tags = {"generation"}

    def parse(self, parser: jinja2.parser.Parser) -> nodes.Node:
        line = next(parser.stream).lineno
        body = parser.parse_statements(("name:endgeneration",), drop_needle=True)
        block = nodes.CallBlock(self.call_method("_generation"), [], [], body)
        return block.set_lineno(line)


def _is_generation(node: nodes.Node) -> bool:
    call = getattr(node, "call", None)
    target = getattr(call, "node", None)
    return isinstance(target, nodes.ExtensionAttribute) and target.name == "_generation"


def _walk(node: nodes.Node, direct: bool) -> Any:
    """`(node, direct)` below a node: direct where what it prints goes straight into the text."""
    transparent = isinstance(node, (nodes.Template, nodes.If, nodes.With, nodes.Scope)) or (
        isinstance(node, nodes.For) and not node.recursive
    )
    inside = direct and (transparent or _is_generation(node))
    for child in node.iter_child_nodes():
        # A marker inside a marker is not simple either: the inner one is read with two renderings.
        yield child, inside and not (_is_generation(node) and _is_generation(child))
        yield from _walk(child, inside)


def _open_generation(tree: nodes.Node, marks: bool) -> None:
    """Print what `{% generation %}` encloses in its place, with marks around it or without."""
    for node in reversed([tree, *tree.find_all(nodes.Node)]):  # what is inside first
        for name, value in node.iter_fields():
            if isinstance(value, list) and any(map(_is_generation, value)):
                setattr(node, name, [_opened(child, marks) for child in value])


def _opened(node: nodes.Node, marks: bool) -> nodes.Node:
    if not _is_generation(node):
        return node
    body = [_data(_OPEN), *node.body, _data(_CLOSE)] if marks else node.body
    return nodes.Scope(body, lineno=node.lineno)


def _data(text: str) -> nodes.Output:
    return nodes.Output([nodes.TemplateData(text)], lineno=1)


def _mark_turns(tree: nodes.Template) -> None:
    """A mark at the head of each loop's body, which speaks where the item is a message, and one after."""
    loops = [node for node, direct in _walk(tree, True) if direct and isinstance(node, nodes.For)]
    loops = [loop for loop in loops if isinstance(loop.target, nodes.Name) and not loop.recursive]
    numbers = {id(loop): number for number, loop in enumerate(loops)}
    for loop in loops:
        item = nodes.Name(loop.target.name, "load", lineno=loop.lineno)
        mark = filtered(item, _TURN_FILTER)
        mark.args.append(nodes.Const(numbers[id(loop)]))
        loop.body.insert(0, nodes.Output([mark], lineno=loop.lineno))
    for node in [tree, *tree.find_all(nodes.Node)]:
        for name, value in node.iter_fields():
            if isinstance(value, list) and any(id(child) in numbers for child in value):
                after: list[nodes.Node] = []
                for child in value:
                    after.append(child)
                    if id(child) in numbers:
                        after.append(_data(f"{_TURN}{numbers[id(child)]}:e\ufdd2"))
                setattr(node, name, after)
