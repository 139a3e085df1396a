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
