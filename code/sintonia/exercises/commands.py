"""`sintonia exercise list | start | check | hint | solution`: what the learner sees."""

from __future__ import annotations

import shutil
import sys
import time
from itertools import groupby

from sintonia.errors import Fault, InputError
from sintonia.exercises.catalogue import Exercise, find, in_order, ui, words
from sintonia.exercises.judging import Failure
from sintonia.exercises.progress import Folder
from sintonia.exercises.trial import Verdict, try_out
from sintonia.finding_layout import columns, wrap
from sintonia.findings import LANGUAGES

PASSED, NOT_YET, BAD_USAGE = 0, 1, 2
PRINTED_LINES = 12
POLL = 0.4  # seconds


def list_all(lang: str, id: str | None = None, *, folder: Folder | None = None) -> int:
    """Every exercise by lesson, or the task of one."""
    folder = folder or Folder()
    if id is not None:
        _say_task(find(id), lang)
        return PASSED
    exercises = in_order()
    width = max(len(one.id) for one in exercises)
    titles = max(columns(one.title(lang)) for one in exercises)
    passed, following = 0, None
    for lesson, some in groupby(exercises, key=lambda one: one.lesson):
        print(ui("lesson", lang, number=lesson, title=words()["lessons"][lesson][lang]))
        for one in some:
            state = _state(folder, one)
            passed += state == "passed"
            following = following or (one.id if state == "new" else None)
            level = _padded(f"{one.sign} {ui(one.level, lang)}", 12)
            line = f"  {level}{one.id:{width}}  {_padded(one.title(lang), titles)}"
            mark = {"passed": "✔ ", "failing": "✖ ", "started": "· "}.get(state, "")
            print(f"{line}  {mark}{ui(state, lang)}".rstrip())
    print()
    print(ui("tally", lang, passed=passed, all=len(exercises)))
    print(ui("folder", lang, folder=str(folder.path)))
    if following:
        print(ui("next_start", lang, id=following))
    _warn_of_damage(folder, lang)
    return PASSED


def start(lang: str, id: str | None = None, *, overwrite: bool = False, folder: Folder | None = None) -> int:
    """Put the starter into the learner's folder; without an id, that of the next exercise.

    Raises:
        InputError: the folder cannot be written.
    """
    folder = folder or Folder()
    if id is None:
        exercise = next((one for one in in_order() if not folder.file(one).exists()), None)
        if exercise is None:
            print(ui("all_started", lang))
            return PASSED
    else:
        exercise = find(id)
    file = folder.file(exercise)
    if file.exists() and not overwrite:
        try:
            present = file.read_text("utf-8")
        except (OSError, ValueError):
            present = None
        untouched = present in [starter(exercise, one) for one in LANGUAGES]
        if not untouched:
            print(ui("kept", lang, file=str(file)), file=sys.stderr)
            return BAD_USAGE
        print(ui("there_already", lang, file=str(file)))
    else:
        folder.write(file, starter(exercise, lang))
        folder.note(exercise, hints=0)
        _warn_of_damage(folder, lang)
    _say_task(exercise, lang)
    print()
    print(ui("write_here", lang, file=str(file)))
    _say(ui("next_check", lang, id=exercise.id))
    _say(ui("next_hint", lang, id=exercise.id))
    return PASSED


def check(
    lang: str,
    id: str | None = None,
    *,
    watch: bool = False,
    folder: Folder | None = None,
    seconds: float | None = None,
    color: bool = False,
) -> int:
    """Check the learner's file; without an id, every one that has been started.

    Args:
        watch: go on, and check a file again whenever it is saved, until Ctrl-C.
        seconds: time limit of one check; the exercise's own if left out.
    """
    folder = folder or Folder()
    chosen = [find(id)] if id else folder.started()
    if not chosen:
        print(ui("none_started", lang, folder=str(folder.path), id=in_order()[0].id), file=sys.stderr)
        return BAD_USAGE
    if id and not folder.file(chosen[0]).is_file():
        print(ui("not_started", lang, id=id), file=sys.stderr)
        return BAD_USAGE
    passed: dict[str, bool] = {}
    saved: dict[str, tuple[int, int] | None] = {}
    try:
        while True:
            looked = False
            for exercise in chosen:
                stamp = _stamp(folder, exercise)
                if stamp is None or saved.get(exercise.id) == stamp:
                    continue  # between the two steps of an editor's save there is no file
                if saved:
                    print()
                saved[exercise.id] = stamp
                verdict = try_out(exercise, folder.file(exercise), seconds=seconds)
                passed[exercise.id] = verdict.passed
                _keep(folder, exercise, verdict)
                _say_verdict(exercise, verdict, lang, color)
                looked = True
            if not watch:
                break
            if looked:
                print("\n" + ui("watching", lang), flush=True)
            time.sleep(POLL)
            chosen = [find(id)] if id else folder.started()
    except KeyboardInterrupt:
        if not watch:
            raise
        print("\n" + ui("unwatched", lang))
    _warn_of_damage(folder, lang)
    if len(passed) > 1 and not watch:
        print()
        print(ui("tally", lang, passed=sum(passed.values()), all=len(passed)))
    return PASSED if all(passed.values()) else NOT_YET


def hint(lang: str, id: str | None = None, *, folder: Folder | None = None) -> int:
    """The next hint, plainer at each call; without an id, for the exercise last worked on."""
    folder = folder or Folder()
    exercise = _meant(folder, id, lang)
    hints = exercise.hints(lang)
    number = min(folder.of(exercise)["hints"] + 1, len(hints))
    print(f"{exercise.sign} {exercise.id} · {ui('hint_of', lang, number=number, all=len(hints))}")
    _say(hints[number - 1], 2)
    print()
    last = number == len(hints)
    _say(ui("last_hint" if last else "more_hints", lang))
    print(f"{ui('read', lang)}  {exercise.link(lang)}")
    folder.note(exercise, hints=number)
    _warn_of_damage(folder, lang)
    return PASSED


def solution(lang: str, id: str | None = None, *, yes: bool = False, folder: Folder | None = None) -> int:
    """The solution, once an attempt has been checked or with `yes`; the advice goes to stderr."""
    folder = folder or Folder()
    exercise = _meant(folder, id, lang)
    done = folder.of(exercise)
    _warn_of_damage(folder, lang)
    if not (yes or done["passed"] or done["failed_checks"]):
        _say(ui("try_first", lang, id=exercise.id), file=sys.stderr)
        return NOT_YET
    print(exercise.source("solution.py"), end="", flush=True)
    print(file=sys.stderr)
    _say(ui("one_way", lang, link=exercise.link(lang)), file=sys.stderr)
    return PASSED


def starter(exercise: Exercise, lang: str) -> str:
    """The learner's file as it is given: the task as a comment, then the starter."""
    lines = [f"{exercise.sign} {exercise.title(lang)}", exercise.link(lang), ""]
    for paragraph in [*exercise.task(lang).splitlines(), "", ui("try_it", lang)]:
        lines += wrap(paragraph, 88) if paragraph.strip() else [""]
    header = "".join(f"# {line}".rstrip() + "\n" for line in lines)
    return f"{header}\n{exercise.source('starter.py')}"


def explain(exercise: Exercise, failure: Failure, lang: str) -> list[tuple[str, str]]:
    """A failure in words: `(label, text)`, the first without a label.

    Raises:
        KeyError: the catalogue has no such message, or the failure lacks a value that it asks for.
    """
    said = [("", exercise.message(failure.key, failure.data, lang))]
    if failure.line is not None:
        said.append((ui("line", lang, number=failure.line), failure.code or ""))
    for label, value in (("called", failure.call), ("found", failure.found), ("expected", failure.expected)):
        if value is not None:
            said.append((ui(label, lang), value))
    return [*said, (ui("read", lang), exercise.link(lang, failure.key))]


def _say_verdict(exercise: Exercise, verdict: Verdict, lang: str, color: bool) -> None:
    state = "passed" if verdict.passed else "failing"
    head = f"{'✔' if verdict.passed else '✖'} {exercise.id} · {exercise.title(lang)} · {ui(state, lang)}"
    print(f"\x1b[1;{32 if verdict.passed else 31}m{head}\x1b[0m" if color else head)
    for failure in verdict.failures:
        (_, text), *labelled = explain(exercise, failure, lang)
        _say(text, 2)
        pad = max(columns(label) for label, _ in labelled) + 2
        for label, value in labelled:
            lines = [value] if label == ui("read", lang) else _broken(value, _width() - 4 - pad)
            for place, line in enumerate(lines):
                print(f"    {_padded('' if place else label, pad)}{line}")
    if verdict.output.strip():
        print(f"  {ui('printed', lang)}")
        lines = verdict.output.splitlines()
        for line in lines[:PRINTED_LINES]:
            print("  | " + "".join(c if c.isprintable() else "�" for c in line.expandtabs())[:200])
        rest = sum(len(line.encode()) + 1 for line in lines[PRINTED_LINES:]) + verdict.swallowed
        if rest:
            print(f"  {ui('printed_more', lang, bytes=rest)}")
    _say(ui("well_done" if verdict.passed else "next_hint", lang, id=exercise.id), 2)
    sys.stdout.flush()


def _say_task(exercise: Exercise, lang: str) -> None:
    print(f"{exercise.sign} {exercise.title(lang)} · {ui(exercise.level, lang)}")
    for paragraph in exercise.task(lang).splitlines():
        _say(paragraph)
    print(f"{ui('read', lang)}  {exercise.link(lang)}")


def _keep(folder: Folder, exercise: Exercise, verdict: Verdict) -> None:
    done = folder.of(exercise)
    failed = done["failed_checks"] + (not verdict.passed)
    folder.note(exercise, passed=done["passed"] or verdict.passed, failed_checks=failed)


def _state(folder: Folder, exercise: Exercise) -> str:
    done = folder.of(exercise)
    if done["passed"]:
        return "passed"
    if not folder.file(exercise).exists():
        return "new"
    return "failing" if done["failed_checks"] else "started"


def _meant(folder: Folder, id: str | None, lang: str) -> Exercise:
    id = id or folder.latest()
    if id is None:
        raise InputError(Fault("exercise", "no ID", "an exercise's ID", ui("which", lang)))
    return find(id)


def _stamp(folder: Folder, exercise: Exercise) -> tuple[int, int] | None:
    try:
        status = folder.file(exercise).stat()
    except OSError:
        return None
    return status.st_mtime_ns, status.st_size


def _warn_of_damage(folder: Folder, lang: str) -> None:
    if folder.damaged:
        _say(ui("damaged", lang), file=sys.stderr)


def _width() -> int:
    return max(40, min(100, shutil.get_terminal_size().columns))


def _broken(text: str, width: int) -> list[str]:
    """A value in lines of `width` columns, no character lost: `wrap` is for prose, and drops spaces."""
    lines = [""]
    for char in text:
        if columns(lines[-1]) + columns(char) > width:
            lines.append("")
        lines[-1] += char
    return lines


def _padded(text: str, width: int) -> str:
    return text + " " * max(0, width - columns(text))


def _say(text: str, indent: int = 0, file=None) -> None:
    for line in wrap(text, _width(), indent):
        print(line, file=file)
