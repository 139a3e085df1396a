"""The names that transformers gives a chat template, within the limits of the sandbox."""

from __future__ import annotations

import json
import re
from datetime import datetime
from typing import Any

import jinja2
from jinja2.utils import Namespace

from sintonia.sandbox_limits import TemplateLimit, measure, too_large


def to_json(
    value: Any,
    ensure_ascii: bool = False,
    indent: int | None = None,
    separators: tuple[str, str] | None = None,
    sort_keys: bool = False,
) -> str:
    """Jinja's own filter escapes for HTML; a model must see the characters themselves."""
    return json.dumps(
        value, ensure_ascii=ensure_ascii, indent=indent, separators=separators, sort_keys=sort_keys
    )


def raise_exception(message: Any) -> None:
    """How a template refuses a conversation."""
    measure(message)
    raise jinja2.TemplateError(message)


def strftime_now(form: str) -> str:
    """Today, in the form of `strftime`."""
    if len(form) > 1000 or re.search(r"\d{3}", form):
        raise TemplateLimit("a date format with a width of three digits")
    return datetime.now().strftime(form)


def lipsum(n: int = 5, html: bool = True, min: int = 20, max: int = 100) -> str:
    """Jinja's own filler text, in a reasonable amount."""
    from jinja2.utils import generate_lorem_ipsum

    if n * max > 100_000:
        raise too_large()
    return generate_lorem_ipsum(n, html, min, max)


class TemplateDict:
    """`dict(...)` without the class's attributes, as transformers has it."""

    def __call__(self, *args: Any, **kwargs: Any) -> dict[Any, Any]:
        made = dict(*args, **kwargs)
        measure(made)
        return made

    def fromkeys(self, *args: Any) -> dict[Any, Any]:
        return dict.fromkeys(*args)


class TemplateNamespace(Namespace):
    """A namespace that takes no underscored names, as transformers has it."""

    def __init__(*args: Any, **kwargs: Any) -> None:  # noqa: N805, B902
        self, *rest = args
        attributes = dict(*rest, **kwargs)
        for name in attributes:
            _check_name(name)
        measure(attributes)
        Namespace.__init__(self, attributes)

    def __setitem__(self, name: str, value: Any) -> None:
        _check_name(name)
        if type(value) is not str:
            measure(value)
        Namespace.__setitem__(self, name, value)


def _check_name(name: Any) -> None:
    if isinstance(name, str) and name.startswith("_"):
        raise jinja2.exceptions.SecurityError(f"a namespace takes no name with an underscore first: {name!r}")
