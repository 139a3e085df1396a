"""Holds the languages in step: `sitekit parity [--root DIR] [--json]`, which `make parity` runs.

Reads the pages and notebook prose of docs/<lang>, the READMEs, the data cards, and the words kept in YAML:
glossary, figures, doctor, exercises, the house's words, the site's titles. Says every difference at once as
`docs/zh/masks.md:42: found X, expected Y (docs/en/masks.md:40)`. English is what the others are read
against; where it lacks a page that another language has, it is English that is told.

Where the tree has a lock (lock.py), a changed text is told too: `docs/es/masks.md#label-shift lags behind pt
since 2026-11-30`.

Exit 0: in step, one line of counts. 1: findings. 2: could not read (which file, which line).
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from sitekit.course import Course, read_course
from sitekit.findings import CannotReadError, Finding
from sitekit.lags import Lag, lags
from sitekit.languages import LANGUAGES
from sitekit.lock import read_lock
from sitekit.roots import add_root, root_of


@dataclass
class Report:
    """What a run found: differences, what lags behind the lock, and how much was read."""

    course: Course
    lags: list[Lag] = field(default_factory=list)
    locked: bool = False

    @property
    def findings(self) -> list[Finding]:
        return self.course.findings

    @property
    def count(self) -> int:
        return len(self.findings) + len(self.lags)

    def as_dict(self) -> dict[str, object]:
        """The report as JSON-ready keys."""
        return {
            "status": "findings" if self.count else "in step",
            "languages": list(LANGUAGES),
            "pages": self.course.pages,
            "sections": self.course.sections,
            "word_lists": self.course.words,
            "locked": self.locked,
            "findings": [finding.as_dict() for finding in self.findings],
            "lags": [lag.as_dict() for lag in self.lags],
        }

    def summary(self) -> str:
        """One line of counts."""
        state = f"{self.count} finding{'' if self.count == 1 else 's'}" if self.count else "in step"
        course = self.course
        return (
            f"{state}: {course.pages} pages, {course.sections} sections, "
            f"{course.words} word lists, {len(LANGUAGES)} languages"
        )


def check(root: Path) -> Report:
    """Reads the tree at `root` and reports every difference between the languages, and from the lock.

    Raises CannotReadError, carrying every unreadable file, where a language's tree is missing, a
    page is not UTF-8 or a word list is not YAML.
    """
    course = read_course(root)
    lock = read_lock(root)
    return Report(course, lags(course, lock) if lock is not None else [], lock is not None)


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the command; returns its exit code."""
    parser = argparse.ArgumentParser(
        prog="sitekit parity",
        description="Says every difference between the languages, as file:line.",
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    add_root(parser)
    options = parser.parse_args(arguments)
    try:
        report = check(root_of(options))
    except CannotReadError as error:
        if options.json:
            print(json.dumps({"status": "unreadable", "errors": error.faults}, ensure_ascii=False))
        else:
            print(error, file=sys.stderr)
        return 2
    if options.json:
        print(json.dumps(report.as_dict(), ensure_ascii=False, indent=2))
    else:
        for finding in [*report.findings, *report.lags]:
            print(finding)
        print(report.summary())
    return 1 if report.count else 0


if __name__ == "__main__":
    sys.exit(main())
