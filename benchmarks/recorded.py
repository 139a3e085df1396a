"""What the short measurements share: the conditions they name, and the two files they leave."""

from __future__ import annotations

import json
import os
import platform
from collections.abc import Iterable
from importlib.metadata import version
from pathlib import Path
from typing import Any


def conditions(packages: Iterable[str], kind: str = "CPU") -> dict[str, str]:
    """Machine, Python and the versions of the packages that decide what was measured."""
    machine = f"{platform.machine()}, {os.cpu_count()} cores, {kind}"
    return {
        "machine": machine,
        "python": platform.python_version(),
        **{package: version(package) for package in packages},
    }


def put(folder: Path, result: dict[str, Any], page: str) -> None:
    """Write `results.json` and `README.md`."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "results.json").write_text(json.dumps(result, indent=2) + "\n", encoding="utf-8")
    (folder / "README.md").write_text(page, encoding="utf-8")
