"""Rows into Arrow files: what is in them, what a kill leaves, what a bad row does."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time

import pyarrow
import pytest

from sintonia import InputError, encode, labels
from sintonia.encoded_datasets import encode_to_arrow

ASK, SAY = {"role": "user", "content": "Oi"}, {"role": "assistant", "content": "Olá!"}


@pytest.fixture
def data(tmp_path, course_conversations):
    """The course's rows in one file."""
    path = tmp_path / "data.jsonl"
    lines = [json.dumps({"messages": turns}, ensure_ascii=False) for turns in course_conversations]
    path.write_text("\n".join(lines), encoding="utf-8")
    return path


def files(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def stored(folder):
    from datasets import load_from_disk

    return load_from_disk(str(folder))


@pytest.mark.parametrize("num_proc", [1, 2])
def test_the_folder_holds_what_encode_returns(tmp_path, data, course_conversations, num_proc):
    done = encode_to_arrow(data, tmp_path / "out", num_proc=num_proc, rows_per_shard=50)
    expected = encode(course_conversations)
    found = stored(done.folder)
    assert found.to_list() == expected
    assert str(found.features["input_ids"]) == "List(Value('int32'))"
    assert str(found.features["assistant_mask"]) == "List(Value('int8'))"
    assert done.rows == len(expected) and done.rejected == 0 and not done.cut
    assert done.tokens == sum(len(row["input_ids"]) for row in expected)
    assert done.supervised == sum(sum(row["assistant_mask"]) for row in expected)
    arrow = sorted((tmp_path / "out").glob("*.arrow"))
    assert [path.name for path in arrow] == [f"data-{i:05d}.arrow" for i in range(len(arrow))]
    assert len(arrow) == -(-len(expected) // 50)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["data.jsonl", "out"]


def test_one_file_can_be_read_alone(tmp_path, data):
    from datasets import Dataset

    encode_to_arrow(data, tmp_path / "out", num_proc=1, rows_per_shard=7)
    assert len(Dataset.from_file(str(tmp_path / "out" / "data-00001.arrow"))) == 7
    with pyarrow.memory_map(str(tmp_path / "out" / "data-00001.arrow")) as source:
        assert pyarrow.ipc.open_stream(source).read_all().num_rows == 7


def test_labels_and_truncation(tmp_path, data, course_conversations):
    told = []
    for policy in ("keep_start", "keep_answer", "drop"):
        done = encode_to_arrow(
            data,
            tmp_path / policy,
            max_length=60,
            truncation=policy,
            labels=True,
            num_proc=1,
            rows_per_shard=64,
        )
        expected = encode(course_conversations, max_length=60, truncation=policy, on_cut=told.append)
        assert done.cut == told[-1] and done.cut
        assert stored(done.folder).to_list() == [
            {"input_ids": row["input_ids"], "labels": labels(row)} for row in expected
        ]


def test_tools_and_template_arguments_of_a_row_are_used(tmp_path):
    template = tmp_path / "t.jinja"
    template.write_text(
        "{{ tools | length if tools else 0 }}{{ mood | default('') }}{% for m in messages %}"
        "{% if m['role'] == 'assistant' %}{% generation %}{{ m['content'] }}{% endgeneration %}{% endif %}"
        "{% endfor %}",
        encoding="utf-8",
    )
    tool = {"type": "function", "function": {"name": "f", "parameters": {}}}
    rows = [{"messages": [ASK, SAY], "tools": [tool], "chat_template_kwargs": {"mood": "odd"}}]
    done = encode_to_arrow(rows, tmp_path / "out", chat_template=template, num_proc=1)
    assert stored(done.folder).to_list() == encode(rows, chat_template=template)
    assert done.tokens > encode([[ASK, SAY]], chat_template=template)[0]["input_ids"].__len__()


KILLED = """
import os, signal, sys
from sintonia import encoded_datasets
finished = 0
def stop(rows):
    global finished
    finished += 1
    if finished == 4:
        os.kill(os.getpid(), signal.SIGKILL)
encoded_datasets.encode_to_arrow(
    sys.argv[1], sys.argv[2], max_length=80, num_proc=int(sys.argv[3]), rows_per_shard=20, on_rows=stop)
"""


def killed(root, code: str, *arguments: object) -> int:
    """The exit code of a script. Its pipes are not ours: workers left alone would hold them open."""
    environment = {**os.environ, "PYTHONPATH": str(root / "code")}
    return subprocess.run([sys.executable, "-c", code, *map(str, arguments)], env=environment).returncode


@pytest.mark.skipif(sys.platform == "win32", reason="SIGKILL")
@pytest.mark.parametrize("num_proc", [1, 2])
def test_a_killed_run_goes_on_and_ends_in_the_same_bytes(root, tmp_path, data, num_proc):
    options = {"max_length": 80, "num_proc": num_proc, "rows_per_shard": 20}
    whole = encode_to_arrow(data, tmp_path / "whole", **options)
    out = tmp_path / "out"
    assert killed(root, KILLED, data, out, num_proc) == -signal.SIGKILL
    left = tmp_path / "out.unfinished"
    assert not out.exists() and len((left / "journal.jsonl").read_text().splitlines()) == 4
    written = {path.name: path.stat().st_mtime_ns for path in left.glob("data-0000[0-3].arrow")}
    seen = []
    done = encode_to_arrow(data, out, on_rows=seen.append, **options)
    assert done.resumed == 4 and seen[0] == 80 and sum(seen) == done.rows
    assert {name: (out / name).stat().st_mtime_ns for name in written} == written
    assert files(out) == files(tmp_path / "whole")
    assert (done.rows, done.tokens, done.supervised, done.cut) == (
        whole.rows,
        whole.tokens,
        whole.supervised,
        whole.cut,
    )
    assert not left.exists()


@pytest.mark.skipif(sys.platform != "linux", reason="/proc")
def test_the_workers_of_a_killed_run_leave(root, tmp_path, data):
    """They would wait for work for ever, and hold the lock."""
    mark = str(tmp_path / "orphans")
    assert killed(root, KILLED, data, mark, 2) == -signal.SIGKILL

    def alive() -> list[str]:
        found = []
        for entry in os.listdir("/proc"):
            if entry.isdigit():
                try:
                    with open(f"/proc/{entry}/cmdline", "rb") as stream:
                        found += [entry] * (mark.encode() in stream.read())
                except OSError:
                    continue
        return found

    deadline = time.monotonic() + 10
    while alive() and time.monotonic() < deadline:
        time.sleep(0.1)
    assert not alive()


def interrupted(data, out, **options):
    """What an interrupted run leaves: three shards of twenty rows."""
    seen = []

    def stop(rows):
        seen.append(rows)
        if len(seen) == 3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        encode_to_arrow(data, out, num_proc=1, rows_per_shard=20, on_rows=stop, **options)
    return out.with_name(out.name + ".unfinished")


@pytest.mark.parametrize("damage", ["shard", "journal", "missing"])
def test_a_damaged_shard_is_made_again(tmp_path, data, damage):
    left = interrupted(data, tmp_path / "out")
    shard = left / "data-00001.arrow"
    if damage == "shard":
        raw = bytearray(shard.read_bytes())
        raw[len(raw) // 2] ^= 1
        shard.write_bytes(raw)
    elif damage == "missing":
        shard.unlink()
    else:
        lines = (left / "journal.jsonl").read_text().splitlines()
        (left / "journal.jsonl").write_text(lines[0] + "\n" + lines[1][:40])
    done = encode_to_arrow(data, tmp_path / "out", num_proc=1, rows_per_shard=20)
    assert done.resumed == 1
    encode_to_arrow(data, tmp_path / "whole", num_proc=1, rows_per_shard=20)
    assert files(tmp_path / "out") == files(tmp_path / "whole")


def test_other_settings_or_data_do_not_go_on(tmp_path, data):
    left = interrupted(data, tmp_path / "out")
    with pytest.raises(InputError) as caught:
        encode_to_arrow(data, tmp_path / "out", num_proc=1, rows_per_shard=20, max_length=9)
    assert str(caught.value) == (
        f"{left}: found an unfinished run with another max_length; expected the same data and settings; "
        "go on as before, or pass --overwrite to begin anew"
    )
    assert left.exists()
    data.write_text(data.read_text("utf-8") + "\n", encoding="utf-8")
    with pytest.raises(InputError, match="another source"):
        encode_to_arrow(data, tmp_path / "out", num_proc=1, rows_per_shard=20)
    done = encode_to_arrow(data, tmp_path / "out", num_proc=1, rows_per_shard=20, overwrite=True)
    assert done.resumed == 0 and not left.exists()


def test_an_iterator_cannot_be_read_twice_and_begins_anew(tmp_path, course_conversations):
    rows = course_conversations[:100]
    interrupted(iter(rows), tmp_path / "out")
    done = encode_to_arrow(iter(rows), tmp_path / "out", num_proc=1, rows_per_shard=20)
    assert done.resumed == 0 and done.rows == 100


# ------------------------------------------------------------------ bad rows

LAST_NOT_FIRST = (
    "{% if messages[0]['role'] != 'user' %}{{ raise_exception('user first') }}{% endif %}"
    "{% for m in messages %}{% generation %}{{ m['content'] }}{% endgeneration %}{% endfor %}"
)


def faulty(tmp_path):
    rows = [[ASK, SAY], [SAY, ASK, SAY], [ASK], [ASK, SAY]]
    path = tmp_path / "faulty.jsonl"
    lines = [json.dumps({"messages": turns}) for turns in rows]
    path.write_text("\n".join([*lines, "{"]), encoding="utf-8")
    return path


@pytest.mark.parametrize("num_proc", [1, 2])
@pytest.mark.parametrize("rows_per_shard", [1, 50])
def test_every_bad_row_is_in_one_error_and_nothing_is_left(tmp_path, num_proc, rows_per_shard):
    path = faulty(tmp_path)
    with pytest.raises(InputError) as caught:
        encode_to_arrow(
            path,
            tmp_path / "out",
            chat_template=LAST_NOT_FIRST,
            num_proc=num_proc,
            rows_per_shard=rows_per_shard,
        )
    lines = str(caught.value).splitlines()
    assert [line.removeprefix(str(path)).split(": ")[0] for line in lines] == [":2", ":3", ":5"]
    assert "user first" in lines[0] and "no assistant turn" in lines[1] and "invalid JSON" in lines[2]
    assert [entry.name for entry in tmp_path.iterdir()] == ["faulty.jsonl"]


@pytest.mark.parametrize("num_proc", [1, 2])
def test_bad_rows_go_to_a_file_of_their_own(tmp_path, num_proc):
    path = faulty(tmp_path)
    done = encode_to_arrow(
        path,
        tmp_path / "out",
        chat_template=LAST_NOT_FIRST,
        skip_bad=True,
        num_proc=num_proc,
        rows_per_shard=2,
    )
    assert (done.rows, done.rejected) == (2, 3)
    assert done.rejects == tmp_path / "out.rejects.jsonl"
    entries = [json.loads(line) for line in done.rejects.read_text("utf-8").splitlines()]
    assert [entry["where"] for entry in entries] == [f"{path}:{line}" for line in (2, 3, 5)]
    assert entries[0]["row"]["messages"][0] == SAY
    assert "user first" in entries[0]["faults"][0]
    assert len(stored(done.folder)) == 2


def test_no_row_at_all(tmp_path):
    for rows, found in (([], "no row"), ([[ASK]], "no row left")):
        with pytest.raises(InputError, match=f"out: found {found}; expected at least one conversation"):
            encode_to_arrow(rows, tmp_path / "out", skip_bad=True, num_proc=1)
    assert not list(tmp_path.iterdir())


# ------------------------------------------------------------------ where it is written


def test_what_is_there_stays_unless_it_is_ours(tmp_path, data):
    out = tmp_path / "out"
    out.mkdir()
    (out / "thesis.txt").write_text("years of work")
    with pytest.raises(InputError, match="found something that is there; expected a new name; or pass"):
        encode_to_arrow(data, out, num_proc=1)
    with pytest.raises(InputError, match="found what `sintonia encode` did not write; expected a new name"):
        encode_to_arrow(data, out, num_proc=1, overwrite=True)
    assert files(out) == {"thesis.txt": b"years of work"}
    encode_to_arrow(data, tmp_path / "ours", num_proc=1)
    again = encode_to_arrow(data, tmp_path / "ours", num_proc=1, overwrite=True, max_length=5)
    assert again.tokens == 5 * again.rows
    with pytest.raises(InputError, match="found no folder to put it in; expected one that exists; mkdir -p"):
        encode_to_arrow(data, tmp_path / "a" / "b", num_proc=1)
    with pytest.raises(InputError, match="num_proc: found 0; expected at least 1 process"):
        encode_to_arrow(data, tmp_path / "b", num_proc=0)


def test_two_runs_do_not_write_the_same_folder(tmp_path, data):
    from filelock import FileLock

    with (
        FileLock(tmp_path / ".out.unfinished.lock"),
        pytest.raises(InputError, match="found another run that writes it; expected one run at a time; wait"),
    ):
        encode_to_arrow(data, tmp_path / "out", num_proc=1)


# ------------------------------------------------------------------ the command


def test_the_command(run, tmp_path, data):
    out = tmp_path / "out"
    done = run("encode", str(data), str(out), "--max-length", "60", "--num-proc", "1", "--labels")
    assert done.code == 0, done.err
    rows = len(stored(out))
    first, second = done.out.splitlines()
    assert first.startswith(f"saved: {out} (rows: {rows}, tokens: ")
    assert second.startswith("cut: ") and f" of {rows} rows cut, 0 dropped, " in second
    assert "format: messages" in done.err
    again = run("encode", str(data), str(out))
    assert again.code == 2 and "expected a new name; or pass --overwrite" in again.err


def test_the_command_with_bad_rows(run, tmp_path):
    path = faulty(tmp_path)
    done = run("encode", str(path), str(tmp_path / "out"), "--num-proc", "1")
    assert done.code == 2 and done.err.count(f"{path}:") == 3  # the format line and two faults
    done = run("encode", str(path), str(tmp_path / "out"), "--num-proc", "1", "--skip-bad")
    assert done.code == 0
    assert done.out.splitlines()[1].startswith(f"rejected: {tmp_path / 'out'}.rejects.jsonl (rows: 2, ")
