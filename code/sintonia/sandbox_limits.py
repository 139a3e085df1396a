"""Sizes in the sandbox: what a value would take as text, and operations refused before they make it.

Each guard here compares lengths first and computes after, so that a template cannot ask for gigabytes in
one expression. `sandbox` puts them in the place of Jinja's operators, filters and methods.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import Any

import jinja2
from jinja2.utils import Namespace

SIZE_LIMIT = 10_000_000  # characters of the text, and of every value on the way to it
ITEM_LIMIT = 1_000_000  # items of a list, and argument of whatever repeats
_INTEGER_BITS = 100_000


class TemplateLimit(jinja2.TemplateError):
    """A template went past a limit of the sandbox, or printed what is no text.

    Example:
        >>> OPERATORS["*"]("a", 10 ** 9)
        Traceback (most recent call last):
        sintonia.sandbox_limits.TemplateLimit: more than 10,000,000 characters
    """


def refuse_none() -> TemplateLimit:
    """The error for None where text is printed: Python's word for nothing is not for a model to learn."""
    return TemplateLimit("None printed as text: a message without the content that the template prints")


def too_large() -> TemplateLimit:
    """The error for a value that would be too long."""
    return TemplateLimit(f"more than {SIZE_LIMIT:,} characters")


def too_many() -> TemplateLimit:
    """The error for a list that would have too many items."""
    return TemplateLimit(f"more than {ITEM_LIMIT:,} items")


def measure(value: Any, limit: int = SIZE_LIMIT) -> int:
    """Characters and items that a value would take if it were written out.

    A list that holds one list twice, forty levels deep, is small in memory and endless as text, so the
    walk counts what it meets as often as it meets it, and stops at the limit.

    Raises:
        TemplateLimit: there are more than `limit`.

    Example:
        >>> measure(["abc", 1])
        6
    """
    total, waiting = 0, [value]
    while waiting:
        item = waiting.pop()
        kind = type(item)
        total += 1
        if isinstance(item, (str, bytes)):
            total += len(item) - (not waiting and item is value)
        elif isinstance(item, dict):
            waiting.extend(item.keys())
            waiting.extend(item.values())
        elif isinstance(item, (list, tuple, set, frozenset)):
            waiting.extend(item)
        elif kind is Namespace or isinstance(item, Namespace):
            waiting.extend(_attributes(item).values())
        elif kind is int:
            total += item.bit_length() // 3
        if total + len(waiting) > limit:
            raise too_large()
    return total


def _attributes(namespace: Namespace) -> dict[str, Any]:
    return object.__getattribute__(namespace, "_Namespace__attrs")


def checked(result: Any) -> Any:
    """The result itself, unless it is too large to go on with."""
    if isinstance(result, (str, bytes)):
        if len(result) > SIZE_LIMIT:
            raise too_large()
    elif isinstance(result, (list, tuple, dict)) and len(result) > ITEM_LIMIT:
        raise too_many()
    return result


_FORMAT_NUMBER = re.compile(r"\d+")
_NESTED_WIDTH = re.compile(r"[:!][^{}]*\{")  # '{:{}}': the width is an argument


def check_widths(form: str) -> None:
    """Refuse a format whose numbers, taken as widths, would make the text too large."""
    widths = [int(number[:10]) for number in _FORMAT_NUMBER.findall(form)]
    if sum(widths) + len(form) > SIZE_LIMIT:
        raise too_large()


def _check_arguments(given: Iterable[Any]) -> None:
    """Refuse arguments, at any depth, of which one as a width would make the text too large."""
    waiting = list(given)
    while waiting:
        item = waiting.pop()
        if isinstance(item, dict):
            waiting.extend(item.values())
        elif isinstance(item, (list, tuple)):
            waiting.extend(item)
        elif isinstance(item, str):
            check_widths(item)
        elif isinstance(item, int) and abs(item) > SIZE_LIMIT:
            raise too_large()


def _add(left: Any, right: Any) -> Any:
    if type(left) is str and type(right) is str:
        if len(left) + len(right) > SIZE_LIMIT:
            raise too_large()
        return left + right
    if left is None and isinstance(right, str) or right is None and isinstance(left, str):
        raise refuse_none()
    result = left + right
    if isinstance(result, (list, tuple)):
        measure(result)
    return checked(result)


def _multiply(left: Any, right: Any) -> Any:
    for values, times in ((left, right), (right, left)):
        if isinstance(times, int) and isinstance(values, (str, bytes, list, tuple)):
            text = isinstance(values, (str, bytes))
            if len(values) * times > (SIZE_LIMIT if text else ITEM_LIMIT):
                raise too_large() if text else too_many()
            result = values * times
            if not text:
                measure(result)
            return result
    if isinstance(left, int) and isinstance(right, int):
        _check_bits(left.bit_length() + right.bit_length())
    return left * right


def _power(left: Any, right: Any) -> Any:
    if isinstance(left, int) and isinstance(right, int) and right > 0:
        _check_bits(left.bit_length() * right)
    return left**right


def _check_bits(bits: int) -> None:
    if bits > _INTEGER_BITS:
        raise TemplateLimit(f"a number of more than {_INTEGER_BITS:,} bits")


def modulo(left: Any, right: Any) -> Any:
    """`left % right`, of numbers or of a format and its values, within the limits."""
    if isinstance(left, (str, bytes)):
        form = left if isinstance(left, str) else left.decode("latin-1")
        check_widths(form)
        measure(right)
        if "*" in form:  # '%*d': the width is an argument
            _check_arguments(right if isinstance(right, tuple) else (right,))
    return checked(left % right)


OPERATORS: dict[str, Callable[[Any, Any], Any]] = {"+": _add, "*": _multiply, "**": _power, "%": modulo}
GROWING_METHODS = frozenset(
    ["center", "ljust", "rjust", "zfill", "replace", "join", "expandtabs", "format", "format_map"]
    + ["translate", "to_bytes"]
)


def check_method(name: str, value: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
    """Refuse a method of a string or a number whose result would be too large, before it is made."""
    given = [*args, *kwargs.values()]
    numbers = [abs(item) for item in given if isinstance(item, int)]
    if name in ("format", "format_map"):
        measure(given)
        check_widths(value)
        if _NESTED_WIDTH.search(value):
            _check_arguments(given)
        return
    size = len(value) if isinstance(value, (str, bytes)) else 0
    longest = max((len(item) for item in given if isinstance(item, (str, bytes))), default=0)
    if name == "replace":
        needle = args[0] if args else ""
        found = value.count(needle) if needle else size + 1
        estimate = size + found * longest
    elif name == "join":
        # A generator can be read once only, so its pieces are bounded by the clock and checked after.
        pieces = args[0] if args and isinstance(args[0], (list, tuple, str, dict)) else ()
        estimate = measure(pieces) + size * len(pieces)
    elif name == "translate":
        table = args[0] if args and isinstance(args[0], dict) else {}
        estimate = size * max((len(item) for item in table.values() if isinstance(item, str)), default=1)
    else:
        estimate = size + max(numbers, default=8) * (value.count("\t") if name == "expandtabs" else 1)
    if estimate > SIZE_LIMIT:
        raise too_large()
