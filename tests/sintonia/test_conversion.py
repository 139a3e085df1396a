"""Every row is written or rejected, each once, and nothing half-written is left behind."""

from __future__ import annotations

import datetime
import gzip
import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sintonia import InputError, load_conversations
from sintonia.conversion import convert, rejects_path

GOOD = {"question": "2 + 2?", "answer": "四 😀\n#### 4", "id": 7}
TURNS = [{"role": "user", "content": "2 + 2?"}, {"role": "assistant", "content": "四 😀\n#### 4"}]
BAD = {"question": 3, "answer": "b"}


def lines(path) -> list:
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()]


def refused(*arguments, **options) -> str:
    with pytest.raises(InputError) as caught:
        convert(*arguments, **options)
    return str(caught.value)


def test_rows_come_out_as_messages_and_keep_their_columns(tmp_path):
    done = convert([GOOD, GOOD], tmp_path / "a.jsonl")
    assert (done.rows, done.rejected, done.format, done.rejects) == (2, 0, "gsm8k", None)
    assert done.reason == "row 1: columns 'question', 'answer'"
    assert lines(done.out) == [{"messages": TURNS, "id": 7}] * 2
    assert "四 😀" in done.out.read_text("utf-8")  # readable, not escapes
    assert [path.name for path in tmp_path.iterdir()] == ["a.jsonl"]


def test_gzip_by_name_and_the_same_bytes_each_time(tmp_path):
    first = convert([GOOD], tmp_path / "a.jsonl.gz").out.read_bytes()
    second = convert([GOOD], tmp_path / "b.jsonl.gz").out.read_bytes()
    assert first == second
    assert json.loads(gzip.decompress(first))["messages"] == TURNS


def test_bad_rows_stop_it_and_leave_nothing(tmp_path):
    out = tmp_path / "a.jsonl"
    assert refused([GOOD, BAD, GOOD, {"text": "x"}], out).splitlines() == [
        "row 2: found 'question' that is a number; expected a string",
        "row 4: found column 'text'; expected columns 'question', 'answer'",
    ]
    assert list(tmp_path.iterdir()) == []
    out.write_text("before")
    assert refused([BAD], out, overwrite=True)
    assert out.read_text() == "before"


def test_rejected_rows_stand_beside_with_all_that_is_wrong(tmp_path, rows_file):
    source = rows_file(GOOD, BAD, GOOD)
    with source.open("a") as stream:
        stream.write('{"question": "a", "answer": "\\ud83d"}\n{bad\n')
    done = convert(source, tmp_path / "out.jsonl", skip_bad=True)
    assert (done.rows, done.rejected, done.rejects) == (2, 3, tmp_path / "out.rejects.jsonl")
    number = "found 'question' that is a number; expected a string"
    surrogate = (
        "found half a surrogate pair (\\ud83d) at character 1; expected text that can be written as UTF-8"
    )
    broken = (
        "found invalid JSON (Expecting property name enclosed in double quotes at character 2); "
        "expected one JSON object a line"
    )
    assert lines(done.rejects) == [
        {"where": f"{source}:2", "faults": [f"{source}:2: {number}"], "row": BAD},
        {
            "where": f"{source}:4",
            "faults": [f"{source}:4: message 2: {surrogate}"],
            "row": {"question": "a", "answer": "\ud83d"},
        },
        {"where": f"{source}:5", "faults": [f"{source}:5: {broken}"], "row": "{bad"},
    ]


def test_all_rows_bad_is_an_error_and_leaves_nothing(tmp_path):
    assert "row 1: found 'question'" in refused([BAD], tmp_path / "a.jsonl", "gsm8k", skip_bad=True)
    assert "found no row" in refused([], tmp_path / "a.jsonl")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("error", [KeyboardInterrupt, RuntimeError])
def test_an_interruption_leaves_nothing(tmp_path, error):
    def rows():
        yield GOOD
        raise error

    with pytest.raises(error):
        convert(rows(), tmp_path / "a.jsonl", skip_bad=True)
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_is_there_stays_unless_told(tmp_path):
    out = tmp_path / "a.jsonl"
    out.write_text("before")
    assert (
        refused([GOOD], out) == f"{out}: found a file that is there; expected a new name; or pass --overwrite"
    )
    rejects = rejects_path(out)
    rejects.write_text("stale")
    assert f"{rejects}: found a file that is there" in refused([GOOD], tmp_path / "a.jsonl.gz", skip_bad=True)
    assert (out.read_text(), rejects.read_text()) == ("before", "stale")
    convert([GOOD], out, overwrite=True)
    assert lines(out)[0]["messages"] == TURNS
    assert not rejects.exists()  # those were of the output that is gone


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("a.txt", "found another ending; expected a file ending in .jsonl or .jsonl.gz"),
        ("no/a.jsonl", "found no such folder; expected one that exists; mkdir -p "),
        ("folder.jsonl", "found a directory; expected the name of a file to write"),
    ],
)
def test_targets_that_cannot_be(tmp_path, name, message):
    (tmp_path / "folder.jsonl").mkdir()
    assert message in refused([GOOD], tmp_path / name)


def test_a_full_disk_is_said(tmp_path, monkeypatch):
    import os

    def replace(*arguments):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "replace", replace)
    assert "No space left on device" in refused([GOOD], tmp_path / "a.jsonl")
    assert list(tmp_path.iterdir()) == []


def test_values_that_json_has_no_word_for(tmp_path):
    day = datetime.date(2024, 5, 1)
    rows = [
        {**GOOD, "day": day},
        {**GOOD, "id": b"x"},
        {**GOOD, "id": float("nan")},
        {**GOOD, "id": "\ud800"},
    ]
    done = convert(rows, tmp_path / "a.jsonl", skip_bad=True)
    assert lines(done.out) == [{"messages": TURNS, "id": 7, "day": "2024-05-01"}]
    assert [row["where"] for row in lines(done.rejects)] == ["row 2", "row 3", "row 4"]
    assert "found a value that JSON cannot hold (bytes)" in lines(done.rejects)[0]["faults"][0]


ROWS = st.lists(
    st.fixed_dictionaries({"instruction": st.text(), "output": st.text() | st.integers() | st.none()})
    | st.just({"text": "x"}),
    min_size=1,
    max_size=8,
)


@given(ROWS)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_every_row_is_written_or_rejected_once_and_reads_back_the_same(tmp_path, rows):
    out = tmp_path / "a.jsonl"
    good = [row for row in rows if isinstance(row.get("output"), str)]
    if not good:
        assert refused(rows, out, "alpaca", skip_bad=True)
        return
    done = convert(rows, out, "alpaca", skip_bad=True, overwrite=True)
    assert (done.rows, done.rejected) == (len(good), len(rows) - len(good))
    back = [[turn["content"] for turn in turns] for turns in load_conversations(out)]
    assert back == [[row["instruction"], row["output"]] for row in good]
    again = convert(out, tmp_path / "b.jsonl", overwrite=True)
    assert again.out.read_bytes() == out.read_bytes()


# ------------------------------------------------------------------ the command


def test_the_command(run, rows_file, tmp_path):
    source, out = rows_file(GOOD, BAD, GOOD), tmp_path / "out.jsonl"
    done = run("convert", source, out)
    assert (done.code, done.out, out.exists()) == (2, "", False)
    assert f"sintonia: {source}:2: found 'question' that is a number" in done.err
    done = run("convert", source, out, "--skip-bad")
    assert done.code == 0
    assert done.out == (
        f"saved: {out} (rows: 2)\n"
        f"rejected: {tmp_path / 'out.rejects.jsonl'} (rows: 1, each with what is wrong with it)\n"
    )
    assert f"format: gsm8k ({source}:1: columns 'question', 'answer', " not in done.err
    assert f"format: gsm8k ({source}:1: columns 'question', 'answer')" in done.err
    assert "pass --overwrite" in run("convert", source, out, "--skip-bad").err
    assert run("convert", source, out, "--skip-bad", "--overwrite", "--from", "gsm8k").code == 0
    assert run("convert", source, out, "--from", "parquet").code == 2


def test_render_and_mask_read_every_format(run, rows_file):
    source = rows_file(GOOD)
    done = run("render", source)
    assert (done.code, done.out.count("2 + 2?")) == (0, 1)
    assert f"format: gsm8k ({source}:1: columns 'question', 'answer')" in done.err
    assert "format:" not in run("render", source, "--format", "gsm8k").err
    assert "四" in run("mask", source, "--json", "--format", "instruction").out
    assert "expected columns 'instruction', 'output'" in run("mask", source, "--format", "alpaca").err
    assert "format:" not in run("render", rows_file({"messages": TURNS})).err


def test_the_tools_of_a_row_reach_the_template(run, rows_file, tmp_path):
    template = tmp_path / "t.jinja"
    template.write_text(
        "{{ tools[0].name }} {{ mood }}{% for m in messages %}"
        "{% generation %}{{ m.content }}{% endgeneration %}{% endfor %}"
    )
    row = {"messages": TURNS, "tools": '[{"name": "clock"}]', "chat_template_kwargs": {"mood": "calm"}}
    done = run("render", rows_file(row), "--template", template)
    assert done.out.startswith("clock calm2 + 2?"), done.err
    done = run("mask", rows_file(row), "--template", template, "--json")
    assert json.loads(done.out)["text"].startswith("clock calm2 + 2?"), done.err
