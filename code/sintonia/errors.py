"""Bad input, said once and said whole: where, what was found, what was expected, what to do.

Every reader in the package collects `Fault`s and raises one `InputError` that carries them all, so a
person repairs a file in one pass instead of one error at a time.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

MAX_PRINTED = 20


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


class InputError(ValueError):
    """Input that cannot be used. `faults` holds every fault found, not only the first.

    Example:
        >>> error = InputError([Fault("a.jsonl", "no row", "at least one")])
        >>> print(error)
        a.jsonl: found no row; expected at least one
    """

    def __init__(self, faults: Fault | Iterable[Fault]) -> None:
        self.faults = [faults] if isinstance(faults, Fault) else list(faults)
        lines = [str(fault) for fault in self.faults[:MAX_PRINTED]]
        if len(self.faults) > MAX_PRINTED:
            lines.append(f"... and {len(self.faults) - MAX_PRINTED} more ({len(self.faults)} in all)")
        super().__init__("\n".join(lines))


def first_line(error: BaseException) -> str:
    """The first line of an error's message, at most 200 characters; its class where it says nothing.

    Example:
        >>> first_line(ValueError("bad rank\\nand a page of advice")), first_line(EOFError())
        ('bad rank', 'EOFError')
    """
    lines = str(error).strip().splitlines()
    return lines[0][:200] if lines else type(error).__name__
