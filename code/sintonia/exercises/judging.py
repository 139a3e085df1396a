"""The learner's code, run and held against a checker. What comes out are failures in no language.

A checker is a generator `check(work)`: it calls the learner's functions through `work.call` and yields
`failed(key, ...)` for what it does not like. Whatever the learner's code raises ends the check with a
failure that names their line; a checker need not guard against it.
"""

from __future__ import annotations

import copy
import importlib.util
import inspect
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from itertools import islice
from pathlib import Path
from types import ModuleType, TracebackType
from typing import Any

from sintonia.errors import first_line

MAX_FAILURES = 3
SHOWN = 240
AROUND = 90  # of two texts that differ: a line of a terminal
MODULE = "exercise_work"
_UNSAID: Any = object()


@dataclass
class Failure:
    """One thing that is not right yet.

    Args:
        key: which message says it.
        data: the values that the message asks for.
        found, expected: values as Python writes them, shortened; None where there is nothing to show.
        call: the call that showed it.
        line, code: the learner's line concerned, from 1, and what stands on it.
    """

    key: str
    data: dict[str, Any] = field(default_factory=dict)
    found: str | None = None
    expected: str | None = None
    call: str | None = None
    line: int | None = None
    code: str | None = None

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        return asdict(self)


class Stop(Exception):
    """Nothing more can be checked."""

    def __init__(self, failure: Failure) -> None:
        super().__init__(failure.key)
        self.failure = failure


def failed(
    key: str, found: Any = _UNSAID, expected: Any = _UNSAID, *, call: str | None = None, **data: Any
) -> Failure:
    """A failure, for a checker to yield.

    Args:
        key: a message of the exercise's `exercise.yml`, or of `words/exercises.yml`.
        found, expected: any values; of two long texts the part around the first difference is shown.
        call: what was called, where that is not the last `work.call`; "" for nothing.
        data: the values that the message asks for (texts, numbers or lists of them).

    Example:
        >>> failed("roles", found=["user"], expected=["user", "assistant"]).found
        "['user']"
    """
    if isinstance(found, str) and isinstance(expected, str):
        found_text, expected_text = _around_difference(found, expected)
    else:
        found_text, expected_text = (None if one is _UNSAID else shown(one) for one in (found, expected))
    return Failure(key, data, found_text, expected_text, call)


class Work:
    """The learner's file, run once.

    Args:
        file: their Python file. It runs under the name `exercise_work`, so what stands under
            `if __name__ == "__main__"` does not.

    Raises:
        Stop: the file cannot be read, or an exception left it.
    """

    def __init__(self, file: Path) -> None:
        self.file = file
        self.last_call: str | None = None
        self.last_result: Any = _UNSAID
        self._lines: list[str] = []
        try:
            source = file.read_bytes()
        except OSError as error:
            raise Stop(Failure("no-file", {"error": first_line(error)})) from None
        self._lines = source.decode("utf-8", "replace").splitlines()
        try:
            program = compile(source, str(file), "exec", dont_inherit=True)
        except SyntaxError as error:
            raise Stop(self._failure("syntax", error.lineno, error=error.msg)) from None
        except ValueError as error:  # null bytes
            raise Stop(self._failure("syntax", None, error=first_line(error))) from None
        self.module = ModuleType(MODULE)
        self.module.__file__ = str(file)
        sys.modules[MODULE] = self.module
        with self.guarded():
            exec(program, self.module.__dict__)  # the learner's own file  # nosec B102

    def get(self, name: str) -> Any:
        """What the learner's file calls `name`.

        Raises:
            Stop: it has no such name.
        """
        if not hasattr(self.module, name):
            raise Stop(Failure("no-name", {"name": name}))
        return getattr(self.module, name)

    def call(self, name: str, *args: Any, **kwargs: Any) -> Any:
        """Call the learner's function with copies of the arguments.

        Raises:
            Stop: there is no such function, it does not take these arguments, raises, or returns None.
        """
        function = self.get(name)
        if not callable(function):
            raise Stop(Failure("no-function", {"name": name}, found=shown(function)))
        listed = [shown(value, 80) for value in args] + [f"{k}={shown(v, 80)}" for k, v in kwargs.items()]
        self.last_call = f"{name}({', '.join(listed)})"
        try:
            signature = inspect.signature(function)
        except (TypeError, ValueError):
            signature = None  # some built-ins have none
        if signature is not None:
            try:
                signature.bind(*args, **kwargs)
            except TypeError as error:
                failure = Failure("parameters", {"name": name, "error": first_line(error)})
                failure.found = f"{name}{signature}"
                raise Stop(failure) from None
        with self.guarded():
            result = function(*copy.deepcopy(args), **copy.deepcopy(kwargs))
        self.last_result = result
        if result is None:
            raise Stop(Failure("nothing-returned", {"name": name}))
        return result

    @contextmanager
    def guarded(self) -> Iterator[None]:
        """Whatever the learner's code raises becomes a `Stop` that names their line."""
        try:
            yield
        except Stop:
            raise
        except BaseException as error:
            raise Stop(self.of_exception(error)) from None

    def of_exception(self, error: BaseException) -> Failure:
        """The failure that an exception is."""
        line = self._line_of(error.__traceback__)
        if isinstance(error, SystemExit):
            return self._failure("exits", line)
        if isinstance(error, NotImplementedError):
            return self._failure("unfinished", line)
        if isinstance(error, RecursionError):
            return self._failure("recursion", line)
        if isinstance(error, MemoryError):
            return self._failure("memory", line)
        if isinstance(error, SyntaxError) and line is None:
            line = error.lineno
        if line is None and not isinstance(error, KeyboardInterrupt):
            # No line of theirs: the checker could make nothing of what the function returned.
            found = None if self.last_result is _UNSAID else shown(self.last_result)
            return Failure("not-understood", {"error": _named(error)}, found=found)
        return self._failure("raised", line, error=_named(error))

    def _line_of(self, traceback: TracebackType | None) -> int | None:
        line, steps = None, 0
        while traceback is not None and steps < 10_000:
            if traceback.tb_frame.f_code.co_filename == str(self.file):
                line = traceback.tb_lineno
            traceback, steps = traceback.tb_next, steps + 1
        return line

    def _failure(self, key: str, line: int | None, **data: Any) -> Failure:
        code = None
        if line is not None and 0 < line <= len(self._lines):
            code = _cut(self._lines[line - 1].strip())
        return Failure(key, data, line=line, code=code)


def judge(file: Path, checker: Path) -> list[Failure]:
    """What is not right yet in the learner's file, the first `MAX_FAILURES` of it; empty: passed.

    The code runs in this process; `trial.try_out` gives it one of its own.
    """
    failures: list[Failure] = []
    work: Work | None = None
    try:
        work = Work(file)
        checks = _load(checker).check(work)
        with work.guarded():
            for failure in islice(checks, MAX_FAILURES):
                failure.call = work.last_call if failure.call is None else failure.call or None
                failures.append(failure)
    except Stop as stop:
        if work is not None and stop.failure.key not in ("no-name", "no-function"):
            stop.failure.call = work.last_call
        failures.append(stop.failure)
    return failures[:MAX_FAILURES]


def shown(value: Any, limit: int = SHOWN) -> str:
    """A value as Python writes it, on one line, cut to `limit` characters.

    Example:
        >>> shown([0, 1] * 100, 12)
        '[0, 1, 0, 1…'
    """
    try:
        return _cut(re.sub(r"\s*\n\s*", " ", repr(value)), limit)  # tensors are written in lines
    except Exception as error:  # their class, their __repr__
        return f"<{type(value).__name__}: {type(error).__name__}>"


def _around_difference(found: str, expected: str) -> tuple[str, str]:
    pairs = zip(found, expected, strict=False)
    at = next((place for place, (one, other) in enumerate(pairs) if one != other), None)
    at = min(len(found), len(expected)) if at is None else at
    start = max(0, at - AROUND // 3) if max(len(found), len(expected)) > AROUND else 0

    def piece(text: str) -> str:
        end = start + AROUND
        return ("…" if start else "") + _cut(repr(text[start:end])) + ("…" if len(text) > end else "")

    return piece(found), piece(expected)


def _cut(text: str, limit: int = SHOWN) -> str:
    text = "".join(char if char.isprintable() else "�" for char in text[: limit + 1])
    return text if len(text) <= limit else text[: limit - 1] + "…"


def _named(error: BaseException) -> str:
    name, said = type(error).__name__, first_line(error)
    return name if said == name else f"{name}: {said}"


def _load(checker: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location(f"checker_{checker.parent.name}", checker)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
