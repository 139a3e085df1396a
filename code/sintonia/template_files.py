"""Where chat templates come from: shipped with the package, a file, source, or a tokenizer's own."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

from sintonia.errors import Fault, InputError, first_line

PACKAGE = Path(__file__).parent
EMBEDDED_TOKENIZER = PACKAGE / "embedded" / "smollm2"
TEMPLATE_FOLDER = PACKAGE / "templates"
DEFAULT_TEMPLATE = "smollm2"
_SPECIAL_TOKENS = ("bos_token", "eos_token", "pad_token", "unk_token")


def template_names() -> list[str]:
    """Names of the templates shipped with the package.

    Example:
        >>> "chatml" in template_names()
        True

    Explained in: chat-templates.md#template-families
    """
    return list(_names())


@cache
def _names() -> tuple[str, ...]:
    return tuple(sorted(path.stem for path in TEMPLATE_FOLDER.glob("*.jinja")))


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
            return DEFAULT_TEMPLATE, _shipped(DEFAULT_TEMPLATE)
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
    if given in _names():
        return given, _shipped(given)
    if "{%" in given or "{{" in given or "{#" in given:
        return "the given template", given
    path = Path(given).expanduser()
    try:
        if path.is_file():
            return given, _read(path)
        found = "a directory" if path.is_dir() else "no such template"
    except OSError as error:  # a name longer than the file system takes
        given, found = f"{given[:40]}...", first_line(error)
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
    # A multimodal tokenizer has more of them in its map, such as `image_token`.
    found = dict(getattr(tokenizer, "special_tokens_map", None) or {})
    found |= {name: getattr(tokenizer, name, None) for name in _SPECIAL_TOKENS}
    return {
        name: str(token)
        for name, token in found.items()
        if token is not None and not isinstance(token, (list, dict))
    }


@cache
def _embedded_special_tokens() -> dict[str, str]:
    config = json.loads((EMBEDDED_TOKENIZER / "tokenizer_config.json").read_text("utf-8"))
    return {name: config[name] for name in _SPECIAL_TOKENS}


@cache
def _shipped(name: str) -> str:
    return _read(TEMPLATE_FOLDER / f"{name}.jinja")


def _read(path: Path) -> str:
    try:
        # newline="": a template is bytes-exact, so a carriage return in it stays one.
        with path.open(encoding="utf-8", newline="") as stream:
            return stream.read()
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(Fault(str(path), str(error), "a Jinja template in UTF-8")) from None
