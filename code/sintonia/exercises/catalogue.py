"""What exercises there are, and what they say in four languages.

A folder beside this file that holds an `exercise.yml` is an exercise, and its name is the exercise's id.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from sintonia.chat_templates import PACKAGE
from sintonia.errors import Fault, InputError
from sintonia.findings import address, fill

FOLDER = PACKAGE / "exercises"
WORDS = PACKAGE / "words" / "exercises.yml"
LEVELS = {"easy": "🐢", "medium": "🐕", "hard": "🦁"}
SECONDS = 20.0  # a busy laptop takes two to start Python and read a tokenizer
MEMORY = 2048  # MiB
_CREATURES = list(LEVELS)


@dataclass(frozen=True)
class Exercise:
    """One exercise.

    Args:
        id: the name of its folder, and of its section on the page without `exercise-`.
        lesson: number of the lesson, from 1.
        level: `easy`, `medium` or `hard`.
        page: where the course sets it (`masks.md#exercise-decode`).
        untouched: key of the message that `check` gives for the starter as it is.
        listing: the course's listing of the solution, below `code/examples`.
        seconds: wall time that one check may take.
        memory: MiB that one check may take, where the system can limit it.
        texts: `title` and `task` (language -> text), `hints` (a list of those), `messages` (by key).
        folder: where its files are.
    """

    id: str
    lesson: int
    level: str
    page: str
    untouched: str
    listing: str
    seconds: float
    memory: int
    texts: dict[str, Any]
    folder: Path

    @property
    def sign(self) -> str:
        """The level's animal."""
        return LEVELS[self.level]

    @property
    def file_name(self) -> str:
        """The learner's file. With its number in front it can never hide a module of Python's."""
        return f"{self.lesson:02d}-{self.id}.py"

    def title(self, lang: str) -> str:
        """Its title, as the page has it."""
        return self.texts["title"][lang]

    def task(self, lang: str) -> str:
        """What is to be written, as paragraphs."""
        return self.texts["task"][lang].strip()

    def hints(self, lang: str) -> list[str]:
        """From vague to plain."""
        return [hint[lang].strip() for hint in self.texts["hints"]]

    def source(self, name: str) -> str:
        """The text of `starter.py` or `solution.py`."""
        return (self.folder / name).read_text("utf-8")

    def message(self, key: str, data: dict[str, Any], lang: str) -> str:
        """What a failed check says.

        Raises:
            KeyError: neither the exercise nor the course has such a message, or `data` lacks a value.
        """
        return fill(self._entry(key)[lang].strip(), data, lang)

    def link(self, lang: str, key: str | None = None) -> str:
        """The address of the section that helps with a message; without a key, the exercise's own."""
        page = self._entry(key).get("read", self.page) if key else self.page
        return section_address(page, lang)

    def _entry(self, key: str) -> dict[str, str]:
        own = self.texts["messages"]
        return own[key] if key in own else words()["messages"][key]


@cache
def find(id: str) -> Exercise:
    """The exercise of an id.

    Raises:
        InputError: there is none; it names the ids that come closest.

    Example:
        >>> find("gsm8k").lesson, find("gsm8k").level
        (2, 'medium')
    """
    if id not in ids():
        close = difflib.get_close_matches(id, ids(), 3, 0.5) or ids()
        raise InputError(
            Fault("exercise", repr(id), " or ".join(close), "`sintonia exercise list` shows them all")
        )
    texts = _yaml(FOLDER / id / "exercise.yml")
    return Exercise(
        id=id,
        lesson=texts["lesson"],
        level=texts["level"],
        page=texts["page"],
        untouched=texts["untouched"],
        listing=texts["listing"],
        seconds=float(texts.get("seconds", SECONDS)),
        memory=texts.get("memory", MEMORY),
        texts={name: texts[name] for name in ("title", "task", "hints", "messages")},
        folder=FOLDER / id,
    )


@cache
def ids() -> list[str]:
    """The id of every exercise, in the alphabet's order.

    Example:
        >>> "last-turn" in ids()
        True
    """
    return sorted(path.parent.name for path in FOLDER.glob("*/exercise.yml"))


def in_order(some: Iterable[str] | None = None) -> list[Exercise]:
    """Exercises by lesson, the easy ones first.

    Example:
        >>> [exercise.id for exercise in in_order(["decode", "phi3", "smoltalk"])]
        ['smoltalk', 'phi3', 'decode']
    """
    chosen = [find(id) for id in (ids() if some is None else some)]
    return sorted(chosen, key=lambda one: (one.lesson, _CREATURES.index(one.level), one.id))


def section_address(page: str, lang: str) -> str:
    """Where a section stands on the site, in a language.

    Args:
        page: as pages link to each other: `masks.md#loss-masking`.

    Example:
        >>> section_address("masks.md#loss-masking", "pt")
        'https://sintonia-course.github.io/sintonia/pt/masks/#loss-masking'
    """
    root = address("", lang).removesuffix("doctor/#")
    path, _, anchor = page.partition("#")
    path = path.removesuffix(".md")
    path = "" if path == "index" else f"{path}/"
    return f"{root}{path}#{anchor}" if anchor else root + path


def ui(key: str, lang: str, **values: Any) -> str:
    """One of the commands' own sentences.

    Example:
        >>> ui("passed", "es")
        'resuelto'
    """
    return fill(words()["ui"][key][lang], values, lang)


@cache
def words() -> dict[str, Any]:
    """`lessons`, `ui` and `messages`, each with its texts in four languages."""
    return _yaml(WORDS)


def _yaml(path: Path) -> Any:
    import yaml

    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    with path.open(encoding="utf-8") as stream:
        return yaml.load(stream, Loader=loader)
