"""An error carries every fault and prints the first twenty."""

from __future__ import annotations

from sintonia.errors import Fault, InputError


def test_a_fault_reads_as_one_line():
    assert str(Fault("a.jsonl:3", "x", "y")) == "a.jsonl:3: found x; expected y"
    assert str(Fault("a.jsonl:3", "x", "y", "do z")) == "a.jsonl:3: found x; expected y; do z"


def test_one_fault_is_a_list_of_one():
    assert InputError(Fault("a", "x", "y")).faults == [Fault("a", "x", "y")]


def test_twenty_are_printed_and_all_are_kept():
    faults = [Fault(f"row {n}", "x", "y") for n in range(1, 24)]
    error = InputError(iter(faults))
    lines = str(error).splitlines()
    assert error.faults == faults
    assert lines[:20] == [str(fault) for fault in faults[:20]]
    assert lines[20:] == ["... and 3 more (23 in all)"]


def test_exactly_twenty_need_no_closing_line():
    assert len(str(InputError([Fault("a", "x", "y")] * 20)).splitlines()) == 20


def test_nothing_in_an_error_steers_the_terminal(run, tmp_path):
    path = tmp_path / "rows.jsonl"
    path.write_text(
        '{"messages": [{"role": "\\u001b[2J\\u202e", "content": "a"}], "\\u001b]0;x\\u0007": 1}\n'
    )
    done = run("render", path)
    assert done.code == 2
    done_too = run("render", tmp_path / "a\x1b[2Jb\u202ec")
    assert done_too.code == 2 and "a�[2Jb�c" in done_too.err
    for text in (done.err, done_too.err):
        assert not {"\x1b", "\x07", "\u202e"} & set(text)
