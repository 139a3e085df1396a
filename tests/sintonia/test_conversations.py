"""Rows become conversations exactly, and each way to be wrong has its own exact sentence."""

from __future__ import annotations

import gzip
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sintonia import InputError, load_conversations
from sintonia.conversations import load_rows, read_rows

ASK = {"role": "user", "content": "Oi"}
SAY = {"role": "assistant", "content": "Olá! 你好 😀"}
ROW = {"id": "a", "lang": "pt", "messages": [ASK, SAY]}
ROLES = "system, user, assistant or tool"


def refused(source, **options) -> list[str]:
    """The lines of the error that a source gives."""
    with pytest.raises(InputError) as caught:
        list(load_conversations(source, **options))
    return str(caught.value).splitlines()


def message(**fields):
    return [{"messages": [fields, SAY]}]


# ------------------------------------------------------------------ what comes out


def test_a_file_gives_its_conversations_in_order(rows_file):
    path = rows_file(ROW, {"messages": [SAY]})
    assert list(load_conversations(path)) == [[ASK, SAY], [SAY]]
    assert list(load_conversations(str(path))) == [[ASK, SAY], [SAY]]


def test_rows_keep_their_other_columns(rows_file):
    assert list(load_rows(rows_file(ROW))) == [ROW]


def test_blank_lines_between_rows_count_as_lines_only(tmp_path):
    path = tmp_path / "a.jsonl"
    path.write_text(f"\n{json.dumps(ROW)}\n  \n{{bad\n", encoding="utf-8")
    assert refused(path)[0].startswith(f"{path}:4: found invalid JSON")


def test_a_byte_order_mark_is_no_fault(tmp_path):
    path = tmp_path / "a.jsonl"
    path.write_text(json.dumps(ROW), encoding="utf-8-sig")
    assert list(load_conversations(path)) == [[ASK, SAY]]
    listed = tmp_path / "a.json"
    listed.write_text(json.dumps([ROW]), encoding="utf-8-sig")
    assert list(load_conversations(listed)) == [[ASK, SAY]]


def test_windows_line_ends_and_a_missing_last_one(tmp_path):
    path = tmp_path / "a.jsonl"
    path.write_bytes(b"\r\n".join(json.dumps(ROW).encode() for _ in range(2)))
    assert list(load_conversations(path)) == [[ASK, SAY]] * 2


def test_a_line_separator_inside_a_string_does_not_end_the_line(rows_file):
    turn = {"role": "assistant", "content": "a\u2028b\u0085c\x1cd"}
    assert list(load_conversations(rows_file({"messages": [turn]}))) == [[turn]]


def test_a_json_list_and_a_single_object(tmp_path):
    path = tmp_path / "a.json"
    path.write_text(json.dumps([ROW, {"messages": [SAY]}], indent=1), encoding="utf-8")
    assert list(load_conversations(path)) == [[ASK, SAY], [SAY]]
    path.write_text(json.dumps(ROW, indent=1), encoding="utf-8")
    assert list(load_conversations(path)) == [[ASK, SAY]]


@pytest.mark.parametrize("name", ["a.jsonl.gz", "a.json.gz"])
def test_gzip(tmp_path, name):
    path = tmp_path / name
    text = json.dumps(ROW) if "jsonl" in name else json.dumps([ROW])
    path.write_bytes(gzip.compress(text.encode()))
    assert list(load_conversations(path)) == [[ASK, SAY]]


def test_iterables_of_rows_and_of_conversations():
    assert list(load_conversations([ROW])) == [[ASK, SAY]]
    assert list(load_conversations(iter([[ASK, SAY]]))) == [[ASK, SAY]]


def test_a_datasets_dataset():
    datasets = pytest.importorskip("datasets")
    assert list(load_conversations(datasets.Dataset.from_list([ROW]))) == [[ASK, SAY]]


def test_a_tool_call_needs_no_content():
    call = {"role": "assistant", "content": None, "tool_calls": [{"name": "f"}]}
    assert list(load_conversations([[call]])) == [[call]]


def test_without_an_assistant_where_none_is_needed():
    assert list(load_conversations([[ASK]], need_assistant=False)) == [[ASK]]


# ------------------------------------------------------------------ files that cannot be read


def test_missing_file(tmp_path):
    path = tmp_path / "no.jsonl"
    assert refused(path) == [
        f"{path}: found no such file; expected a JSONL file of conversations; check the path"
    ]


@pytest.mark.parametrize("text", ["", "\n \n\t\n"])
def test_empty_file(tmp_path, text):
    for name in ("a.jsonl", "a.json"):
        path = tmp_path / name
        path.write_text(text)
        assert refused(path) == [
            f"{path}: found no row; expected at least one conversation; write one JSON object a line"
        ]


def test_an_empty_json_list(tmp_path):
    path = tmp_path / "a.json"
    path.write_text("[]")
    assert refused(path)[0].startswith(f"{path}: found no row;")


def test_an_empty_iterable():
    assert refused([]) == [
        "source: found no row; expected at least one conversation; write one JSON object a line"
    ]


def test_a_directory_without_data(tmp_path):
    assert refused(tmp_path) == [f"{tmp_path}: found a directory; expected a JSONL file of conversations"]
    (tmp_path / "notes.txt").write_text("")
    assert refused(tmp_path) == [f"{tmp_path}: found a directory; expected a JSONL file of conversations"]


def test_invalid_json_on_line_three(tmp_path):
    path = tmp_path / "a.jsonl"
    good = json.dumps(ROW)
    path.write_text(f'{good}\n{good}\n{{"messages": [}}\n', encoding="utf-8")
    assert refused(path) == [
        f"{path}:3: found invalid JSON (Expecting value at character 15); expected one JSON object a line"
    ]


def test_invalid_json_list_names_the_line_inside(tmp_path):
    path = tmp_path / "a.json"
    path.write_text('[\n{"messages": ]\n')
    assert refused(path) == [
        f"{path}: found invalid JSON (Expecting value at line 2, character 14); expected a JSON list of rows"
    ]


def test_not_utf8_names_line_and_byte(tmp_path):
    path = tmp_path / "a.jsonl"
    path.write_bytes(json.dumps(ROW).encode() + b'\n{"messages": "ol\xe1"}\n')
    assert refused(path) == [
        f"{path}:2: found byte 0xe1 at position 17, which is not UTF-8; expected UTF-8 text; "
        "save the file as UTF-8"
    ]


def test_json_nested_too_deeply(tmp_path):
    path = tmp_path / "a.jsonl"
    path.write_text("[" * 200_000)
    assert refused(path) == [
        f"{path}:1: found JSON nested too deeply to read; expected one JSON object a line"
    ]


def test_a_number_of_ten_thousand_digits(tmp_path):
    path = tmp_path / "a.jsonl"
    path.write_text("9" * 10_000)
    assert refused(path)[0].startswith(f"{path}:1: found invalid JSON (Exceeds the limit")


def test_truncated_gzip(tmp_path):
    path = tmp_path / "a.jsonl.gz"
    path.write_bytes(gzip.compress((json.dumps(ROW) + "\n").encode() * 500)[:-20])
    line = refused(path)[-1]
    assert line.startswith(f"{path}: found Compressed file ended before the end-of-stream marker")
    assert line.endswith("; expected a file that can be read")


def test_gzip_in_name_only(tmp_path):
    path = tmp_path / "a.jsonl.gz"
    path.write_text(json.dumps(ROW))
    assert refused(path)[0].startswith(f"{path}: found Not a gzipped file")


def test_damaged_gzip(tmp_path):
    path = tmp_path / "a.jsonl.gz"
    raw = bytearray(gzip.compress((json.dumps(ROW) + "\n").encode() * 500))
    raw[12:40] = b"\xff" * 28
    path.write_bytes(raw)
    assert refused(path)[-1].endswith("; expected a file that can be read")


def test_a_hub_id_that_cannot_be_had():
    line = refused("nobody-here/nothing-at-all")[0]
    assert line.startswith("nobody-here/nothing-at-all: found HF_HUB_OFFLINE set, and none in the cache; ")
    assert "; expected a file or folder here, or a dataset on the hub; " in line
    assert "without a network, pass a file, or a folder that `hf download nobody-here/nothing-at-all" in line


@pytest.mark.parametrize(
    ("source", "kind"), [(7, "a number"), (None, "null"), ({}, "an object"), (b"a", "a bytes")]
)
def test_a_source_of_no_use(source, kind):
    assert refused(source) == [
        f"source: found {kind}; expected a path, a hub dataset id, a Dataset or an iterable of rows"
    ]


def test_an_unknown_format():
    assert refused([ROW], format="parquet") == [
        "format: found 'parquet'; expected auto, messages, sharegpt, alpaca, prompt-completion, gsm8k "
        "or instruction"
    ]


# ------------------------------------------------------------------ rows that cannot be used

CONTENT_KINDS = [
    (None, "null"),
    (3, "a number"),
    (1.5, "a number"),
    (True, "true or false"),
    ({"a": 1}, "an object"),
]


@pytest.mark.parametrize(("content", "kind"), CONTENT_KINDS)
def test_content_that_is_no_string(content, kind):
    assert refused(message(role="user", content=content)) == [
        f"row 1: message 1: found content that is {kind}; expected a string"
    ]


def test_missing_content():
    assert refused(message(role="user")) == ["row 1: message 1: found no 'content'; expected a string"]


def test_half_a_surrogate_pair(rows_file):
    path = rows_file(ROW)
    path.write_text('{"messages": [{"role": "assistant", "content": "ab\\ud83d!"}]}', encoding="utf-8")
    assert refused(path) == [
        f"{path}:1: message 1: found half a surrogate pair (\\ud83d) at character 3; "
        "expected text that can be written as UTF-8"
    ]


def test_a_whole_surrogate_pair_is_a_character(tmp_path):
    path = tmp_path / "a.jsonl"
    path.write_text('{"messages": [{"role": "assistant", "content": "\\ud83d\\ude00"}]}')
    assert next(load_conversations(path))[0]["content"] == "😀"


@pytest.mark.parametrize("role", ["bot", "", None, 7, "human"])
def test_unknown_role(role):
    assert refused(message(role=role, content="x")) == [
        f"row 1: message 1: found role {role!r}; expected {ROLES}"
    ]


@pytest.mark.parametrize(("role", "meant"), [("Assistant", "assistant"), (" user", "user"), ("TOOL", "tool")])
def test_a_role_that_is_nearly_right_comes_with_the_right_one(role, meant):
    assert refused(message(role=role, content="x")) == [
        f"row 1: message 1: found role {role!r}; expected {ROLES}; write {meant!r}"
    ]


@pytest.mark.parametrize("role", [["user"], {"a": 1}])
def test_a_role_of_another_type(role):
    assert refused(message(role=role, content="x"))[0].startswith("row 1: message 1: found role ")


def test_missing_role():
    assert refused(message(content="x")) == [f"row 1: message 1: found no 'role'; expected {ROLES}"]


def test_a_role_with_a_lone_surrogate_is_said_in_printable_text():
    refused(message(role="\ud800", content="x"))[0].encode("utf-8")


def test_no_assistant_turn():
    assert refused([[{"role": "system", "content": "s"}, ASK]]) == [
        "row 1: found no assistant turn (roles: system, user); expected at least one message with role "
        "'assistant'; add the reply that the model is to learn"
    ]


def test_empty_messages():
    assert refused([{"messages": []}]) == [
        "row 1: found an empty 'messages' list; expected at least one message"
    ]


@pytest.mark.parametrize(("value", "kind"), [("hi", "a string"), (None, "null"), (1, "a number")])
def test_a_message_that_is_no_object(value, kind):
    assert refused([[ASK, value]]) == [
        f"row 1: message 2: found {kind}; expected an object with 'role' and 'content'"
    ]


@pytest.mark.parametrize(("value", "kind"), [("hi", "a string"), (None, "null"), (7, "a number")])
def test_a_row_that_is_no_object(rows_file, value, kind):
    path = rows_file(ROW, value)
    assert refused(path) == [f"{path}:2: found {kind}; expected an object with a 'messages' list"]


def test_a_row_without_messages():
    expected = "expected a 'messages' list of {'role', 'content'} objects"
    renamed = "rename the columns, such as to 'instruction' and 'response'"
    assert refused([{"pergunta": "a", "resposta": "b"}]) == [
        f"row 1: found columns 'pergunta', 'resposta'; {expected}; {renamed}"
    ]
    assert refused([{}]) == [f"row 1: found an empty object; {expected}"]
    assert refused([{"messages": "Oi"}]) == [f"row 1: found 'messages' that is a string; {expected}"]


# ------------------------------------------------------------------ all at once


def test_every_fault_of_every_row_in_one_error(rows_file):
    bad = {"messages": [{"role": "bot"}, {"role": "user", "content": 1}]}
    path = rows_file(bad, ROW, {"messages": [ASK]})
    assert refused(path) == [
        f"{path}:1: message 1: found role 'bot'; expected {ROLES}",
        f"{path}:1: message 1: found no 'content'; expected a string",
        f"{path}:1: message 2: found content that is a number; expected a string",
        f"{path}:3: found no assistant turn (roles: user); expected at least one message with role "
        "'assistant'; add the reply that the model is to learn",
    ]


def test_twenty_are_said_and_all_are_counted():
    lines = refused([{"messages": []}] * 25)
    assert len(lines) == 21
    assert lines[-1] == "... and 5 more (25 in all)"


def test_rows_before_the_first_fault_come_and_none_after_it():
    read = []

    def rows():
        for number, row in enumerate([ROW, {"messages": []}, ROW, {"messages": []}]):
            read.append(number)
            yield row

    conversations = load_conversations(rows())
    assert next(conversations) == [ASK, SAY]
    assert read == [0]  # nothing is read ahead
    with pytest.raises(InputError) as caught:
        next(conversations)
    assert read == [0, 1, 2, 3]  # but all is read before it is said what is wrong
    assert [fault.where for fault in caught.value.faults] == ["row 2", "row 4"]


def test_skip_bad_leaves_bad_rows_out(tmp_path):
    path = tmp_path / "a.jsonl"
    path.write_text(f'{{bad\n{json.dumps(ROW)}\n{{"messages": []}}\n{json.dumps(ROW)}\n', encoding="utf-8")
    skipped = []
    assert list(load_conversations(path, skip_bad=True, on_skip=skipped.append)) == [[ASK, SAY]] * 2
    assert [row.where for row in skipped] == [f"{path}:1", f"{path}:3"]


def test_nothing_is_opened_before_the_first_row_is_asked_for(tmp_path):
    conversations = load_conversations(tmp_path / "no.jsonl")
    with pytest.raises(InputError):
        next(conversations)


def test_skip_bad_says_what_it_left_out():
    rows = [{"messages": []}, ROW, {"messages": [ASK]}, ROW]
    skipped = []
    assert list(load_conversations(rows, skip_bad=True, on_skip=skipped.append)) == [[ASK, SAY]] * 2
    assert [(row.where, row.number, row.original) for row in skipped] == [
        ("row 1", 1, rows[0]),
        ("row 3", 3, rows[2]),
    ]
    with pytest.warns(UserWarning, match="2 bad rows left out, 2 kept; the first: row 1: found an empty"):
        assert len(list(load_conversations(rows, skip_bad=True))) == 2


def test_skip_bad_that_would_leave_nothing_is_an_error():
    assert refused([{"messages": []}] * 2, skip_bad=True) == [
        f"row {number}: found an empty 'messages' list; expected at least one message" for number in (1, 2)
    ]


def test_a_million_faults_are_counted_and_not_kept():
    with pytest.raises(InputError) as caught:
        list(load_conversations({"messages": []} for _ in range(20_000)))
    assert (len(caught.value.faults), caught.value.count) == (1_000, 20_000)
    assert str(caught.value).endswith("... and 19980 more (20000 in all)")


# ------------------------------------------------------------------ good and bad in one stream


def test_read_rows_gives_every_row_with_its_faults(tmp_path):
    path = tmp_path / "a.jsonl"
    path.write_text(f'{json.dumps(ROW)}\n\n{{bad\n7\n{{"messages": []}}\n', encoding="utf-8")
    rows = list(read_rows(path))
    assert [(row.where, row.number, len(row.faults)) for row in rows] == [
        (f"{path}:1", 1, 0),
        (f"{path}:3", 2, 1),
        (f"{path}:4", 3, 1),
        (f"{path}:5", 4, 1),
    ]
    assert [row.columns for row in rows] == [ROW, {}, {}, {"messages": []}]
    assert [row.original for row in rows] == [ROW, "{bad", 7, {"messages": []}]


QUESTION = {"question": "a", "answer": "b"}


def decided(rows, **options) -> list[tuple[str, str]]:
    said = []
    list(read_rows(rows, on_format=lambda *pair: said.append(pair), **options))
    return said


def test_auto_says_once_what_it_decided_and_why():
    assert decided([QUESTION, QUESTION]) == [("gsm8k", "row 1: columns 'question', 'answer'")]
    assert decided(["x", {"text": "a"}, QUESTION]) == [("gsm8k", "row 3: columns 'question', 'answer'")]
    assert decided([QUESTION], format="instruction") == [("instruction", "asked for")]
    assert decided([{"text": "a"}]) == []


def test_two_readings_are_an_error_that_lists_them():
    row = {"messages": [ASK, SAY], **QUESTION}
    for skip_bad in (False, True):
        assert refused([row], skip_bad=skip_bad) == [
            "row 1: found a row that can be read as messages (column 'messages'); gsm8k (columns 'question', "
            "'answer'); expected one reading; choose: --format messages or --format gsm8k"
        ]
    assert list(load_rows([row], "messages")) == [row]
    assert next(load_conversations([row], "gsm8k"))[0]["content"] == "a"


@pytest.mark.parametrize(
    "row", [{"messages": [ASK, SAY]}, {"messages": [ASK, SAY], **QUESTION}, [ASK, SAY]], ids=str
)
def test_a_later_row_that_reads_differently_is_a_fault(row):
    line = refused([QUESTION, row])[0]
    assert line.startswith("row 2: found column 'messages' (messages)")
    assert "expected gsm8k alone, as in row 1; name the one to use, such as --format gsm8k" in line


def test_a_first_row_of_messages_does_not_hide_a_second_reading():
    line = refused([ROW, {**ROW, **QUESTION}])[0]
    assert line.startswith("row 2: found column 'messages' (messages); columns 'question', 'answer' (gsm8k)")


def test_a_named_format_is_asked_of_every_row():
    assert refused([ROW], format="gsm8k") == [
        "row 1: found columns 'id', 'lang', 'messages'; expected columns 'question', 'answer'"
    ]
    assert refused([QUESTION], format="messages")[0].startswith(
        "row 1: found columns 'question', 'answer'; expected a 'messages' list"
    )


def test_the_checks_of_messages_hold_for_every_format():
    row = {"conversations": [{"from": "human", "value": 3}, {"from": "gpt", "value": "x"}]}
    assert refused([row]) == ["row 1: message 1: found content that is a number; expected a string"]


# ------------------------------------------------------------------ parts, calls, weights, thinking


def test_parts_pass_through():
    parts = [{"type": kind} for kind in ("image", "image_url", "audio", "video")]
    parts.append({"type": "text", "text": "?"})
    turns = [{"role": "user", "content": parts}, SAY]
    assert list(load_conversations([turns])) == [turns]


@pytest.mark.parametrize(
    ("content", "line"),
    [
        ([], "found content that is a list without a part; expected a string, or a list of parts"),
        (["Oi"], 'part 1: found a string; expected an object such as {"type": "text", "text": ...}'),
        ([{"type": "text"}], "part 1: found 'text' that is null; expected a string"),
        ([{"text": "Oi"}], "part 1: found type None; expected one of text, image, "),
        (
            [{"type": "text", "text": "a"}, {"type": "smell"}],
            "part 2: found type 'smell'; expected one of text,",
        ),
        (
            [{"type": "text", "text": "\ud83d"}],
            "part 1: found half a surrogate pair (\\ud83d) at character 1; ",
        ),
    ],
)
def test_parts_that_are_none(content, line):
    assert refused(message(role="user", content=content))[0].startswith(f"row 1: message 1: {line}")


@pytest.mark.parametrize(
    ("more", "line"),
    [
        ({"tool_calls": "f(x)"}, "found 'tool_calls' that is a string; expected a list"),
        (
            {"tool_calls": [{"id": "1"}]},
            'call 1: found no function name; expected {"function": {"name": ..., "argu',
        ),
        ({"tool_calls": [7]}, "call 1: found no function name; expected"),
        ({"weight": 0.5}, "found weight 0.5; expected 1 (learn this turn) or 0 (only read it)"),
        ({"weight": "1"}, "found weight '1'; expected 1"),
        ({"weight": True}, "found weight True; expected 1"),
        ({"thinking": ["a"]}, "found 'thinking' that is a list; expected a string"),
        ({"reasoning": "\udc00"}, "found half a surrogate pair (\\udc00) at character 1; "),
    ],
)
def test_extras_that_cannot_be_used(more, line):
    assert refused(message(role="assistant", content="a", **more))[0].startswith(f"row 1: message 1: {line}")


def test_extras_that_can():
    call = {"type": "function", "id": "1", "function": {"name": "f", "arguments": {"x": None}}}
    turns = [
        ASK,
        {**SAY, "weight": 0},
        {"role": "assistant", "content": "", "tool_calls": [call], "reasoning_content": "hm"},
        {"role": "tool", "content": "3", "tool_call_id": "1", "name": "f"},
        {**SAY, "weight": 1, "thinking": "h", "reasoning": "m"},
    ]
    row = {"messages": turns, "tools": [{"name": "f"}], "chat_template_kwargs": {"x": 1}}
    assert list(load_rows([row])) == [row]


def test_nothing_to_learn_is_a_fault():
    assert refused([[ASK, {**SAY, "weight": 0}]]) == [
        "row 1: found weight 0 on every assistant turn; expected at least one that is to be learned"
    ]


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=4),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["messages", "role", "content", "type", "text", "weight", "tool_calls", "from"]),
            inner,
        )
    ),
    max_leaves=12,
)


@given(st.lists(JSON, min_size=1, max_size=5))
def test_whatever_stands_in_the_rows_each_comes_out_once(rows):
    found = list(read_rows(rows))
    assert [row.number for row in found] == list(range(1, len(rows) + 1))
    for row in found:
        assert row.faults or any(turn["role"] == "assistant" for turn in row.columns["messages"])
