"""What the cells of a notebook printed: code/labs/NAME.outputs.json, one file for the four languages.

Beside the outputs stand the checksum of the cells they came from and the conditions of the run. Other
cells make the outputs stale, and a stale output is an error: a reader must see only what these cells
printed.
"""

from __future__ import annotations

import hashlib
import json
import os
import platform
from importlib import metadata
from pathlib import Path
from typing import Any

from sitekit.settings import ROOT

STEPS = "SINTONIA_STEPS"
"""The variable with which a reader, and the tests, shorten a training. A cell that reads it, and all
after it, may print something else then."""

SHORT = "2"

_PACKAGES = ("torch", "transformers", "trl", "peft", "datasets", "tokenizers")

Outputs = dict[str, list[dict[str, Any]]]


def outputs_path(name: str, root: Path = ROOT) -> Path:
    """Where the outputs of a lab are."""
    return root / "code" / "labs" / f"{name}.outputs.json"


def cells_sha256(cells: dict[str, str]) -> str:
    """A checksum of the cells, their names and their order.

    >>> cells_sha256({"a": "x = 1", "b": "x"}) == cells_sha256({"b": "x", "a": "x = 1"})
    False
    """
    return hashlib.sha256(json.dumps(list(cells.items()), ensure_ascii=False).encode()).hexdigest()


def long_cells(cells: dict[str, str]) -> list[str]:
    """The cells whose output depends on how long the training is: the first that reads it, and all after.

    >>> long_cells({"a": "1", "b": 'steps = int(os.environ.get("SINTONIA_STEPS", 60))', "c": "3"})
    ['b', 'c']
    """
    names = list(cells)
    first = next((place for place, code in enumerate(cells.values()) if STEPS in code), len(names))
    return names[first:]


def read_outputs(name: str, cells: dict[str, str], root: Path = ROOT) -> tuple[Outputs | None, list[str]]:
    """A lab's outputs, or `None` and the reason why there are none that can be used."""
    path = outputs_path(name, root)
    where = path.relative_to(root).as_posix()
    remedy = f"run python -m sitekit.notebooks {name}"
    try:
        record = json.loads(path.read_text(encoding="utf-8"))
        checksum, outputs = record["cells_sha256"], record["outputs"]
    except FileNotFoundError:
        return None, [f"{where}: found no such file; expected the outputs of its cells; {remedy}"]
    except (OSError, ValueError, KeyError, TypeError):
        return None, [f"{where}: found no outputs that can be read; expected those of its cells; {remedy}"]
    if checksum != cells_sha256(cells) or list(outputs) != list(cells):
        return None, [
            f"{where}: found outputs of other cells; expected those of code/labs/{name}.py; {remedy}"
        ]
    return outputs, []


def write_outputs(
    name: str, cells: dict[str, str], outputs: Outputs, seconds: float, root: Path = ROOT
) -> None:
    """Puts a run's outputs down, whole or not at all."""
    record = {
        "cells_sha256": cells_sha256(cells),
        "conditions": {**conditions(), "seconds": round(seconds)},
        "outputs": {cell: outputs[cell] for cell in cells},
    }
    path = outputs_path(name, root)
    temporary = path.with_suffix(".json.tmp")
    temporary.write_text(json.dumps(record, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    os.replace(temporary, path)


def conditions() -> dict[str, Any]:
    """What has to be known to understand the outputs: machine, threads, versions."""
    versions = {}
    for package in _PACKAGES:
        try:
            versions[package] = metadata.version(package)
        except metadata.PackageNotFoundError:
            continue
    return {
        "machine": f"{platform.machine()}, {os.cpu_count()} cores",
        "threads": os.environ.get("OMP_NUM_THREADS", "all"),
        "python": platform.python_version(),
        "versions": versions,
    }
