"""Reading a recipe's YAML: the fields and values that `sintonia sft`, `loop` and the doctor start from."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from sintonia.errors import Fault, InputError


def read_recipe(path: str | Path, hint: str = "") -> dict[str, Any]:
    """The fields of a YAML recipe, their values as PyYAML reads them (it takes `1e-4` for text).

    Args:
        hint: where recipes are found, said when there is none at `path`.

    Raises:
        InputError: no such file, not YAML, not UTF-8, or no fields in it.

    Example:
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     path = Path(folder, "recipe.yaml")
        ...     _ = path.write_text("max_steps: 2\\nseed: 7\\n")
        ...     read_recipe(path)
        {'max_steps': 2, 'seed': 7}

    Explained in: sft.md#one-command
    """
    import yaml

    path = Path(path)
    if not path.is_file():
        found = "a directory" if path.is_dir() else "no such file"
        raise InputError(Fault(str(path), found, "a YAML recipe", hint))
    try:
        content = yaml.safe_load(path.read_text("utf-8"))
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        mark = getattr(error, "problem_mark", None)
        where = f"{path}:{mark.line + 1}" if mark else str(path)
        raise InputError(Fault(where, "invalid YAML", "`field: value` lines in UTF-8")) from None
    if not isinstance(content, dict):
        raise InputError(Fault(str(path), "no fields", "`field: value` lines"))
    return content
