"""Whatever the learner's code does, the check ends, says what happened and on which line."""

from __future__ import annotations

import dataclasses
import subprocess
import sys
import time

import pytest

from sintonia.exercises.catalogue import find
from sintonia.exercises.commands import explain
from sintonia.exercises.trial import OUTPUT_KEPT, try_out
from sintonia.findings import LANGUAGES

HEAD = "def last_turn_only(mask):\n"
SOLUTION = find("last-turn").source("solution.py")
LINUX = pytest.mark.skipif(sys.platform != "linux", reason="memory is limited on Linux only")


def check(tmp_path, source, *, seconds=20.0, memory=None):
    file = tmp_path / "work.py"
    file.write_bytes(source if isinstance(source, bytes) else source.encode())
    return try_out(find("last-turn"), file, seconds=seconds, memory=memory)


def only(verdict):
    """The one failure of a verdict, explained once in each language."""
    assert len(verdict.failures) == 1, verdict
    for lang in LANGUAGES:
        assert all(text for _, text in explain(find("last-turn"), verdict.failures[0], lang)[:1])
    return verdict.failures[0]


def test_a_solution_passes_whatever_it_prints(tmp_path):
    verdict = check(tmp_path, f"print('[]')\nprint('{{\"key\": 1}}')\n{SOLUTION}\nprint('bye', end='')")
    assert verdict.passed
    assert verdict.output.splitlines() == ["[]", '{"key": 1}', "bye"]


@pytest.mark.parametrize(
    "source, key, line",
    [
        ("def last_turn_only(mask)\n    return mask", "syntax", 1),
        ("import no_such_package_at_all", "raised", 1),
        ("\nimport sys\nsys.exit()", "exits", 3),
        (HEAD + "    exit(0)", "exits", 2),
        (HEAD + "    raise NotImplementedError", "unfinished", 2),
        (HEAD + "    return last_turn_only(mask)", "recursion", 2),
        (HEAD + "    raise KeyboardInterrupt", "raised", 2),
        (HEAD + "    raise BaseException('no')", "raised", 2),
        (HEAD + "    return input()", "raised", 2),
        (HEAD + "    return (1 / 0 for one in mask)", "no-mask", None),
        ("def last_turn_only(mask, other):\n    return mask", "parameters", None),
        ("def last_turn(mask):\n    return mask", "no-name", None),
        ("last_turn_only = [0]", "no-function", None),
        (HEAD + "    print(mask)", "nothing-returned", None),
        (HEAD + "    return 7", "no-mask", None),
        (HEAD + "    return [[]] * len(mask)", "not-understood", None),
        (
            f"class Odd(list):\n    def __repr__(self):\n        return 1 / 0\n{HEAD}    return Odd(mask)",
            "other-reply",
            None,
        ),
    ],
)
def test_what_goes_wrong_in_python_is_said_with_its_line(tmp_path, source, key, line):
    # In this process: these cannot end it. KeyboardInterrupt and SystemExit are caught as well.
    from sintonia.exercises.judging import judge

    file = tmp_path / "work.py"
    file.write_text(source, "utf-8")
    (failure,) = judge(file, find("last-turn").folder / "checker.py")
    assert (failure.key, failure.line) == (key, line)
    if line is not None:
        assert failure.code == file.read_text("utf-8").splitlines()[line - 1].strip()
    for lang in LANGUAGES:
        assert explain(find("last-turn"), failure, lang)[0][1]


@pytest.mark.parametrize("source", [b"\xff\xfe = 1", b"a = 1\x00", b"# coding: no-such\n"])
def test_a_file_that_is_no_text_is_no_python(tmp_path, source):
    assert only(check(tmp_path, source)).key == "syntax"


def test_an_endless_loop_is_ended_and_its_line_named(tmp_path):
    start = time.monotonic()
    verdict = check(tmp_path, HEAD + "    print('here')\n    while True:\n        mask = mask", seconds=2)
    assert time.monotonic() - start < 8
    failure = only(verdict)
    assert failure.key == "too-long" and failure.data == {"seconds": 2}
    assert failure.line in (3, 4) and failure.code in ("while True:", "mask = mask")


def test_output_without_an_end_is_not_kept(tmp_path):
    verdict = check(tmp_path, "while True:\n    print('x' * 100_000)", seconds=2)
    assert only(verdict).key == "too-long"
    assert len(verdict.output) == OUTPUT_KEPT and verdict.swallowed > 1_000_000


@LINUX
def test_memory_has_a_limit(tmp_path):
    verdict = check(tmp_path, HEAD + "    while True:\n        mask = mask + mask", memory=300)
    assert (only(verdict).key, only(verdict).line) == ("memory", 3)


@pytest.mark.parametrize(
    "source, key",
    [
        ("import os\nos._exit(0)", "vanished"),
        ("import ctypes\nctypes.string_at(0)", "crashed"),
        ("import os, signal\nos.kill(os.getpid(), signal.SIGKILL)", "crashed"),
    ],
)
def test_a_process_that_ends_is_told_from_one_that_passes(tmp_path, source, key):
    assert only(check(tmp_path, source)).key == key


def test_a_solution_that_breaks_python_around_itself_still_passes(tmp_path):
    breaks = (
        "import builtins, os, sys, threading, time\n"
        "threading.Thread(target=time.sleep, args=(60,)).start()\n"
        "os.chdir('/')\n"
        "sys.stdout = sys.stderr = None\n"
        "builtins.print = None\n"
    )
    start = time.monotonic()
    assert check(tmp_path, breaks + SOLUTION).passed
    assert time.monotonic() - start < 15


@LINUX
def test_what_the_code_started_ends_with_it(tmp_path):
    mark = "4242.4242"
    source = f"import subprocess\nsubprocess.Popen(['sleep', '{mark}'])\n"
    assert check(tmp_path, source + SOLUTION).passed
    time.sleep(0.2)
    running = subprocess.run(["ps", "-eo", "stat,args"], capture_output=True, text=True).stdout
    assert not [line for line in running.splitlines() if mark in line and not line.startswith("Z")]


def test_files_beside_the_work_hide_no_module(tmp_path):
    for name in ("json", "sintonia", "copy", "random"):
        (tmp_path / f"{name}.py").write_text("raise RuntimeError('hidden')", "utf-8")
    assert check(tmp_path, "import random\n" + SOLUTION).passed


def test_the_limits_are_the_exercise_s_own(tmp_path):
    short = dataclasses.replace(find("last-turn"), seconds=1.0)
    file = tmp_path / "work.py"
    file.write_text("import time\ntime.sleep(60)", "utf-8")
    (failure,) = try_out(short, file).failures
    assert (failure.key, failure.line) == ("too-long", 2)


def test_of_two_long_texts_the_part_that_differs_is_shown():
    from sintonia.exercises.judging import AROUND, failed

    failure = failed("key", "a" * 500 + "b" + "c" * 500, "a" * 500 + "d" + "c" * 500)
    assert "ab" in failure.found and "ad" in failure.expected
    assert failure.found.startswith("…'a") and failure.found.endswith("c'…")
    assert len(failure.found) <= AROUND + 4
    assert failed("key", "short", "shorter").found == "'short'"
