"""Jinja's filters within the limits of the sandbox: sizes compared before, clocks read in between."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import wraps
from typing import Any

from jinja2 import pass_context
from jinja2.runtime import Undefined
from jinja2.utils import _PassArg

from sintonia.sandbox_limits import (
    ITEM_LIMIT,
    SIZE_LIMIT,
    TemplateLimit,
    check_method,
    checked,
    measure,
    modulo,
    refuse_none,
    too_large,
    too_many,
)

_SLOW_LIMIT = 200_000  # characters for filters that run regular expressions over every word
# Filters that read item by item, perhaps without end in sight: each item reads the clock.
_READERS = frozenset(
    ["map", "select", "reject", "selectattr", "rejectattr", "unique", "sort", "groupby", "sum", "join"]
    + ["list", "batch", "slice", "min", "max"]
)
_SLOW = frozenset(["wordwrap", "urlize", "pprint", "striptags", "title", "indent", "xmlattr"])
_UNTOUCHED = frozenset(["length", "count", "default", "d", "attr", "items", "first", "last", "random"])


def limited_filter(name: str, original: Callable[..., Any]) -> Callable[..., Any]:
    """A filter of Jinja's with checks around it; itself where it cannot grow or run long.

    The context that the result asks for has a method `tick`, which raises when time is up.

    Example:
        >>> limited_filter("upper", str.upper)("olá"), limited_filter("length", len) is len
        ('OLÁ', True)
    """
    if name in _UNTOUCHED:
        return original
    wants = _PassArg.from_obj(original)
    if name in ("trim", "upper", "lower", "string", "capitalize"):

        @wraps(original)
        def quick(value: Any, *args: Any, **kwargs: Any) -> Any:
            if type(value) is not str:
                if value is None and name != "string":
                    raise refuse_none()
                measure(value)
            return original(value, *args, **kwargs)

        return quick

    @pass_context
    def limited(context: Any, value: Any, *args: Any, **kwargs: Any) -> Any:
        context.tick()
        given = [*args, *kwargs.values()]
        bound = 100 if name == "round" else ITEM_LIMIT
        if any(isinstance(item, int) and abs(item) > bound for item in given):
            raise too_many()
        _check_filter(name, value, given)
        if name in _READERS and not isinstance(value, (str, bytes, dict, Undefined)):
            value = _read(context, value)
        first = {
            _PassArg.context: (context,),
            _PassArg.eval_context: (context.eval_ctx,),
            _PassArg.environment: (context.environment,),
        }.get(wants, ())
        return checked(original(*first, value, *args, **kwargs))

    return limited


def _read(context: Any, values: Iterable[Any]) -> Iterator[Any]:
    size = 0
    for count, item in enumerate(values):
        context.tick()
        size += len(item) if isinstance(item, str) else 1
        if size > SIZE_LIMIT or count > ITEM_LIMIT:
            raise too_large()
        yield item


def _check_filter(name: str, value: Any, given: list[Any]) -> None:
    texts = [len(item) for item in given if isinstance(item, str)]
    numbers = [abs(item) for item in given if isinstance(item, int)]
    if name not in _READERS:
        size = measure(value) if not isinstance(value, Undefined) else 0
        if name in _SLOW and size > _SLOW_LIMIT:
            raise TemplateLimit(f"more than {_SLOW_LIMIT:,} characters for the filter {name!r}")
        if name == "format":
            check_method("format", str(value), tuple(given), {})
            modulo(str(value), tuple(given)) if given else None
        elif name == "replace":
            check_method("replace", str(value), tuple(given), {})
        elif (
            name in ("indent", "tojson") and size * (max([*numbers, *texts], default=4) + 1) > 10 * SIZE_LIMIT
        ):
            raise too_large()
    elif name == "join" and texts and hasattr(value, "__len__") and len(value) * texts[0] > SIZE_LIMIT:
        raise too_large()
