"""One check in a process of its own, with a time limit, a memory limit and its output caught."""

from __future__ import annotations

import contextlib
import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from sintonia.chat_templates import PACKAGE
from sintonia.exercises.catalogue import Exercise
from sintonia.exercises.judging import Failure

OUTPUT_KEPT = 4096  # bytes
GRACE = 3.0  # seconds that the child has to end itself before it is ended


@dataclass
class Verdict:
    """What one check gave.

    Args:
        failures: what is not right yet, most telling first; empty: passed.
        output: the first `OUTPUT_KEPT` bytes of what the learner's code printed.
        swallowed: bytes that it printed beyond these.
    """

    failures: list[Failure] = field(default_factory=list)
    output: str = ""
    swallowed: int = 0

    @property
    def passed(self) -> bool:
        """Nothing is left to be put right."""
        return not self.failures


def try_out(
    exercise: Exercise, file: Path, *, seconds: float | None = None, memory: int | None = None
) -> Verdict:
    """Check the learner's file; their code gets a process that is ended with all it started.

    Args:
        seconds: wall time; the exercise's own limit if left out.
        memory: MiB; the exercise's own limit if left out.
    """
    seconds = exercise.seconds if seconds is None else seconds
    memory = exercise.memory if memory is None else memory
    with tempfile.TemporaryDirectory(prefix="sintonia-") as folder:
        result, trace = Path(folder, "result.json"), Path(folder, "trace.txt")
        paths = [file.resolve(), exercise.folder / "checker.py", result, trace]
        command = [sys.executable, "-m", "sintonia.exercises.child", *map(str, paths)]
        child = subprocess.Popen(
            [*command, str(seconds), str(memory)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            cwd=file.resolve().parent,
            env=_environment(),
            start_new_session=True,  # so that it can be ended with its children
        )
        caught = _Output(child.stdout)
        ended = True
        try:
            child.wait(seconds + GRACE)
        except subprocess.TimeoutExpired:
            ended = False
        finally:
            _end(child)
        caught.thread.join(1)
        verdict = Verdict(output=bytes(caught.kept).decode("utf-8", "replace"), swallowed=caught.swallowed)
        verdict.failures = _failures(result, trace, file, child.returncode, ended, seconds)
    return verdict


class _Output:
    """Reads a pipe to its end, so that nobody waits for it, and keeps the beginning."""

    def __init__(self, pipe: IO[bytes]) -> None:
        self.kept, self.swallowed, self.pipe = bytearray(), 0, pipe
        self.thread = threading.Thread(target=self._read, daemon=True)
        self.thread.start()

    def _read(self) -> None:
        while piece := self.pipe.read1(65536):
            room = OUTPUT_KEPT - len(self.kept)
            self.kept += piece[:room]
            self.swallowed += max(0, len(piece) - room)
        self.pipe.close()


def _failures(result: Path, trace: Path, file: Path, code: int, ended: bool, seconds: float) -> list[Failure]:
    with contextlib.suppress(OSError, ValueError, TypeError):
        return [Failure(**one) for one in json.loads(result.read_text("utf-8"))]
    try:
        lines = trace.read_text("utf-8", "replace")
    except OSError:
        lines = ""
    # faulthandler names the innermost call first.
    at = re.search(rf'File "{re.escape(str(file.resolve()))}", line (\d+)', lines)
    if not ended or lines.startswith("Timeout"):
        failure = Failure("too-long", {"seconds": round(seconds) if seconds >= 1 else seconds})
    elif code < 0:
        name = signal.Signals(-code).name if -code in list(signal.Signals) else str(-code)
        failure = Failure("crashed", {"signal": name})
    else:
        failure = Failure("vanished", {"code": code})
    if at:
        failure.line = int(at[1])
        with contextlib.suppress(OSError, IndexError):
            failure.code = file.read_text("utf-8", "replace").splitlines()[failure.line - 1].strip()[:200]
    return [failure]


def _environment() -> dict[str, str]:
    paths = [str(PACKAGE.parent), os.environ.get("PYTHONPATH", "")]
    return {
        **os.environ,
        "PYTHONPATH": os.pathsep.join(filter(None, paths)),
        "PYTHONSAFEPATH": "1",  # the learner's files must not hide modules of ours
        "PYTHONUTF8": "1",
        "PYTHONDONTWRITEBYTECODE": "1",
        "TOKENIZERS_PARALLELISM": "false",
        "HF_HUB_OFFLINE": "1",  # no exercise needs the network, and a check must not wait for it
    }


def _end(child: subprocess.Popen) -> None:
    with contextlib.suppress(OSError, AttributeError):  # gone already; Windows has no groups
        os.killpg(child.pid, signal.SIGKILL)
    if child.poll() is None:
        child.kill()
        for _ in range(100):
            if child.poll() is not None:
                break
            time.sleep(0.05)
