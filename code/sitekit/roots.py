"""Which tree a command works on."""

from __future__ import annotations

import argparse
from pathlib import Path

from sitekit.languages import REFERENCE


def find_root(start: Path) -> Path:
    """The repository that `start` lies in, else the one this file lies in."""
    for folder in (start, *start.parents):
        if (folder / "docs" / REFERENCE).is_dir():
            return folder
    return Path(__file__).resolve().parents[2]


def add_root(parser: argparse.ArgumentParser) -> None:
    """The option --root."""
    parser.add_argument("--root", type=Path, help="the repository (default: the one you are in)")


def root_of(options: argparse.Namespace) -> Path:
    """The tree that --root names, or the one the shell stands in."""
    return (options.root or find_root(Path.cwd())).resolve()
