"""Since when a passage has differed from the lock, as git tells it."""

from __future__ import annotations

import subprocess
from datetime import date
from pathlib import Path

from sitekit.checksums import ABSENT
from sitekit.findings import CannotReadError
from sitekit.passages import Passages
from sitekit.reading import parse_page
from sitekit.wordlists import parse_yaml

DEPTH = 20
"""How many commits of a file are looked at; a passage that lags longer is told by the oldest."""


class History:
    """The committed versions of the tree's files, each read once."""

    def __init__(self, root: Path, today: date | None = None) -> None:
        self.root = root
        self.today = (today or date.today()).isoformat()
        self._versions: dict[tuple[str, str], list[tuple[str, dict[str, str]]]] = {}

    def changed(self, name: str, lang: str, path: str, then: str, page_name: str) -> str:
        """The day on which a language's text of a passage left the checksum `then`; today if uncommitted.

        Args:
            path: the language's file in the repository.
            page_name: what the file is called in passages' names.
        """
        since = self.today
        for day, sums in self._read(path, lang, page_name):
            if sums.get(name, ABSENT) == then:
                break
            since = day
        return since

    def _read(self, path: str, lang: str, page_name: str) -> list[tuple[str, dict[str, str]]]:
        """A file's versions, newest first, as (day, checksum by passage)."""
        if (path, lang) not in self._versions:
            log = self._git("log", f"-{DEPTH}", "--format=%H %as", "--", path).split("\n")
            commits = [line.split(" ") for line in log if line]
            versions = [(day, self._git("show", f"{commit}:./{path}")) for commit, day in commits]
            self._versions[path, lang] = [(day, _sums(text, path, lang, page_name)) for day, text in versions]
        return self._versions[path, lang]

    def _git(self, *arguments: str) -> str:
        """What git prints; nothing where there is no git or no repository."""
        command = ["git", "-C", str(self.root), *arguments]
        try:
            done = subprocess.run(command, capture_output=True, check=False)
        except OSError:
            return ""
        return done.stdout.decode("utf-8", "replace") if done.returncode == 0 else ""


def _sums(text: str, path: str, lang: str, page_name: str) -> dict[str, str]:
    passages = Passages()
    try:
        if path.endswith(".md"):
            passages.add_pages(page_name, {lang: parse_page(text.splitlines(), path, lang)})
        else:
            passages.add_words(path, parse_yaml(text, path))
    except CannotReadError:
        return {}
    return {name: found.sums[lang] for name, found in passages.by_name.items() if lang in found.sums}
