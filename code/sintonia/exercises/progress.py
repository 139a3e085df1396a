"""The learner's folder: one file an exercise, and `progress.json`, which may be lost without harm."""

from __future__ import annotations

import contextlib
import json
import os
import tempfile
from pathlib import Path
from typing import Any

from sintonia.errors import Fault, InputError, first_line
from sintonia.exercises.catalogue import Exercise, in_order

VARIABLE = "SINTONIA_EXERCISES"
NAME = "progress.json"
_FIELDS: dict[str, Any] = {"passed": False, "failed_checks": 0, "hints": 0}


class Folder:
    """Where the learner works.

    Args:
        path: the folder; `SINTONIA_EXERCISES`, or `sintonia-exercises` here, if left out. It is made by
            the first `start`.

    Attributes:
        damaged: `progress.json` could not be read, and has been set aside as `progress.json.damaged`.
    """

    def __init__(self, path: Path | str | None = None) -> None:
        self.path = Path(path or os.environ.get(VARIABLE) or "sintonia-exercises").expanduser()
        self.damaged = False

    def file(self, exercise: Exercise) -> Path:
        """The learner's file of an exercise, there or not."""
        return self.path / exercise.file_name

    def started(self) -> list[Exercise]:
        """The exercises whose file is there, by lesson."""
        return [exercise for exercise in in_order() if self.file(exercise).is_file()]

    def of(self, exercise: Exercise) -> dict[str, Any]:
        """`passed`, `failed_checks` and `hints` (those given) of one exercise."""
        return self._read()["exercises"].get(exercise.id, dict(_FIELDS))

    def latest(self) -> str | None:
        """The id of the exercise that was last started, checked or asked about."""
        return self._read()["latest"]

    def note(self, exercise: Exercise, **changes: Any) -> None:
        """Keep what has changed. The file is read again right before, so that two commands add up.

        Raises:
            InputError: the folder cannot be written.
        """
        progress = self._read()
        before = progress["exercises"].get(exercise.id, dict(_FIELDS))
        progress["exercises"][exercise.id] = {**before, **changes}
        progress["latest"] = exercise.id
        self.write(self.path / NAME, json.dumps(progress, indent=1) + "\n")

    def write(self, path: Path, text: str) -> None:
        """Write a file of the folder whole or not at all.

        Raises:
            InputError: the folder cannot be written.
        """
        part = None
        try:
            self.path.mkdir(parents=True, exist_ok=True)
            descriptor, part = tempfile.mkstemp(dir=self.path, prefix=f".{path.name}.")
            with open(descriptor, "w", encoding="utf-8") as stream:
                stream.write(text)
            mask = os.umask(0)
            os.umask(mask)
            os.chmod(part, 0o666 & ~mask)  # mkstemp keeps its files to one account
            os.replace(part, path)
        except OSError as error:
            if part is not None:
                with contextlib.suppress(OSError):
                    os.unlink(part)
            fault = Fault(str(path), first_line(error), "a folder to write in", f"set {VARIABLE} to one")
            raise InputError(fault) from None

    def _read(self) -> dict[str, Any]:
        try:
            raw = json.loads((self.path / NAME).read_text("utf-8"))
        except FileNotFoundError:
            return {"exercises": {}, "latest": None}
        except (OSError, ValueError, RecursionError):
            raw = None
        entries = raw.get("exercises") if isinstance(raw, dict) else None
        if not isinstance(entries, dict):
            self.damaged = True
            with contextlib.suppress(OSError):
                os.replace(self.path / NAME, self.path / f"{NAME}.damaged")
            return {"exercises": {}, "latest": None}
        latest = raw.get("latest")
        return {
            "exercises": {id: _sound(entry) for id, entry in entries.items()},
            "latest": latest if isinstance(latest, str) else None,
        }


def _sound(entry: Any) -> dict[str, Any]:
    """An entry with the fields it must have, whatever somebody wrote there."""
    entry = entry if isinstance(entry, dict) else {}
    fits = {name: type(entry.get(name)) is type(default) for name, default in _FIELDS.items()}
    return {name: entry[name] if fits[name] else default for name, default in _FIELDS.items()}
