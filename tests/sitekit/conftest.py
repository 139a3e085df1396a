"""A copy of the course that tests may spoil, its lock written for the texts as they stand."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest

from sitekit.accept import declare
from sitekit.course import read_course
from sitekit.lock import standings, write_lock


def lock_course(root: Path, day: str | None = None) -> None:
    """Writes a lock by which every passage of the tree is in step."""
    chosen = standings(read_course(root, compare=False).passages, {})
    entries = declare(chosen, "", day or date.today().isoformat())
    write_lock(root, {entry.name: entry for entry in entries})


@pytest.fixture(scope="session")
def course_copier(copy_course: Callable[[Path], Path]) -> Callable[[Path], Path]:
    """Makes a further copy, locked, for tests that change much."""

    def copy(target: Path) -> Path:
        lock_course(copy_course(target))
        return target

    return copy


@pytest.fixture(scope="session")
def course_copy(tmp_path_factory: pytest.TempPathFactory, copy_course: Callable[[Path], Path]) -> Path:
    """The course, read by all and spoiled by none but those who put back what they changed."""
    root = copy_course(tmp_path_factory.mktemp("course"))
    lock_course(root, "2026-01-31")
    return root


@pytest.fixture
def spoil(course_copy: Path):
    """`spoil(path, new text)` changes a file of the copy until the test ends; None deletes it."""
    kept: dict[Path, str] = {}

    def change(name: str, text: str | None) -> None:
        path = course_copy / name
        kept.setdefault(path, path.read_text(encoding="utf-8"))
        if text is None:
            path.unlink()
        else:
            path.write_text(text, encoding="utf-8")

    yield change
    for path, text in kept.items():
        path.write_text(text, encoding="utf-8")
