"""The process in which the learner's code runs: `python -m sintonia.exercises.child`, called by `trial`.

It may print, loop, exit or crash. What the checker found goes into a file, never through its output.
"""

from __future__ import annotations

import contextlib
import faulthandler
import json
import os
import sys
from pathlib import Path

from sintonia.exercises.judging import judge


def main(argv: list[str]) -> None:
    """Judge one file.

    Args:
        argv: the learner's file, the checker, the file for the result, the one for a crash's lines,
            seconds, MiB.
    """
    file, checker, result, trace, seconds, memory = argv
    # What is written under time pressure or in a crash is written by C code: it works when nothing else does.
    with open(trace, "w", encoding="utf-8") as lines:
        faulthandler.enable(lines)
        faulthandler.dump_traceback_later(float(seconds), exit=True, file=lines)
        _limit(int(memory))
        failures = judge(Path(file), Path(checker))
        _limit(None)
        faulthandler.cancel_dump_traceback_later()
        said = json.dumps([failure.as_dict() for failure in failures], default=str)
        Path(f"{result}.part").write_text(said, "utf-8")
        os.replace(f"{result}.part", result)
        with contextlib.suppress(Exception):
            sys.stdout.flush()
            sys.stderr.flush()
        os._exit(0)  # threads that the learner's code left behind would keep the process alive


def _limit(mebibytes: int | None) -> None:
    """Bound what is allocated. Not address space: torch reserves gigabytes that it never touches."""
    try:
        import resource
    except ImportError:  # Windows
        return
    hard = resource.getrlimit(resource.RLIMIT_DATA)[1]
    soft = hard if mebibytes is None else mebibytes * 2**20
    with contextlib.suppress(ValueError, OSError):  # more than this account may have, or no such limit
        resource.setrlimit(resource.RLIMIT_DATA, (soft, hard))


if __name__ == "__main__":
    main(sys.argv[1:])
