"""Which characters of the data a tokenizer does not know, asked of each character once.

Byte-level tokenizers and those with byte fallback lose nothing, and are found out with five characters
before any text is read. With the others a character that is in no token becomes the unknown token.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from sintonia.findings import Observation

_RARE = "ã龘ཨ𓀀😀"
_SILENT = "\ufe0e\ufe0f\u200b\u200c\u200d\u2060\ufeff\u00ad"  # nothing is seen where they are missing
MOST = 20_000
SHOWN = 12


@dataclass
class Characters:
    """In how many rows each character beyond ASCII stands, and where first.

    Explained in: doctor.md#d12
    """

    rows: Counter[str] = field(default_factory=Counter)
    first: dict[str, str] = field(default_factory=dict)

    def add(self, where: str, text: str) -> None:
        """Count the characters of one row."""
        for char in set(text):
            if char > "\x7f":
                self.rows[char] += 1
                self.first.setdefault(char, where)

    def merge(self, later: Characters) -> None:
        """Add the counts of rows that come after these."""
        self.rows.update(later.rows)
        self.first = later.first | self.first


def can_lose(backend: Any) -> bool:
    """Whether a tokenizer has characters that it does not know.

    Example:
        >>> from sintonia.fast_tokenizers import fast_backend
        >>> can_lose(fast_backend())
        False

    Explained in: doctor.md#d12
    """
    # A tokenizer of whole words cannot be asked about single characters.
    return type(backend.model).__name__ != "WordLevel" and any(_is_lost(backend, char) for char in _RARE)


def conclude(found: Characters, backend: Any) -> Iterator[Observation]:
    """D12: the characters that are lost, the most frequent first.

    Explained in: doctor.md#d12
    """
    lost = [char for char, _ in found.rows.most_common(MOST) if _is_lost(backend, char)]
    if lost:
        unknown = getattr(backend.model, "unk_token", None) or "<unk>"
        shown = " ".join(lost[:SHOWN]) + (" …" if len(lost) > SHOWN else "")
        data = {"count": len(lost), "rows": max(found.rows[char] for char in lost), "excerpt": shown}
        examples = [(found.first[char], f"{char} (U+{ord(char):04X})") for char in lost[:3]]
        yield Observation("D12", {**data, "unk": unknown}, examples)


def _is_lost(backend: Any, char: str) -> bool:
    if char.isspace() or char in _SILENT:
        return False
    tokens = backend.encode(char, add_special_tokens=False).tokens
    unknown = getattr(backend.model, "unk_token", None)
    return not tokens or (unknown is not None and unknown in tokens)
