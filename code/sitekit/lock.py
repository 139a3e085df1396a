"""The lock, docs/parity.lock: at which texts each passage was last declared in step.

One line a passage, so that two people's changes merge: its name, the day, a checksum of each language's
text (`-` where there is none yet), and after `#` the reason why fewer than all had to change. Any language
may lead: those whose text differs from the line have led, the others lag until they follow or
`sitekit accept` declares that they need not.
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass, field
from pathlib import Path

from sitekit.checksums import ABSENT
from sitekit.findings import CannotReadError
from sitekit.languages import LANGUAGES
from sitekit.passages import Passage, Passages
from sitekit.sections import read_text

LOCK = "docs/parity.lock"
_HEAD = "# `sitekit accept` writes this: passage, day, a checksum of each language's text, reason."
_LINE = re.compile(
    r"(?P<name>\S+) (?P<on>\d{4}-\d{2}-\d{2})(?P<sums>(?: [a-z]{2,3}(?:-[A-Za-z]+)?:(?:-|[0-9a-f]+))+)"
    r"(?: # (?P<reason>.+))?"
)


@dataclass(frozen=True)
class Entry:
    """One line of the lock; `sums` by language, `line` its place in the file (0: not there yet)."""

    name: str
    on: str
    sums: dict[str, str]
    reason: str = ""
    line: int = 0

    def __str__(self) -> str:
        sums = " ".join(f"{lang}:{value}" for lang, value in self.sums.items())
        return f"{self.name} {self.on} {sums}" + (f" # {self.reason}" if self.reason else "")


@dataclass
class Standing:
    """How a passage stands against the lock: who led, who lags, whose first text it is."""

    passage: Passage
    entry: Entry | None
    led: list[str] = field(default_factory=list)
    lags: list[str] = field(default_factory=list)
    new: list[str] = field(default_factory=list)

    @property
    def in_step(self) -> bool:
        return bool(self.entry) and not self.led and not self.new


def read_lock(root: Path) -> dict[str, Entry] | None:
    """The lock's entries by name; None where the tree has no lock.

    Raises CannotReadError for lines that are no entries, or for a name that stands twice.
    """
    if not (root / LOCK).exists():
        return None
    entries: dict[str, Entry] = {}
    faults = []
    for number, line in enumerate(read_text(root / LOCK, LOCK).splitlines(), 1):
        if not line.strip() or line.startswith("#"):
            continue
        match = _LINE.fullmatch(line.strip())
        if not match:
            faults.append(f"{LOCK}:{number}: found {line[:60]!r}; expected NAME DAY en:SUM pt:SUM ...; "
                          "delete the line and run sitekit accept")  # fmt: skip
            continue
        name = match["name"]
        if name in entries:
            faults.append(f"{LOCK}:{number}: found {name} again; expected it once (line "
                          f"{entries[name].line}); delete both and run sitekit accept {name}")  # fmt: skip
        sums = dict(pair.split(":") for pair in match["sums"].split())
        entries[name] = Entry(name, match["on"], sums, match["reason"] or "", number)
    if faults:
        raise CannotReadError(faults)
    return entries


def write_lock(root: Path, entries: dict[str, Entry]) -> None:
    """Writes the lock, sorted by name."""
    lines = [_HEAD, *(str(entries[name]) for name in sorted(entries))]
    path = root / LOCK
    temporary = path.with_name(path.name + ".tmp")
    temporary.write_text("\n".join(lines) + "\n", encoding="utf-8")
    os.replace(temporary, path)


def stand(passage: Passage, entry: Entry | None) -> Standing:
    """Compares a passage with its line of the lock.

    >>> now = Passage("a.md#b", {"en": "1", "pt": "2"})
    >>> found = stand(now, Entry("a.md#b", "2026-11-30", {"en": "1", "pt": "3"}))
    >>> found.led, found.lags
    (['pt'], ['en'])
    """
    out = Standing(passage, entry)
    if entry is None:
        return out
    for lang in LANGUAGES:
        now, then = passage.sums.get(lang, ABSENT), entry.sums.get(lang, ABSENT)
        if now == then:
            if now != ABSENT:
                out.lags.append(lang)
        elif then == ABSENT:
            out.new.append(lang)
        else:
            out.led.append(lang)
    if not out.led:
        out.lags = []
    return out


def standings(passages: Passages, lock: dict[str, Entry]) -> list[Standing]:
    """How every passage stands, in the order of reading."""
    return [stand(passage, lock.get(name)) for name, passage in passages.by_name.items()]
