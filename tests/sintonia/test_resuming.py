"""The same command again goes on where it was; another one is refused by name."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from collections import deque
from pathlib import Path

import pytest
import torch

from sintonia import InputError, checkpoints, resuming, run_folders, run_watch
from sintonia import sft as training

PLAN = {
    "model": {"model": "m"},
    "data": "d" * 64,
    "recipe": {"seed": 1},
    "processes": 1,
    "versions": {"trl": "1"},
}
CODE = Path(__file__).resolve().parents[2] / "code"
STEPS = 12
ARGUMENTS = (
    *(
        "--max_steps",
        str(STEPS),
        "--per_device_train_batch_size",
        "2",
        "--languages",
        "en",
        "--max_length",
        "512",
    ),
    *("--logging_steps", "1", "--save_steps", "3", "--save_total_limit", "2", "--compare_after", "false"),
    *("--learning_rate", "1e-2", "--lora_dropout", "0.1", "--doctor", "false"),
)


def left(target, plan=PLAN, steps=(3, 6)):
    """What a killed run leaves."""
    folder = target.with_name(f".{target.name}.unfinished")
    folder.mkdir(parents=True)
    for step in steps:
        checkpoint = folder / f"checkpoint-{step}"
        checkpoint.mkdir(parents=True)
        (checkpoint / "model.safetensors").write_bytes(b"weights")
        checkpoints.seal(checkpoint)
    checkpoints.write_json(folder / "plan.json", plan)
    return folder


def test_the_same_plan_goes_on(tmp_path, capsys):
    folder = left(tmp_path / "run")
    with pytest.raises(ZeroDivisionError), resuming.Resumable(tmp_path / "run", PLAN) as found:
        assert found == folder
        raise ZeroDivisionError
    run = resuming.Resumable(tmp_path / "run", PLAN)
    with contextlib.suppress(ZeroDivisionError), run:
        assert run.checkpoint == folder / "checkpoint-6"
        raise ZeroDivisionError
    assert "going on after step 6" in capsys.readouterr().out
    assert "after step 6" in run.left()


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"recipe": {"seed": 2}}, "an unfinished run with seed 1; expected 2; give the same"),
        ({"data": "e" * 64}, "data dddddddddddd...; expected eeeeeeeeeeee..."),
        ({"model": {"model": "n"}}, "model m; expected n"),
        ({"processes": 2}, "processes 1; expected 2"),
    ],
)
def test_another_plan_is_refused_by_what_differs(tmp_path, change, words):
    folder = left(tmp_path / "run")
    with pytest.raises(InputError) as caught, resuming.Resumable(tmp_path / "run", {**PLAN, **change}):
        pass
    assert words in str(caught.value) and "--overwrite" in str(caught.value)
    assert (folder / "checkpoint-6").is_dir()


def test_overwrite_begins_anew(tmp_path):
    folder = left(tmp_path / "run")
    run = resuming.Resumable(tmp_path / "run", {**PLAN, "data": "e"}, anew=True)
    with contextlib.suppress(ZeroDivisionError), run:
        assert run.checkpoint is None and not (folder / "checkpoint-6").exists()
        raise ZeroDivisionError
    assert not folder.exists()


def test_other_versions_are_a_warning(tmp_path, capsys):
    left(tmp_path / "run")
    run = resuming.Resumable(tmp_path / "run", {**PLAN, "versions": {"trl": "2"}})
    with contextlib.suppress(ZeroDivisionError), run:
        raise ZeroDivisionError
    assert "warning: trl was 1 when this run began and is 2" in capsys.readouterr().out
    assert run.checkpoint


def test_a_damaged_newest_is_named_and_the_older_taken(tmp_path, capsys):
    folder = left(tmp_path / "run")
    (folder / "checkpoint-6" / "model.safetensors").write_bytes(b"wEights")
    (folder / "checkpoint-9").mkdir()
    run = resuming.Resumable(tmp_path / "run", PLAN)
    with contextlib.suppress(ZeroDivisionError), run:
        assert run.checkpoint == folder / "checkpoint-3"
        assert [path.name for path in checkpoints.numbered(folder)] == ["checkpoint-3"]
        raise ZeroDivisionError
    said = capsys.readouterr().out
    assert "found other content of the same size" in said and "checkpoint-9: found no manifest.json" in said


def test_nothing_whole_begins_anew(tmp_path, capsys):
    folder = left(tmp_path / "run", steps=(3,))
    (folder / "checkpoint-3" / "manifest.json").unlink()
    run = resuming.Resumable(tmp_path / "run", PLAN)
    with contextlib.suppress(ZeroDivisionError), run:
        assert run.checkpoint is None
        raise ZeroDivisionError
    assert "beginning anew" in capsys.readouterr().out


def test_a_run_that_is_being_written_is_not_shared(tmp_path):
    left(tmp_path / "run")
    with contextlib.suppress(ZeroDivisionError), resuming.Resumable(tmp_path / "run", PLAN):
        with pytest.raises(InputError, match="a run that another process is writing"):
            resuming.Resumable(tmp_path / "run", PLAN).__enter__()
        raise ZeroDivisionError


class Killed(BaseException):
    """In place of SIGKILL: nothing that comes after it happens."""


def killed_at(name, monkeypatch):
    """Make a method of paths the last thing that happens."""

    def last(path, *_, **__):
        raise Killed(path)

    monkeypatch.setattr(Path, name, last)


def finished(target, monkeypatch, last=None, **options):
    """A run that does all its work, and is killed before it calls `last`."""
    run = resuming.Resumable(target, PLAN, **options)
    with contextlib.suppress(Killed), monkeypatch.context() as patch, run as folder:
        (folder / "run.json").write_text("{}")
        if last:
            killed_at(last, patch)


@pytest.mark.parametrize("keep", [False, True])
def test_a_kill_just_before_the_move_costs_no_work(tmp_path, monkeypatch, capsys, keep):
    folder = left(tmp_path / "run")
    finished(tmp_path / "run", monkeypatch, "rename", keep=keep)
    assert folder.is_dir() and not (tmp_path / "run").exists()
    capsys.readouterr()
    finished(tmp_path / "run", monkeypatch, keep=keep)
    assert "going on after step 6" in capsys.readouterr().out
    assert {path.name for path in tmp_path.iterdir()} == {"run"}
    kept = {"checkpoint-3", "checkpoint-6"} if keep else set()
    assert {path.name for path in (tmp_path / "run").iterdir()} == {"run.json"} | kept


def test_a_kill_just_after_the_move_leaves_a_run_that_is_done(tmp_path, monkeypatch):
    left(tmp_path / "run")
    finished(tmp_path / "run", monkeypatch, "unlink")
    assert {path.name for path in tmp_path.iterdir()} == {"run"}
    with pytest.raises(InputError, match="found a run that is done; expected a new one"):
        run_folders.output_folder(str(tmp_path / "run"))


@pytest.mark.parametrize("calls", [0, 1, 2])
def test_a_kill_while_a_run_is_replaced_loses_neither(tmp_path, monkeypatch, calls):
    target = tmp_path / "run"
    target.mkdir()
    (target / "run.json").write_text("the old one")
    left(target)
    rename, made = Path.rename, []

    def one_more(path, to):
        if len(made) == calls:
            raise Killed
        made.append(rename(path, to))

    with contextlib.suppress(Killed), monkeypatch.context() as patch:
        patch.setattr(Path, "rename", one_more)
        finished(target, patch, anew=True)
    texts = {path.read_text() for path in tmp_path.rglob("run.json")}
    assert texts == ({"the old one", "{}"} if calls < 2 else {"{}"})
    assert run_folders.output_folder(str(target), overwrite=True) == target
    finished(target, monkeypatch, anew=True)
    assert [(path.name, (path / "run.json").read_text()) for path in tmp_path.iterdir()] == [("run", "{}")]


def test_an_older_one_that_was_half_removed_is_removed(tmp_path, capsys):
    folder = left(tmp_path / "run", steps=(3, 6, 9))
    (folder / "checkpoint-3" / "manifest.json").unlink()
    with contextlib.suppress(ZeroDivisionError), resuming.Resumable(tmp_path / "run", PLAN):
        assert [path.name for path in checkpoints.numbered(folder)] == ["checkpoint-6", "checkpoint-9"]
        raise ZeroDivisionError
    assert "warning" not in capsys.readouterr().out


def test_an_unnamed_run_is_found_by_its_plan(tmp_path):
    assert resuming.unfinished_twin(tmp_path, PLAN) is None
    left(tmp_path / "sft-20260101-000000")
    left(tmp_path / "sft-20260102-000000", {**PLAN, "processes": 2})
    left(tmp_path / "sft-20260103-000000", steps=())
    assert resuming.unfinished_twin(tmp_path, PLAN) == tmp_path / "sft-20260101-000000"


def test_checkpoints_of_ones_own_accord_follow_a_log_line(tiny_folder):
    def spared(*more):
        _, config, _ = training.parse(["--model", str(tiny_folder), "--logging_steps", "5", *more])
        kept = training.save_now_and_then(config, 736)
        return kept, config.save_steps, config.save_total_limit

    assert spared("--num_train_epochs", "1", "--per_device_train_batch_size", "8") == (False, 20, 2)
    assert spared("--save_steps", "7", "--save_total_limit", "3") == (True, 7, 3)
    assert spared("--save_strategy", "no")[0] is True


# ------------------------------------------------------------------ what is watched


def test_a_loss_that_is_no_number_names_its_batch():
    with pytest.raises(run_watch.NotFinite) as caught:
        run_watch.check_finite(torch.tensor(float("nan")), {"input_ids": torch.tensor([[1, 2]])}, 3)
    assert (caught.value.step, caught.value.batch) == (3, {"input_ids": [[1, 2]]})
    run_watch.check_finite(torch.tensor(1.0), {}, 3)


def test_what_is_odd_in_a_log():
    past, norms = deque([1.0] * 5, maxlen=10), deque(maxlen=10)
    assert run_watch.odd({"loss": 1.2, "grad_norm": 9.0}, past, norms) == []
    assert run_watch.odd({"loss": 4.0}, past, norms) == [
        "the loss is 4.00, 4.0 times the median of the last 6"
    ]
    norms.extend([1.0] * 4)
    assert "gradient's norm" in run_watch.odd({"grad_norm": 40.0}, past, norms)[0]


@pytest.mark.parametrize(
    ("error", "full"),
    [
        (OSError(28, "No space left on device"), True),
        (RuntimeError("Error while serializing: No space left on device (os error 28)"), True),
        (RuntimeError("shapes do not match"), False),
    ],
)
def test_a_full_disk_is_told_from_other_errors(tmp_path, error, full):
    assert run_watch.is_disk_full(error, tmp_path) is full


# ------------------------------------------------------------------ real runs


def losses(folder):
    return json.loads((folder / "run.json").read_text("utf-8"))["losses"]


@pytest.fixture(scope="module")
def in_one_piece(tiny_folder, tmp_path_factory, run):
    folder = tmp_path_factory.mktemp("whole") / "out"
    assert run("sft", "--model", tiny_folder, "--output_dir", folder, *ARGUMENTS).code == 0
    return folder


def killed(argv, folder, kind, when):
    """Run the command and send it a signal as soon as `when` is there."""
    line = [sys.executable, "-m", "sintonia", "sft", *map(str, argv)]
    environment = {**os.environ, "PYTHONPATH": str(CODE)}
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "text": True}
    with subprocess.Popen(line, env=environment, **pipes) as process:
        until = time.monotonic() + 240
        while not (folder / when).exists() and process.poll() is None and time.monotonic() < until:
            time.sleep(0.01)
        process.send_signal(kind)
        said = process.communicate(timeout=240)[0]
    return process.returncode, said


@pytest.mark.parametrize("kind", [signal.SIGKILL, signal.SIGTERM])
def test_a_killed_run_ends_as_if_nothing_had_been(tiny_folder, tmp_path, in_one_piece, run, kind):
    argv = ("--model", tiny_folder, "--output_dir", tmp_path / "out", *ARGUMENTS)
    hidden = tmp_path / ".out.unfinished"
    code, said = killed(argv, hidden, kind, "checkpoint-3/manifest.json")
    if kind == signal.SIGKILL:
        assert code == -signal.SIGKILL
    else:
        assert (code, "stopped; the same command goes on after step" in said) == (130, True), said
    assert hidden.is_dir() and not (tmp_path / "out").exists()
    done = run("sft", *argv)
    assert done.code == 0 and "going on after step" in done.out
    assert losses(tmp_path / "out") == losses(in_one_piece)
    whole, again = (folder / "adapter_model.safetensors" for folder in (in_one_piece, tmp_path / "out"))
    assert again.read_bytes() == whole.read_bytes()
    assert not hidden.exists()


def test_a_run_that_was_killed_after_its_last_step_makes_no_other(
    tiny_folder, tmp_path, in_one_piece, run, monkeypatch
):
    """STEPS end within an epoch, where transformers would go on with it."""
    argv = ("sft", "--model", tiny_folder, "--output_dir", tmp_path / "out", *ARGUMENTS)

    def killed_while_saving(*_, **__):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(training, "save_run", killed_while_saving)
        patch.setattr(checkpoints, "keep_newest", lambda *_: None)  # nor was that done
        assert run(*argv).code == 130
    done = run(*argv)
    assert done.code == 0 and f"going on after step {STEPS}" in done.out
    assert losses(tmp_path / "out") == losses(in_one_piece)
    for name in ("adapter_model.safetensors", "tokenizer.json"):
        assert (tmp_path / "out" / name).read_bytes() == (in_one_piece / name).read_bytes()
    assert names(tmp_path / "out") == names(in_one_piece)


@pytest.mark.parametrize("kills", [(9,), (6, 9)])
def test_a_run_goes_on_in_a_later_epoch_with_the_order_of_that_epoch(
    tiny_folder, tmp_path, run, monkeypatch, kills
):
    """24 rows in batches of 4, grouped by length: 6 steps make an epoch, so that one kill is at its end."""
    rows = [
        [{"role": "user", "content": "a" * n}, {"role": "assistant", "content": f"{n} " * n}]
        for n in range(1, 25)
    ]
    data = tmp_path / "rows.jsonl"
    data.write_text("".join(json.dumps({"messages": row}) + "\n" for row in rows), "utf-8")
    argv = ("sft", "--model", tiny_folder, "--data", data, *ARGUMENTS, "--max_steps", 15)
    argv = (*argv, "--per_device_train_batch_size", 4, "--train_sampling_strategy", "group_by_length")
    assert run(*argv, "--output_dir", tmp_path / "whole").code == 0
    seal = checkpoints.seal
    for step in kills:

        def killed_after(checkpoint, step=step):
            seal(checkpoint)
            if checkpoints.step_of(checkpoint) == step:
                raise KeyboardInterrupt

        with monkeypatch.context() as patch:
            patch.setattr(checkpoints, "seal", killed_after)
            assert run(*argv, "--output_dir", tmp_path / "out").code == 130
    done = run(*argv, "--output_dir", tmp_path / "out")
    assert done.code == 0 and "going on after step 9" in done.out
    assert losses(tmp_path / "out") == losses(tmp_path / "whole")


def names(folder):
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*"))


def test_a_loss_that_is_no_number_stops_the_run(tiny_folder, tiny, tmp_path, run):
    from safetensors.torch import load_file, save_file

    folder = tmp_path / "broken"
    folder.mkdir()
    for path in tiny_folder.iterdir():
        (folder / path.name).write_bytes(path.read_bytes())
    weights = load_file(folder / "model.safetensors")
    weights["model.norm.weight"][0] = float("nan")
    save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})
    done = run("sft", "--model", folder, "--output_dir", tmp_path / "out", *ARGUMENTS)
    assert done.code == 1
    assert "the loss of step 1 is nan" in done.err and "the first " in done.err
    saved = json.loads((tmp_path / "out.failed-batch.json").read_text("utf-8"))
    assert saved["supervised"] > 0 and saved["rows"] and len(saved["texts"]) == 2
    assert not (tmp_path / "out").exists()
