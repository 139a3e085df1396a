"""What a page is once read: sections of marks (what a translation keeps) and units (its words)."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from sitekit.findings import CannotReadError
from sitekit.inline import Mark
from sitekit.quantities import Quantity


@dataclass
class Unit:
    """A heading, paragraph, item, cell or title: its words, where they begin, and whose they are.

    `allowed` is the language that a `<!-- lang: en -->` on the line before permits.
    """

    kind: str
    line: int
    text: str
    prose: str
    running: str
    allowed: str = ""


@dataclass
class Section:
    """From one heading to the next. The first section of a page has no heading: level 0, id ''."""

    level: int
    id: str
    title: str
    line: int
    marks: list[Mark] = field(default_factory=list)
    units: list[Unit] = field(default_factory=list)
    numbers: list[tuple[int, Quantity]] = field(default_factory=list)

    def of(self, *kinds: str) -> list[Mark]:
        """The section's marks of these kinds, in order."""
        return [mark for mark in self.marks if mark.kind in kinds]


@dataclass(eq=False)  # two readings are two pages
class Page:
    """A page: its path in the repository, its language, its sections, faults it has on its own.

    `front` is its front matter, key -> (line, value); `faults` are (line, kind, found, expected);
    `lines` are its source.
    """

    path: str
    lang: str
    sections: list[Section]
    front: dict[str, tuple[int, str]] = field(default_factory=dict)
    faults: list[tuple[int, str, str, str]] = field(default_factory=list)
    lines: list[str] = field(default_factory=list)

    @property
    def title(self) -> str:
        """The words of its first heading."""
        return self.sections[1].title if len(self.sections) > 1 else ""


def read_text(path: Path, shown: str) -> str:
    """A file's text. Raises CannotReadError where it is not readable UTF-8."""
    try:
        return path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        fault = f"{shown}: found byte {error.start} that is not UTF-8; expected UTF-8; save it so"
        raise CannotReadError([fault]) from error
    except OSError as error:
        fault = f"{shown}: found {error.strerror}; expected a readable file; restore it"
        raise CannotReadError([fault]) from error
