"""What a check of the site says: findings that name both places, and what could not be read."""

from __future__ import annotations

from dataclasses import dataclass


class CannotReadError(Exception):
    """Something the check needs is missing or unreadable; carries every such fault at once.

    >>> str(CannotReadError(["docs/zh: found no folder; expected pages; add it"]))
    'docs/zh: found no folder; expected pages; add it'
    """

    def __init__(self, faults: list[str]) -> None:
        self.faults = sorted(faults)
        super().__init__("\n".join(self.faults))


@dataclass(frozen=True, order=True)
class Finding:
    """One difference. Paths are relative to the repository, lines count from 1.

    >>> print(Finding("docs/zh/masks.md", 42, "table", "3 x 2", "4 x 2", "docs/en/masks.md", 40))
    docs/zh/masks.md:42: found 3 x 2, expected 4 x 2 (docs/en/masks.md:40)
    """

    path: str
    line: int
    kind: str
    found: str
    expected: str
    other_path: str = ""
    other_line: int = 0

    def __str__(self) -> str:
        other = f" ({self.other_path}:{self.other_line})" if self.other_path else ""
        return f"{self.path}:{self.line}: found {self.found}, expected {self.expected}{other}"

    def as_dict(self) -> dict[str, object]:
        """The finding as JSON-ready keys; `reference` is null where one page alone is at fault."""
        reference = {"path": self.other_path, "line": self.other_line} if self.other_path else None
        return {
            "path": self.path,
            "line": self.line,
            "kind": self.kind,
            "found": self.found,
            "expected": self.expected,
            "reference": reference,
        }


def shorten(text: str, width: int = 80) -> str:
    """One line of at most `width` characters, cut in the middle of nothing important.

    >>> shorten("a  b\\nc", 80)
    'a b c'
    """
    text = " ".join(text.split())
    return text if len(text) <= width else text[: width - 1] + "…"
