"""What is known of a run before it starts: its recipe, and the small files of its model.

Nothing here loads weights, imports TRL, or fetches anything from a network.
"""

from __future__ import annotations

import ast
import importlib.util
import json
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from sintonia import estimates, models
from sintonia.recipe_files import read_recipe

_FIELD_SOURCES = (
    ("transformers", "training_args.py", ("TrainingArguments",)),
    ("trl", "trainer/base_config.py", ("_BaseConfig",)),
    ("trl", "trainer/sft_config.py", ("SFTConfig",)),
    ("trl", "trainer/model_config.py", ("ModelConfig",)),
    ("trl", "scripts/utils.py", ("ScriptArguments", "DatasetMixtureConfig")),
    ("sintonia", "sft_arguments.py", ("SintoniaArguments",)),
    ("sintonia", "loop_recipes.py", ("LoopArguments",)),
)


@dataclass(frozen=True)
class Model:
    """What is known of a model without loading it.

    Args:
        name: as it was given.
        config: the fields of its `config.json`, empty where there is none at hand.
        generation: those of its `generation_config.json`, likewise.
        adapter: those of its `adapter_config.json`, where it is an adapter.
        base: the name of the adapter's base.
        folder: where it lies, if it is a folder.

    Explained in: doctor.md#run
    """

    name: str
    config: Mapping[str, Any]
    generation: Mapping[str, Any]
    adapter: Mapping[str, Any] | None = None
    base: str | None = None
    folder: Path | None = None


def read_model(name: str | Path | None) -> Model:
    """What a model's small files say: of the embedded one, a folder, or a hub model in the cache.

    Example:
        >>> read_model(None).config["vocab_size"]
        49152

    Explained in: doctor.md#run
    """
    if models.is_embedded(name):
        return Model(models.EMBEDDED_NAME, estimates.EMBEDDED_CONFIG, {})
    folder = Path(name).expanduser()
    if not folder.is_dir():
        return Model(
            str(name), _cached(str(name), "config.json"), _cached(str(name), "generation_config.json")
        )
    adapter = _json(folder / "adapter_config.json") or None
    config, base = _json(folder / "config.json"), None
    generation = _json(folder / "generation_config.json")
    if adapter:
        base = models.base_of(folder)
        below = read_model(base)
        config, generation = below.config, generation or below.generation
    return Model(str(name), config, generation, adapter, base, folder)


def load_recipe(source: str | Path | Mapping[str, Any]) -> dict[str, Any]:
    """The fields of a recipe, from a YAML file or as they are.

    Raises:
        InputError: no such file, not YAML, or no fields in it.

    Example:
        >>> load_recipe({"learning_rate": 1e-4})
        {'learning_rate': 0.0001}

    Explained in: doctor.md#run-it
    """
    if isinstance(source, Mapping):
        return dict(source)
    # PyYAML reads 1e-4 as text; TrlParser turns it into a number, and so do we.
    return {str(key): _number(value) for key, value in read_recipe(source).items()}


def is_own(recipe: Mapping[str, Any]) -> bool:
    """Whether a recipe is one of `sintonia sft`, which makes its own labels, and not of plain TRL.

    Example:
        >>> is_own({"data": "course"}), is_own({"dataset_name": "x"})
        (True, False)

    Explained in: doctor.md#run-it
    """
    return not any(recipe.get(key) for key in ("dataset_name", "datasets", "model_init_kwargs"))


@cache
def known_fields() -> frozenset[str]:
    """Every field that a recipe may have, read from the sources of TRL and transformers unimported.

    Importing them takes seconds. Empty where TRL is not installed: then no field is judged.

    Example:
        >>> "lora_r" in known_fields()
        True

    Explained in: doctor.md#r11
    """
    fields = {"env", "base", "data_collator", "config"}
    for package, file, names in _FIELD_SOURCES:
        spec = importlib.util.find_spec(package)
        path = Path(spec.origin).parent / file if spec and spec.origin else None
        if path is None or not path.is_file():
            return frozenset()
        for node in ast.parse(path.read_text("utf-8")).body:
            if isinstance(node, ast.ClassDef) and node.name in names:
                fields |= {line.target.id for line in node.body if isinstance(line, ast.AnnAssign)}
    return frozenset(fields)


def tensor_shapes(path: Path) -> dict[str, list[int]]:
    """Names and shapes from the header of a safetensors file; empty where there is none to read.

    Example:
        >>> tensor_shapes(Path("no-such.safetensors"))
        {}

    Explained in: doctor.md#r06
    """
    try:
        with path.open("rb") as stream:
            size = struct.unpack("<Q", stream.read(8))[0]
            header = json.loads(stream.read(min(size, 100_000_000)))
        return {name: list(entry["shape"]) for name, entry in header.items() if name != "__metadata__"}
    except (OSError, ValueError, struct.error, RecursionError, KeyError, TypeError, AttributeError):
        return {}


def _cached(name: str, file: str) -> dict[str, Any]:
    try:
        from huggingface_hub import try_to_load_from_cache

        found = try_to_load_from_cache(name, file)
    except Exception:  # no hub client, or a name that is none: then nothing is known
        return {}
    return _json(Path(found)) if isinstance(found, str) else {}


def _json(path: Path) -> dict[str, Any]:
    try:
        content = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError, RecursionError):
        return {}
    return content if isinstance(content, dict) else {}


def _number(value: Any) -> Any:
    if isinstance(value, str):
        try:
            return float(value)
        except ValueError:
            return value
    return value
