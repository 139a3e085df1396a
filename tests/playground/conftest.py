"""Node for the playground's tests: skipped where there is none, unless SINTONIA_REQUIRE_NODE=1."""

from __future__ import annotations

import functools
import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
HERE = Path(__file__).parent
SOURCES = ROOT / "code" / "playground"
BUNDLE = ROOT / "docs" / "assets" / "playground"


def _missing(reason: str) -> None:
    if os.environ.get("SINTONIA_REQUIRE_NODE") == "1":
        pytest.fail(f"SINTONIA_REQUIRE_NODE=1: {reason}", pytrace=False)
    pytest.skip(reason)


@pytest.fixture(scope="session")
def node():
    """`node("file.mjs", "argument")` -> a finished process."""
    found = shutil.which("node")
    if found is None:
        _missing("no Node: apt-get install nodejs npm")

    def run(*arguments: object, **options: object) -> subprocess.CompletedProcess[str]:
        command = [found, *map(str, arguments)]
        return subprocess.run(command, capture_output=True, encoding="utf-8", timeout=900, **options)

    return run


@functools.cache
def _installed(folder: str) -> str:
    """Installs the locked packages into a folder; empty, or why that failed."""
    command = ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--prefer-offline"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=300, check=False)
    return "" if done.returncode == 0 else done.stderr.strip()[-400:]


def _as_locked(folder: Path) -> bool:
    """Whether the packages that lie there are those of the lock file."""
    there = folder / "node_modules" / ".package-lock.json"
    if not there.is_file():
        return False
    found, wanted = (
        json.loads(path.read_text("utf-8"))["packages"] for path in (there, folder / "package-lock.json")
    )
    return all(package["version"] == wanted.get(name, {}).get("version") for name, package in found.items())


@pytest.fixture(scope="session")
def built(node, tmp_path_factory) -> Path:
    """A copy of what the bundle is made of, with the packages of the lock file installed."""
    ready = _as_locked(SOURCES)  # as .ci/run leaves it
    if not ready and shutil.which("npm") is None:
        _missing("no npm: apt-get install npm, then npm ci in code/playground")
    root = tmp_path_factory.mktemp("playground")
    ignore = None if ready else shutil.ignore_patterns("node_modules")
    shutil.copytree(SOURCES, root / "code" / "playground", ignore=ignore)
    for folder in ("code/sintonia/templates", "code/sintonia/embedded", "docs/assets/playground"):
        shutil.copytree(ROOT / folder, root / folder)
    if not ready and (reason := _installed(str(root / "code" / "playground"))):
        _missing(f"npm ci failed: {reason}")
    return root
