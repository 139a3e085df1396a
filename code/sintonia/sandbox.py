"""Chat templates come from strangers: run them as transformers does, and within limits.

The environment is the one of transformers (immutable sandbox, trimmed blocks, loop controls, `tojson`
that keeps characters). What transformers leaves open is closed here: a template that loops, recurses or
grows without end gets an error after `TIME_LIMIT` seconds or `SIZE_LIMIT` characters, in any thread,
because the checks stand in the compiled template itself: one clock reading an iteration, one comparison
of lengths where a value is made that is longer than what it was made of.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from time import monotonic
from typing import Any

import jinja2
import jinja2.ext
from jinja2 import nodes, pass_context
from jinja2.runtime import Context
from jinja2.sandbox import ImmutableSandboxedEnvironment

from sintonia.sandbox_filters import limited_filter
from sintonia.sandbox_globals import (
    TemplateDict,
    TemplateNamespace,
    lipsum,
    raise_exception,
    strftime_now,
    to_json,
)
from sintonia.sandbox_limits import (
    GROWING_METHODS,
    OPERATORS,
    SIZE_LIMIT,
    TemplateLimit,
    check_method,
    checked,
    measure,
    refuse_none,
    too_large,
)

TIME_LIMIT = 5.0  # seconds for one rendering
SOURCE_LIMIT = 1_000_000  # characters of a template
# What a template, run in the sandbox, can raise besides Jinja's own errors.
TEMPLATE_FAILURES = (
    jinja2.TemplateError,
    TypeError,
    ValueError,
    LookupError,
    AttributeError,
    ArithmeticError,
    RecursionError,
    MemoryError,
)
# Names with a space: no template can write them, so what they do stays out of its reach.
TICK, TEXT, JOIN, SIZED = "sintonia tick", "sintonia text", "sintonia join", "sintonia sized"


class _LimitedContext(Context):
    """One rendering's own deadline: nothing is shared, so threads do not meet."""

    deadline = float("inf")
    turns: dict[int, int] = {}  # identity of a message -> its index; read by template_spans' marks

    def tick(self) -> None:
        if monotonic() > self.deadline:
            raise TemplateLimit(f"a template that runs for more than {TIME_LIMIT:g} seconds")

    def derived(self, locals: dict[str, Any] | None = None) -> Context:
        context = super().derived(locals)
        context.deadline, context.turns = self.deadline, self.turns
        return context


@pass_context
def _tick(context: _LimitedContext, value: Any) -> Any:
    context.tick()
    return value


def _text(value: Any) -> str:
    """What `{{ }}` prints. Python's names for things are not what anyone meant a model to learn."""
    if type(value) is str:
        return value
    if value is None:
        raise refuse_none()
    if isinstance(value, (list, tuple, dict)):
        measure(value)
    return str(value)


@pass_context
def _join_parts(context: _LimitedContext, parts: tuple[Any, ...]) -> str:
    texts = [_text(part) for part in parts]
    if sum(map(len, texts)) > SIZE_LIMIT:
        raise too_large()
    return "".join(texts)


@pass_context
def _sized(context: _LimitedContext, value: Any) -> Any:
    measure(value)
    return value


class Sandbox(ImmutableSandboxedEnvironment):
    """transformers' environment with limits; compile with `compile_source`, run with `pieces`."""

    intercepted_binops = frozenset(OPERATORS)
    context_class = _LimitedContext

    def concat(self, parts: Iterable[str]) -> str:  # of macros, set blocks, call and filter blocks
        parts = parts if isinstance(parts, list) else list(parts)
        if sum(map(len, parts)) > SIZE_LIMIT:
            raise too_large()
        return "".join(parts)

    def call_binop(self, context: Context, operator: str, left: Any, right: Any) -> Any:
        return OPERATORS[operator](left, right)

    def call(__self, __context: Any, __obj: Any, *args: Any, **kwargs: Any) -> Any:  # noqa: B902, N805
        name = getattr(__obj, "__name__", None)
        if name in GROWING_METHODS:
            owner = getattr(getattr(__obj, "__wrapped__", __obj), "__self__", None)
            if isinstance(owner, (str, bytes, int)):
                __context.tick()
                check_method(name, owner, args, kwargs)
                return checked(super().call(__context, __obj, *args, **kwargs))
        return super().call(__context, __obj, *args, **kwargs)


def sandbox(extensions: Iterable[type[jinja2.ext.Extension]] = ()) -> Sandbox:
    """A fresh environment: what transformers gives a template, and the limits.

    Example:
        >>> "".join(pieces(compile_source(sandbox(), "{{ {'a': 'ção'} | tojson }}"), {}))
        '{"a": "ção"}'
    """
    environment = Sandbox(
        trim_blocks=True, lstrip_blocks=True, extensions=[jinja2.ext.loopcontrols, *extensions]
    )
    environment.filters["tojson"] = to_json
    for name in tuple(environment.filters):
        environment.filters[name] = limited_filter(name, environment.filters[name])
    environment.filters |= {TICK: _tick, TEXT: _text, JOIN: _join_parts, SIZED: _sized}
    environment.globals |= {
        "raise_exception": raise_exception,
        "strftime_now": strftime_now,
        "dict": TemplateDict(),
        "namespace": TemplateNamespace,
        "lipsum": lipsum,
    }
    return environment


def compile_source(
    environment: Sandbox,
    source: str,
    change: Callable[[nodes.Template], None] | None = None,
) -> jinja2.Template:
    """Compile a template with the checks in it; `change` may edit its syntax tree before.

    Raises:
        jinja2.TemplateSyntaxError: it is no template.
        TemplateLimit: it is too long, or nested too deeply to compile.

    Example:
        >>> "".join(pieces(compile_source(sandbox(), "{{ 1 + 1 }}"), {}))
        '2'
    """
    if len(source) > SOURCE_LIMIT:
        raise TemplateLimit(f"a template of more than {SOURCE_LIMIT:,} characters")
    try:
        tree = environment.parse(source)
        if change:
            change(tree)
        _instrument(tree)
        code = environment.compile(tree)
    except (RecursionError, MemoryError, SyntaxError):
        raise TemplateLimit("a template nested too deeply to compile") from None
    return jinja2.Template.from_code(environment, code, environment.make_globals(None))


def pieces(
    template: jinja2.Template, values: dict[str, Any], turns: dict[int, int] | None = None
) -> list[str]:
    """The pieces that a compiled template prints, in order.

    Args:
        template: as `compile_source` returns it.
        values: what the template may name.
        turns: identity of a message -> its index, for the marks of `template_spans`.

    Raises:
        TemplateLimit: more time or more characters than allowed.
        TEMPLATE_FAILURES: whatever the template itself runs into.

    Example:
        >>> pieces(compile_source(sandbox(), "a{{ b }}"), {"b": "c"})
        ['a', 'c']
    """
    context = template.new_context(values)
    context.deadline = monotonic() + TIME_LIMIT
    if turns:
        context.turns = turns
    printed, size = [], 0
    for piece in template.root_render_func(context):
        size += len(piece)
        if size > SIZE_LIMIT:
            raise too_large()
        printed.append(piece)
    return printed


def filtered(value: nodes.Expr, name: str) -> nodes.Filter:
    """`value | name`, as a node."""
    return nodes.Filter(value, name, [], [], None, None).set_lineno(value.lineno or 1)


def _instrument(tree: nodes.Template) -> None:
    """Put the checks in: a clock in loops and macros, sizes where values grow."""
    for node in list(tree.find_all((nodes.For, nodes.Macro, nodes.CallBlock, nodes.Block))):
        tick = nodes.ExprStmt(filtered(nodes.Const(None, lineno=node.lineno), TICK), lineno=node.lineno)
        node.body.insert(0, tick)
    _rewrite(tree)
    tree.set_environment(tree.environment)


def _rewrite(node: nodes.Node) -> None:
    for field, value in node.iter_fields():
        if isinstance(value, list):
            for index, child in enumerate(value):
                if isinstance(child, nodes.Node):
                    _rewrite(child)
                    value[index] = _guarded(child, node)
        elif isinstance(value, nodes.Node):
            _rewrite(value)
            setattr(node, field, _guarded(value, node))


def _guarded(child: nodes.Node, parent: nodes.Node) -> nodes.Node:
    if isinstance(child, nodes.Concat):
        parts = nodes.Tuple(child.nodes, "load", lineno=child.lineno)
        child = filtered(parts, JOIN)
    elif _grows(child):
        child = filtered(child, SIZED)
    fixed = isinstance(child, nodes.TemplateData) or (
        isinstance(child, nodes.Const) and child.value is not None
    )
    if isinstance(parent, nodes.Output) and not fixed:
        child = filtered(child, TEXT)
    return child


def _grows(node: nodes.Node) -> bool:
    """Whether a node builds a list, tuple or dict out of values that are not written in the template."""
    if isinstance(node, nodes.Dict):
        items: list[nodes.Node] = [pair.value for pair in node.items]
    elif isinstance(node, nodes.List) or (isinstance(node, nodes.Tuple) and node.ctx == "load"):
        items = node.items
    else:
        return False
    return not all(isinstance(item, nodes.Const) for item in items)
