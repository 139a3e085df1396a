"""`sintonia exercise` as a learner meets it: texts, files, progress, exit codes."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time

import pytest

from sintonia.cli import main
from sintonia.exercises.catalogue import find, ids
from sintonia.exercises.progress import NAME, Folder
from sintonia.findings import LANGUAGES


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """An empty learner's folder."""
    path = tmp_path / "mine"
    monkeypatch.setenv("SINTONIA_EXERCISES", str(path))
    monkeypatch.setenv("COLUMNS", "100")
    for name in ("LC_ALL", "LC_MESSAGES", "SINTONIA_SITE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("LANG", "C")
    return path


@pytest.fixture
def run(folder, capsys):
    """`run("list")` -> exit code, stdout, stderr."""

    def call(*arguments):
        capsys.readouterr()
        code = main(["exercise", *arguments])
        return code, *capsys.readouterr()

    return call


def solve(folder, id):
    file = folder / find(id).file_name
    file.write_text(find(id).source("solution.py"), "utf-8")


@pytest.mark.parametrize("lang", LANGUAGES)
def test_list_shows_every_exercise_with_its_state(run, folder, lang):
    code, out, err = run("list", "--lang", lang)
    assert (code, err) == (0, "")
    for id in ids():
        (line,) = [line for line in out.splitlines() if line.split()[2:3] == [id]]
        assert find(id).title(lang) in line and find(id).sign in line
    assert "sintonia exercise start tell-apart" in out
    assert not folder.exists()  # looking leaves nothing behind


def test_the_state_follows_what_was_done(run, folder):
    def line(id):
        return next(one for one in run("list")[1].splitlines() if f" {id} " in one)

    run("start", "last-turn")
    assert line("last-turn").endswith("· started")
    assert run("check", "last-turn")[0] == 1
    assert line("last-turn").endswith("✖ not yet")
    solve(folder, "last-turn")
    assert run("check", "last-turn")[0] == 0
    assert line("last-turn").endswith("✔ passed")
    assert not line("decode").endswith(("started", "passed"))


def test_list_loads_no_torch(spawn, folder):
    probe = (
        "import sys; from sintonia.cli import main; main(['exercise', 'list']); print(sorted(sys.modules))"
    )
    done = spawn(["-c", probe])
    assert done.returncode == 0, done.stderr
    loaded = set(done.stdout.splitlines()[-1].replace("'", "").strip("[]").split(", "))
    assert "sintonia.exercises.commands" in loaded
    assert not loaded & {"torch", "transformers", "trl", "datasets", "peft", "numpy"}


@pytest.mark.parametrize("lang", LANGUAGES)
def test_start_gives_the_task_in_the_reader_s_language(run, folder, lang):
    code, out, _ = run("start", "gsm8k", "--lang", lang)
    assert code == 0 and find("gsm8k").link(lang) in out
    text = (folder / "02-gsm8k.py").read_text("utf-8")
    assert text.startswith(f"# 🐕 {find('gsm8k').title(lang)}\n# {find('gsm8k').link(lang)}\n")
    assert text.endswith(find("gsm8k").source("starter.py"))
    comment = "".join(line.removeprefix("#").strip() for line in text.splitlines() if line.startswith("#"))
    assert find("gsm8k").task(lang).replace(" ", "").replace("\n", "") in comment.replace(" ", "")


def test_the_language_is_the_environment_s(run, monkeypatch):
    monkeypatch.setenv("LANG", "zh_CN.UTF-8")
    assert "一行 gsm8k 数据" in run("list")[1]
    assert "Uma linha do gsm8k" in run("list", "--lang", "pt")[1]


def test_start_without_an_id_goes_on_with_the_next(run, folder):
    assert [run("start")[0], run("start")[0]] == [0, 0]
    assert sorted(path.name for path in folder.glob("*.py")) == ["01-choose-the-tool.py", "01-tell-apart.py"]


def test_start_never_overwrites_work(run, folder):
    run("start", "gsm8k", "--lang", "pt")
    file = folder / "02-gsm8k.py"
    given = file.read_text("utf-8")
    code, out, _ = run("start", "gsm8k", "--lang", "zh")  # untouched, whatever its language
    assert code == 0 and str(file) in out and file.read_text("utf-8") == given
    file.write_text("mine = 1\n", "utf-8")
    code, out, err = run("start", "gsm8k")
    assert code == 2 and "--overwrite" in err and file.read_text("utf-8") == "mine = 1\n"
    assert run("start", "gsm8k", "--overwrite")[0] == 0
    assert "to_messages" in file.read_text("utf-8")


@pytest.mark.parametrize(
    "lang, said", [("en", "found"), ("pt", "encontrado"), ("es", "encontrado"), ("zh", "实际")]
)
def test_check_says_what_is_wrong_found_and_expected_and_where_to_read(run, folder, lang, said):
    run("start", "gsm8k")
    file = folder / "02-gsm8k.py"
    source = find("gsm8k").source("solution.py").replace("[^>]*", ".*")
    file.write_text(f"print('looking')\n{source}", "utf-8")
    code, out, err = run("check", "gsm8k", "--lang", lang)
    assert (code, err) == (1, "")
    assert said in out and "to_messages(" in out and "  | looking" in out
    assert find("gsm8k").link(lang, "words-lost") in out and "Traceback" not in out


def test_an_exception_is_shown_with_the_learner_s_line_and_no_traceback(run, folder):
    run("start", "gsm8k")
    (folder / "02-gsm8k.py").write_text('def to_messages(row):\n    return row["reply"]\n', "utf-8")
    code, out, err = run("check", "gsm8k")
    assert code == 1 and "Traceback" not in out + err and "judging.py" not in out + err
    assert "line 2" in out and 'return row["reply"]' in out and "KeyError: 'reply'" in out


def test_a_terminal_is_not_steered_by_what_was_printed(run, folder):
    run("start", "gsm8k")
    (folder / "02-gsm8k.py").write_text("print('\\x1b[31mred\\x07')\n", "utf-8")
    out = run("check", "gsm8k")[1]
    assert "\x1b" not in out and "\x07" not in out and "red" in out


def test_check_without_an_id_checks_all_that_were_started(run, folder):
    run("start", "gsm8k")
    run("start", "last-turn")
    solve(folder, "gsm8k")
    code, out, _ = run("check")
    assert code == 1 and "1 of 2 passed" in out
    solve(folder, "last-turn")
    code, out, _ = run("check")
    assert code == 0 and "2 of 2 passed" in out


def test_bad_usage_is_told_apart(run, folder):
    assert run("check")[0] == 2
    code, _, err = run("check", "gsm8k")
    assert code == 2 and "sintonia exercise start gsm8k" in err
    code, _, err = run("start", "gms8k")
    assert code == 2 and "gsm8k" in err and "Traceback" not in err
    assert run("hint")[0] == 2
    with pytest.raises(SystemExit) as stop:
        main(["exercise", "solve"])
    assert stop.value.code == 2


def test_each_hint_is_the_next_one(run):
    hints = find("gsm8k").hints("en")
    said = [run("hint", "gsm8k")[1] for _ in range(len(hints) + 1)]
    for number, hint in enumerate(hints):
        assert f"Hint {number + 1} of {len(hints)}" in said[number]
        assert hint.split()[0] in said[number]
    assert said[-1] == said[-2] and "last hint" in said[-1]
    assert "Hint 3 of 3" in run("hint")[1]  # the exercise last worked on


def test_the_solution_waits_for_an_attempt(run, folder):
    code, out, err = run("solution", "gsm8k")
    assert (code, out) == (1, "") and "--yes" in err
    code, out, _ = run("solution", "gsm8k", "--yes")
    assert (code, out) == (0, find("gsm8k").source("solution.py"))
    run("start", "last-turn")
    run("check", "last-turn")
    assert run("solution", "last-turn")[:2] == (0, find("last-turn").source("solution.py"))


@pytest.mark.parametrize(
    "damage", ["", "{", "[]", "null", '{"exercises": 3}', "[" * 100_000, b"\xff\xfe\x00"], ids=range(7)
)
def test_damaged_progress_costs_nobody_their_work(run, folder, damage):
    run("start", "gsm8k")
    solve(folder, "gsm8k")
    (folder / NAME).write_bytes(damage if isinstance(damage, bytes) else damage.encode())
    code, out, err = run("list")
    assert code == 0 and "progress.json.damaged" in err and "· started" in out
    assert (folder / f"{NAME}.damaged").exists()
    assert run("check", "gsm8k")[0] == 0
    assert run("list")[2] == ""
    assert json.loads((folder / NAME).read_text("utf-8"))["exercises"]["gsm8k"]["passed"] is True


def test_odd_values_in_progress_are_read_as_none(folder):
    folder.mkdir()
    odd = {"exercises": {"gsm8k": {"passed": "yes", "hints": -1.5}, "decode": 7}, "latest": 3}
    (folder / NAME).write_text(json.dumps(odd), "utf-8")
    mine = Folder()
    assert mine.of(find("gsm8k")) == {"passed": False, "failed_checks": 0, "hints": 0}
    assert mine.of(find("decode")) == mine.of(find("gsm8k")) and mine.latest() is None
    assert not mine.damaged


def test_progress_is_written_whole_or_not_at_all(folder, monkeypatch):
    mine = Folder()
    mine.note(find("gsm8k"), passed=True)
    before = (folder / NAME).read_bytes()

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.replace", full)
    with pytest.raises(Exception, match="No space left"):
        mine.note(find("gsm8k"), passed=False)
    assert (folder / NAME).read_bytes() == before
    assert [path.name for path in folder.iterdir()] == [NAME]


def test_a_folder_that_cannot_be_written_is_bad_usage(run, folder):
    folder.write_text("a file", "utf-8")
    code, _, err = run("start", "gsm8k")
    assert code == 2 and "SINTONIA_EXERCISES" in err and "Traceback" not in err


@pytest.mark.skipif(os.name == "nt", reason="Ctrl-C is a signal of POSIX here")
def test_watch_checks_at_each_save_and_leaves_cleanly(run, folder, root):
    run("start", "last-turn")
    watching = subprocess.Popen(
        [sys.executable, "-m", "sintonia", "exercise", "check", "last-turn", "--watch"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(root / "code")},
        # A test run in the background of a shell has Ctrl-C switched off, and its children inherit that.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    )
    try:
        seen = []
        while not seen or "Waiting" not in seen[-1]:
            seen.append(watching.stdout.readline())
        assert "not yet" in seen[0]
        file = folder / find("last-turn").file_name
        file.unlink()  # as some editors save
        time.sleep(0.6)
        solve(folder, "last-turn")
        while "Waiting" not in (line := watching.stdout.readline()):
            seen.append(line)
        assert any(line.startswith("✔ last-turn ·") for line in seen)
        watching.send_signal(signal.SIGINT)
        _, err = watching.communicate(timeout=20)
        assert (watching.returncode, err) == (0, "")
    finally:
        watching.kill()
