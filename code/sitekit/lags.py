"""What the lock finds: translations that lag behind, texts that nobody declared in step."""

from __future__ import annotations

from dataclasses import dataclass

from sitekit.course import Course
from sitekit.history import History
from sitekit.languages import NAMES
from sitekit.lock import LOCK, Entry, Standing, standings


@dataclass(frozen=True, order=True)
class Lag:
    """One finding of the lock, as a person reads it and as a program does.

    >>> print(Lag("docs/es/masks.md", 42, "masks.md#label-shift", "lags behind pt since 2026-11-30", "es",
    ...           "docs/es/masks.md#label-shift"))
    docs/es/masks.md#label-shift lags behind pt since 2026-11-30
    """

    path: str
    line: int
    name: str
    says: str
    lang: str
    shown: str
    behind: tuple[str, ...] = ()
    since: str = ""

    def __str__(self) -> str:
        return f"{self.shown} {self.says}"

    def as_dict(self) -> dict[str, object]:
        """The finding as JSON-ready keys; `behind` is empty where a text is only not declared yet."""
        return {
            "path": self.path,
            "line": self.line,
            "section": self.name,
            "language": self.lang or None,
            "behind": list(self.behind),
            "since": self.since or None,
            "says": self.says,
        }


def lags(course: Course, lock: dict[str, Entry], history: History | None = None) -> list[Lag]:
    """Every difference between the course and its lock."""
    history = history or History(course.root)
    found: list[Lag] = []
    fresh: dict[str, list[Standing]] = {}
    for standing in standings(course.passages, lock):
        if standing.in_step:
            continue
        if standing.lags:
            found += _behind(standing, history)
        else:
            fresh.setdefault(standing.passage.page, []).append(standing)
    for page, waiting in fresh.items():
        found.append(_undeclared(page, waiting))
    for name, entry in lock.items():
        if name not in course.passages.by_name:
            page = name.partition("#")[0]
            says = f"is in the lock and nowhere else; run sitekit accept {page}"
            found.append(Lag(LOCK, entry.line, name, says, "", f"{LOCK}:{entry.line}: {name}"))
    return sorted(found)


def _behind(standing: Standing, history: History) -> list[Lag]:
    passage, entry = standing.passage, standing.entry
    since = min(
        history.changed(passage.name, lang, passage.places[lang][0], entry.sums[lang], passage.page)
        for lang in standing.led
        if lang in passage.places
    ) if any(lang in passage.places for lang in standing.led) else entry.on  # fmt: skip
    says = f"lags behind {' and '.join(standing.led)} since {since}"
    return [
        Lag(*passage.places[lang], passage.name, says, lang, passage.shown(lang), tuple(standing.led), since)
        for lang in standing.lags
    ]


def _undeclared(page: str, waiting: list[Standing]) -> Lag:
    """One line for all passages of a page that changed everywhere, or are new."""
    first = waiting[0].passage
    path, line = next(iter(first.places.values()))
    names = [f"#{standing.passage.name.partition('#')[2]}" for standing in waiting]
    several = len(names) > 1
    what = f"{', '.join(names[:4])}{f' and {len(names) - 4} more' if len(names) > 4 else ''}"
    new = {lang for standing in waiting for lang in standing.new if standing.entry and not standing.led}
    whose = f" in {', '.join(NAMES[lang] for lang in sorted(new))}" if new else ""
    name = page if several else first.name
    says = f"{what} {'are' if several else 'is'} not declared in step{whose}; run sitekit accept {name}"
    return Lag(path, line, first.name, says, "", f"{page}:")
