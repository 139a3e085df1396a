"""A stream is learned row by row: none lost, none twice, the same rows whoever reads and however often."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
import tracemalloc
from itertools import islice

import pytest

from sintonia import InputError, checkpoints, encode, labels
from sintonia.row_encoding import RowEncoder
from sintonia.streams import ConversationStream, EncodingCollator, check_streaming, shuffled

STEPS = 12
ARGUMENTS = (
    *("--streaming", "true", "--max_steps", str(STEPS), "--max_length", "256", "--shuffle_buffer", "7"),
    *("--logging_steps", "1", "--save_steps", "3", "--compare_after", "false", "--learning_rate", "1e-2"),
)
DROPOUT = ("--lora_dropout", "0.1", "--per_device_train_batch_size", "2")


def rows(number):
    return [{"question": f"{n} + 1?", "answer": str(n + 1)} for n in range(number)]


def numbers(found):
    return [int(row["messages"][0]["content"].split()[0]) for row in found]


@pytest.fixture(scope="module")
def file(tmp_path_factory):
    """23 rows, of which one cannot be read and one has nobody to learn from."""
    path = tmp_path_factory.mktemp("rows") / "rows.jsonl"
    lines = [json.dumps(row) for row in rows(21)]
    lines[4:4] = ["{", json.dumps({"question": "Who?"})]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def losses(folder):
    return [loss for _, loss in json.loads((folder / "run.json").read_text("utf-8"))["losses"]]


@pytest.mark.parametrize("buffer", [1, 4, 100])
def test_every_pass_has_every_row_once(buffer):
    drawn = numbers(islice(ConversationStream(rows(20), buffer=buffer), 60))
    passes = [drawn[start : start + 20] for start in (0, 20, 40)]
    assert [sorted(one) for one in passes] == [list(range(20))] * 3
    assert (passes[0] == passes[1]) == (buffer == 1)


def test_the_order_is_the_seed_s():
    def order(seed):
        return list(islice(ConversationStream(rows(20), seed=seed, buffer=5), 40))

    assert order(1) == order(1) != order(2)


@pytest.mark.parametrize("start", [0, 1, 19, 20, 33])
def test_it_goes_on_at_any_row(start):
    whole = list(islice(ConversationStream(rows(20), seed=3, buffer=5), 50))
    assert (
        list(islice(ConversationStream(rows(20), seed=3, buffer=5, start=start), 50 - start)) == whole[start:]
    )


def test_a_row_is_drawn_out_of_the_buffer_and_not_from_farther():
    drawn = list(shuffled(range(1_000), 10, seed=0))
    assert sorted(drawn) == list(range(1_000))
    assert all(value < place + 10 for place, value in enumerate(drawn))


def test_bad_rows_are_left_out_counted_and_told_of_once(file):
    told = []
    stream = ConversationStream(file, buffer=3, on_bad=told.append)
    for _ in range(2):  # whoever looks at its first rows, as trl does, makes it tell nothing twice
        drawn = numbers(islice(stream, 42))
    assert sorted(drawn[:21]) == sorted(drawn[21:]) == list(range(21))
    assert stream.bad == 2
    assert [fault.where for fault in told] == [f"{file}:5"]


@pytest.mark.parametrize("source", [[], [{"question": "Who?"}], [7]])
def test_a_source_without_a_good_row_is_no_endless_loop(source):
    with pytest.raises(InputError, match="no good row"):
        next(iter(ConversationStream(source)))


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("", "rows.jsonl: found no good row; expected at least one conversation"),
        ('{"messages": [{"role": "user", "con', "rows.jsonl:1: found"),
        ('{"messages": [{"role": "wizard", "content": "x"}]}', ":1: message 1: found role 'wizard'"),
    ],
)
def test_what_is_wrong_with_a_file_is_said_before_anything_is_written(run, tmp_path, content, words):
    path = tmp_path / "rows.jsonl"
    path.write_text(content, encoding="utf-8")
    argv = ("--streaming", "true", "--max_steps", "2", "--data", path, "--output_dir", tmp_path / "out")
    done = run("sft", *argv)
    assert done.code == 2 and words in done.err
    assert list(tmp_path.iterdir()) == [path]


def test_memory_does_not_grow_with_the_source(tmp_path):
    path = tmp_path / "long.jsonl"
    line = json.dumps({"question": "?", "answer": "x" * 1_000}) + "\n"
    with path.open("w", encoding="utf-8") as file:
        file.writelines(line for _ in range(20_000))
    tracemalloc.start()
    try:
        for _ in islice(ConversationStream(path, buffer=50), 20_000):
            pass
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert path.stat().st_size > 20_000_000 > 10 * peak


def test_the_doctor_s_first_rows_are_those_of_the_file(file):
    assert numbers(ConversationStream(file, seed=5).first(6)) == [0, 1, 2, 3, 4, 5]


def test_a_batch_holds_what_encode_and_labels_make():
    found = list(islice(ConversationStream(rows(5), buffer=1), 3))
    made = EncodingCollator(RowEncoder(None, "chatml"), list, max_length=9)(found)
    examples = encode([row["messages"] for row in found], chat_template="chatml")
    assert made == [{"input_ids": one["input_ids"][:9], "labels": labels(one)[:9]} for one in examples]


def test_rows_that_the_template_refuses_are_left_out_of_a_batch():
    template = "{% for m in messages %}{% if '3' in m.content %}{{ raise_exception('no threes') }}{% endif %}{% if m.role == 'assistant' %}{% generation %}{{ m.content }}{% endgeneration %}{% else %}{{ m.content }}{% endif %}{% endfor %}"  # noqa: E501
    told = []
    collator = EncodingCollator(RowEncoder(None, template), len, on_refused=told.append)
    drawn = list(islice(ConversationStream(rows(6), buffer=1), 6))
    assert collator(drawn) == 4  # 2 + 1 = 3 and 3 + 1 = 4 hold one
    assert collator.refused == 2 and len(told) == 1 and "no threes" in str(told[0])
    assert len(collator.recent) == 4
    with pytest.raises(InputError, match="a batch of 2 rows that the template refuses"):
        collator(drawn[2:4])


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"max_steps": -1}, "found no --max_steps; expected a number of steps"),
        ({"packing": True}, "found --packing; expected one of the two"),
        ({"shuffle_buffer": 0}, "--shuffle_buffer: found 0; expected at least 1 row"),
    ],
)
def test_what_a_stream_cannot_do_is_refused(fields, words):
    with pytest.raises(InputError) as error:
        check_streaming({"max_steps": 3, "packing": False, "shuffle_buffer": 10, **fields})
    assert words in str(error.value)


def test_streaming_without_steps_says_so_before_it_reads(run, tmp_path):
    done = run(
        "sft", "--streaming", "true", "--data", tmp_path / "none.jsonl", "--output_dir", tmp_path / "o"
    )
    assert done.code == 2 and "--streaming: found no --max_steps" in done.err
    assert not list(tmp_path.iterdir())


@pytest.fixture(scope="module")
def in_one_piece(tiny_folder, file, tmp_path_factory, run):
    folder = tmp_path_factory.mktemp("whole") / "out"
    argv = ("--model", tiny_folder, "--data", file, "--output_dir", folder, *ARGUMENTS, *DROPOUT)
    done = run("sft", *argv, "--doctor", "false")
    assert done.code == 0, done.err
    return folder, done.out


def test_a_run_on_a_stream(in_one_piece, file):
    folder, said = in_one_piece
    assert f"data: {file}, read while training" in said
    assert said.count("it is left out, and so will others be") == 1
    assert "data: 2 conversations could not be used and were left out" in said
    record = json.loads((folder / "run.json").read_text("utf-8"))
    assert record["conversations"] == 2 * STEPS
    assert 0 < min(loss for _, loss in record["losses"]) < record["losses"][0][1]


def test_a_killed_run_goes_on_at_the_row(tiny_folder, file, tmp_path, in_one_piece, run, root):
    argv = ("--model", tiny_folder, "--data", file, "--output_dir", tmp_path / "out", *ARGUMENTS, *DROPOUT)
    line = [sys.executable, "-m", "sintonia", "sft", *map(str, argv), "--doctor", "false"]
    sealed = tmp_path / ".out.unfinished" / "checkpoint-6" / checkpoints.MANIFEST
    environment = {**os.environ, "PYTHONPATH": str(root / "code")}
    with subprocess.Popen(line, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT) as process:
        until = time.monotonic() + 240
        while not sealed.exists() and process.poll() is None and time.monotonic() < until:
            time.sleep(0.01)
        process.send_signal(signal.SIGKILL)
        process.communicate()
    done = run("sft", *argv, "--doctor", "false")
    assert done.code == 0 and "going on after step" in done.out
    assert losses(tmp_path / "out") == losses(in_one_piece[0])
    weights = "adapter_model.safetensors"
    assert (tmp_path / "out" / weights).read_bytes() == (in_one_piece[0] / weights).read_bytes()


def test_a_changed_file_is_another_run(tiny_folder, file, tmp_path, run, monkeypatch):
    from sintonia import sft

    path = tmp_path / "rows.jsonl"
    path.write_bytes(file.read_bytes())
    argv = ("--model", tiny_folder, "--data", path, "--output_dir", tmp_path / "out", *ARGUMENTS, *DROPOUT)

    def stopped(*_, **__):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(sft, "save_run", stopped)
        assert run("sft", *argv, "--doctor", "false").code == 130
    with path.open("a", encoding="utf-8") as more:
        more.write(json.dumps(rows(1)[0]) + "\n")
    done = run("sft", *argv, "--doctor", "false")
    assert done.code == 2 and "found an unfinished run with data" in done.err


def test_two_processes_learn_the_rows_that_one_learns(root, tiny_folder, file, tmp_path, run):
    data = ("--model", tiny_folder, "--data", file, *ARGUMENTS, "--lora_dropout", "0", "--doctor", "false")
    alone = ("--per_device_train_batch_size", "4", "--output_dir", tmp_path / "alone")
    assert run("sft", *data, *alone).code == 0
    config = root / "code" / "recipes" / "accelerate" / "ddp-cpu.yaml"
    line = [
        sys.executable,
        "-m",
        "accelerate.commands.launch",
        "--config_file",
        config,
        "-m",
        "sintonia",
        "sft",
    ]
    both = ("--per_device_train_batch_size", "2", "--output_dir", tmp_path / "both")
    environment = {name: value for name, value in os.environ.items() if name != "OMP_NUM_THREADS"}
    environment["PYTHONPATH"] = str(root / "code")
    done = subprocess.run(
        [str(part) for part in (*line, *data, *both)],
        env=environment,
        cwd=root,
        capture_output=True,
        text=True,
        timeout=400,
    )
    assert done.returncode == 0, (done.stdout + done.stderr)[-3000:]
    assert losses(tmp_path / "both") == pytest.approx(losses(tmp_path / "alone"), rel=1e-4)


def test_the_doctor_looks_at_the_first_rows(tiny_folder, file, tmp_path, run, monkeypatch):
    from sintonia import training_data

    monkeypatch.setenv("SINTONIA_LANG", "en")
    monkeypatch.setattr(training_data, "LOOK", 3)
    argv = ("--model", tiny_folder, "--data", file, "--output_dir", tmp_path / "out", *ARGUMENTS, *DROPOUT)
    done = run("sft", *argv, "--learning_rate", "5")
    assert done.code == 1 and "Looked at 3 conversations" in done.out and not (tmp_path / "out").exists()


def test_a_loss_that_is_no_number_names_rows_of_the_stream(tiny_folder, file, tmp_path, run, monkeypatch):
    from sintonia import sft

    real = sft.check_finite

    def broken(loss, inputs, step):
        real(loss * float("nan") if step == 3 else loss, inputs, step)

    monkeypatch.setattr(sft, "check_finite", broken)
    argv = ("--model", tiny_folder, "--data", file, "--output_dir", tmp_path / "out", *ARGUMENTS, *DROPOUT)
    done = run("sft", *argv, "--doctor", "false")
    assert done.code == 1 and "the loss of step 3 is nan" in done.err
    saved = json.loads((tmp_path / "out.failed-batch.json").read_text("utf-8"))
    assert len(saved["texts"]) == 2 and saved["rows"] == []
    assert "doctor/#r04" in done.err  # of these two rows
