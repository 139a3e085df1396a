"""Bad input, said once and said whole: where, what was found, what was expected, what to do.

Every reader in the package collects `Fault`s and raises one `InputError` that carries them all, so a
person repairs a file in one pass instead of one error at a time.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

MAX_PRINTED = 20
_STEERING = dict.fromkeys([*range(32), *range(127, 160), *range(0x202A, 0x202F), *range(0x2066, 0x206A)], "�")
_STEERING |= {ord("\n"): "\n", ord("\t"): "\t"}
MAX_KEPT = 1_000  # a file of ten million bad rows must not fill the memory with what is wrong with it


@dataclass(frozen=True)
class Fault:
    """One thing that is wrong with an input.

    Args:
        where: file, line and message, as far as they are known (`train.jsonl:17: message 2`).
        found: what stands there.
        expected: what should stand there.
        fix: what to do about it, when that is not already plain from `expected`.

    Example:
        >>> print(Fault("a.jsonl:3", "role 'bot'", "system, user, assistant or tool"))
        a.jsonl:3: found role 'bot'; expected system, user, assistant or tool
    """

    where: str
    found: str
    expected: str
    fix: str = ""

    def __str__(self) -> str:
        line = f"{self.where}: found {self.found}; expected {self.expected}"
        return f"{line}; {self.fix}" if self.fix else line


@dataclass(frozen=True)
class Unreadable(Fault):
    """The fault of a row that could not be parsed, with the text that stands there.

    Args:
        raw: the line as it was read; bytes that are no UTF-8 stand as `\\xe1`.

    Example:
        >>> Unreadable("a.jsonl:1", "invalid JSON", "an object", raw="{").raw
        '{'
    """

    raw: str = ""


class InputError(ValueError):
    """Input that cannot be used. `faults` holds every fault found, not only the first.

    Args:
        faults: what is wrong; readers of long inputs hand over the first `MAX_KEPT`.
        count: how many faults there are in all, where that is more than are handed over.

    Example:
        >>> error = InputError([Fault("a.jsonl", "no row", "at least one")])
        >>> print(error)
        a.jsonl: found no row; expected at least one
    """

    def __init__(self, faults: Fault | Iterable[Fault], count: int | None = None) -> None:
        self.faults = [faults] if isinstance(faults, Fault) else list(faults)
        self.count = len(self.faults) if count is None else count
        printed = [str(fault) for fault in self.faults[:MAX_PRINTED]]
        lines = printed.copy()
        if self.count > len(printed):
            lines.append(f"... and {self.count - len(printed)} more ({self.count} in all)")
        super().__init__("\n".join(lines))


def harmless(text: str) -> str:
    """Text for a terminal, in which nothing that a stranger wrote moves the cursor or turns the line round.

    Lines and tabs stay; other control characters, and those that set the direction of writing, become `�`.

    Example:
        >>> harmless("a\\x1b[2Jb\\u202ec")
        'a�[2Jb�c'
    """
    return text.translate(_STEERING)


def first_line(error: BaseException) -> str:
    """The first line of an error's message, at most 200 characters; its class where it says nothing.

    Example:
        >>> first_line(ValueError("bad rank\\nand a page of advice")), first_line(EOFError())
        ('bad rank', 'EOFError')
    """
    lines = str(error).strip().splitlines()
    return lines[0][:200] if lines else type(error).__name__
