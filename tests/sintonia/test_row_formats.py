"""Each shape of data becomes exactly these messages, and each way to miss a shape has its sentence."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sintonia.conversations import check_row
from sintonia.row_formats import FORMATS, SHAREGPT_ROLES, no_reading, readings, to_messages


def user(text, **more):
    return {"role": "user", "content": text, **more}


def assistant(text, **more):
    return {"role": "assistant", "content": text, **more}


def system(text):
    return {"role": "system", "content": text}


def tool(text):
    return {"role": "tool", "content": text}


def turns(*pairs):
    return [{"from": role, "value": text} for role, text in pairs]


CALL = {"name": "clock", "arguments": {"zone": "Lisbon"}}
CALLED = {"type": "function", "function": CALL}
PAIR = [user("a"), assistant("b")]

# format -> (row, row with messages)
CASES = {
    "messages": ({"id": 1, "messages": PAIR}, {"id": 1, "messages": PAIR}),
    "messages, smoltalk": (
        {"messages": PAIR, "full_topic": "Travel", "source": "smol-magpie-ultra"},
        {"messages": PAIR, "full_topic": "Travel", "source": "smol-magpie-ultra"},
    ),
    "messages, with a prompt beside them": (
        {"prompt": "a", "prompt_id": "x", "messages": PAIR},
        {"prompt": "a", "prompt_id": "x", "messages": PAIR},
    ),
    "messages, as text in a table": ({"messages": json.dumps(PAIR)}, {"messages": PAIR}),
    "messages, filled with null": (
        {"messages": [{**user("a"), "name": None, "tool_calls": None}, {**assistant("b"), "weight": 1.0}]},
        {"messages": [user("a"), assistant("b", weight=1)]},
    ),
    "messages, tools and calls as text": (
        {
            "messages": [user("a"), assistant(None, tool_calls=json.dumps([CALLED])), tool("12:00")],
            "tools": json.dumps([{"name": "clock"}]),
            "chat_template_kwargs": '{"enable_thinking": false}',
        },
        {
            "messages": [user("a"), assistant(None, tool_calls=[CALLED]), tool("12:00")],
            "tools": [{"name": "clock"}],
            "chat_template_kwargs": {"enable_thinking": False},
        },
    ),
    "messages, thinking and parts": (
        {
            "messages": [
                user([{"type": "text", "text": "?"}, {"type": "image"}]),
                assistant("b", thinking="hm", reasoning_content="h", reasoning="m"),
            ]
        },
        {
            "messages": [
                user([{"type": "text", "text": "?"}, {"type": "image"}]),
                assistant("b", thinking="hm", reasoning_content="h", reasoning="m"),
            ]
        },
    ),
    "sharegpt": (
        {"id": "x", "conversations": turns(("system", "s"), ("human", "a"), ("gpt", "b"))},
        {"messages": [system("s"), *PAIR], "id": "x"},
    ),
    "sharegpt, roles and contents": ({"conversations": PAIR}, {"messages": PAIR}),
    "sharegpt, in the singular": ({"conversation": PAIR, "model": "v"}, {"messages": PAIR, "model": "v"}),
    "sharegpt, under messages": ({"messages": turns(("human", "a"), ("gpt", "b"))}, {"messages": PAIR}),
    "sharegpt, system column": (
        {"system": "s", "conversations": turns(("Human", "a"), ("bing", "b"))},
        {"messages": [system("s"), *PAIR]},
    ),
    "sharegpt, system column said twice": (
        {"system_prompt": "s", "conversations": turns(("system", "s"), ("user", "a"), ("model", "b"))},
        {"messages": [system("s"), *PAIR]},
    ),
    "sharegpt, weights": (
        {
            "conversations": [
                {"from": "human", "value": "a", "weight": None},
                {"from": "gpt", "value": "b", "weight": 0},
                {"from": "gpt", "value": "c", "weight": 1},
            ]
        },
        {"messages": [user("a"), assistant("b", weight=0), assistant("c", weight=1)]},
    ),
    "sharegpt, tools": (
        {
            "tools": json.dumps([{"name": "clock"}]),
            "conversations": turns(
                ("human", "a"), ("function_call", json.dumps(CALL)), ("observation", "12:00"), ("gpt", "b")
            ),
        },
        {
            "messages": [user("a"), assistant("", tool_calls=[CALLED]), tool("12:00"), assistant("b")],
            "tools": [{"name": "clock"}],
        },
    ),
    "alpaca": (
        {"instruction": "Diga oi.", "output": "Oi."},
        {"messages": [user("Diga oi."), assistant("Oi.")]},
    ),
    "alpaca, empty input": (
        {"instruction": "Diga oi.", "input": "", "output": "Oi.", "text": "Below is"},
        {"messages": [user("Diga oi."), assistant("Oi.")], "text": "Below is"},
    ),
    "alpaca, input": (
        {"instruction": "翻译。", "input": "dog", "output": "狗"},
        {"messages": [user("翻译。\n\ndog"), assistant("狗")]},
    ),
    "alpaca, system and history": (
        {"instruction": "c", "input": None, "output": "d", "system": "s", "history": [["a", "b"]]},
        {"messages": [system("s"), *PAIR, user("c"), assistant("d")]},
    ),
    "prompt-completion": ({"prompt": "a", "completion": "b"}, {"messages": PAIR}),
    "prompt-completion, messages": (
        {"prompt": [system("s"), *PAIR, user("c")], "completion": [assistant("d")], "tools": []},
        {
            "messages": [system("s"), user("a"), assistant("b", weight=0), user("c"), assistant("d")],
            "tools": [],
        },
    ),
    "gsm8k": (
        {"question": "6 x 7?", "answer": "6 x 7 = <<6*7=42>>42\n#### 42"},
        {"messages": [user("6 x 7?"), assistant("6 x 7 = <<6*7=42>>42\n#### 42")]},
    ),
    "instruction": (
        {"instruction": "a", "response": "b", "context": "", "category": "qa"},
        {"messages": PAIR, "category": "qa"},
    ),
    "instruction, context": (
        {"instruction": "a", "context": "c", "response": "b"},
        {"messages": [user("a\n\nc"), assistant("b")]},
    ),
    "instruction, system_prompt": (
        {"system_prompt": "s", "question": "a", "response": "b", "id": 3},
        {"messages": [system("s"), *PAIR], "id": 3},
    ),
    "instruction, prompt and response": ({"prompt": "a", "response": "b"}, {"messages": PAIR}),
    "instruction, query and answer": ({"query": "a", "answer": "b"}, {"messages": PAIR}),
    "instruction, input and output": ({"input": "a", "output": "b"}, {"messages": PAIR}),
}


@pytest.mark.parametrize("case", CASES)
def test_what_becomes_what(case):
    row, expected = CASES[case]
    format = case.split(",")[0]
    before = json.dumps(row)
    assert list(readings(row)) == [format]
    assert to_messages(row, format) == (expected, [])
    assert json.dumps(row) == before  # the caller's row is the caller's
    assert check_row(expected, "row") == []
    assert list(readings(expected)) == ["messages"]
    assert to_messages(expected, "messages")[0] == expected


def test_every_format_has_a_case():
    assert {case.split(",")[0] for case in CASES} == set(FORMATS) - {"auto"}


@pytest.mark.parametrize(("role", "names"), SHAREGPT_ROLES.items())
def test_every_synonym(role, names):
    for name in names:
        value = json.dumps(CALL) if role == "tool_calls" else "x"
        row, faults = to_messages({"conversations": turns((f" {name.upper()}", value))}, "sharegpt")
        assert faults == []
        assert row["messages"][0]["role"] == ("assistant" if role == "tool_calls" else role)


def test_several_calls_in_one_turn_and_calls_already_wrapped():
    value = json.dumps([CALL, CALLED])
    row, _ = to_messages({"conversations": turns(("tool_call", value))}, "sharegpt")
    assert row["messages"][0]["tool_calls"] == [CALLED, CALLED]


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        ({}, []),
        ({"text": "a"}, []),
        ({"prompt": "a", "chosen": "b", "rejected": "c"}, []),
        ({"instruction": "a", "input": "b"}, []),
        ({"messages": None, "prompt": "a", "completion": "b"}, ["prompt-completion"]),
        ({"messages": PAIR, "conversations": None}, ["messages"]),
        ({"messages": PAIR, "conversation": "a: b"}, ["messages"]),
        ({"messages": PAIR, "conversations": turns(("human", "a"))}, ["messages", "sharegpt"]),
        ({"messages": PAIR, "prompt": "a", "completion": "b"}, ["messages", "prompt-completion"]),
        ({"instruction": "a", "output": "b", "response": "c"}, ["instruction", "alpaca"]),
        ({"question": "a", "answer": "b", "response": "c"}, ["instruction", "gsm8k"]),
        ({"instruction": "a", "prompt": "b", "output": "c"}, ["alpaca", "instruction"]),
    ],
)
def test_readings(row, expected):
    assert list(readings(row)) == expected


def test_the_columns_that_decided_are_named():
    assert readings({"id": 1, "instruction": "a", "context": "c", "response": "b"}) == {
        "instruction": "columns 'instruction', 'context', 'response'"
    }


BAD = [
    (
        "sharegpt",
        {"id": 1},
        "row: found column 'id'; expected a 'conversations' list of {'from', 'value'} objects",
    ),
    (
        "sharegpt",
        {},
        "row: found an empty object; expected a 'conversations' list of {'from', 'value'} objects",
    ),
    ("sharegpt", {"conversations": "a"}, "row: found 'conversations' that is a string; expected a list of"),
    (
        "sharegpt",
        {"conversations": []},
        "row: found an empty 'conversations' list; expected at least one turn",
    ),
    ("sharegpt", {"conversations": ["a"]}, "row: turn 1: found a string; expected an object with 'from' and"),
    (
        "sharegpt",
        {"conversations": [{"value": "a"}]},
        "row: turn 1: found no 'from'; expected an object with",
    ),
    ("sharegpt", {"conversations": [{"from": "human"}]}, "row: turn 1: found no 'value'; expected an object"),
    (
        "sharegpt",
        {"conversations": turns(("human", "a"), ("critic", "b"))},
        "row: turn 2: found 'from' 'critic'; ",
    ),
    ("sharegpt", {"conversations": turns(("human", "a"), (None, "b"))}, "row: turn 2: found 'from' None; "),
    (
        "sharegpt",
        {"conversations": turns((["x"], "a"))},
        "row: turn 1: found 'from' ['x']; expected one of system",
    ),
    (
        "sharegpt",
        {"conversations": turns(("function_call", "f(x)"))},
        "row: turn 1: found a call that is no JSON",
    ),
    (
        "sharegpt",
        {"system": "one", "conversations": turns(("system", "two"))},
        "row: found a 'system' column and another system turn; expected one system message",
    ),
    (
        "alpaca",
        {"instruction": "a"},
        "row: found column 'instruction'; expected columns 'instruction', 'output'",
    ),
    ("alpaca", {"instruction": "a", "output": 4}, "row: found 'output' that is a number; expected a string"),
    (
        "alpaca",
        {"instruction": None, "output": "b"},
        "row: found 'instruction' that is null; expected a string",
    ),
    (
        "alpaca",
        {"instruction": "a", "input": {}, "output": "b"},
        "row: found 'input' that is an object; expected a",
    ),
    (
        "alpaca",
        {"instruction": "a", "output": "b", "history": "x"},
        "row: found 'history' that is a string; expec",
    ),
    (
        "alpaca",
        {"instruction": "a", "output": "b", "history": [["x"]]},
        "row: found a 'history' with something",
    ),
    (
        "prompt-completion",
        {"prompt": "a"},
        "row: found column 'prompt'; expected columns 'prompt', 'completion'",
    ),
    (
        "prompt-completion",
        {"prompt": 1, "completion": "b"},
        "row: found 'prompt' that is a number; expected a st",
    ),
    (
        "prompt-completion",
        {"prompt": "a", "completion": ["b"]},
        "row: found 'completion' that is a list; expected",
    ),
    ("gsm8k", {"question": "a"}, "row: found column 'question'; expected columns 'question', 'answer'"),
    (
        "instruction",
        {"prompt": "a"},
        "row: found column 'prompt'; expected one column of instruction, question,",
    ),
    (
        "instruction",
        {"prompt": "a", "question": "b", "answer": "c"},
        "row: found columns 'prompt', 'question', 'answer'; expected one column of",
    ),
    (
        "messages",
        {"messages": PAIR, "tools": "x"},
        "row: found 'tools' that is a string; expected a list, or its",
    ),
    (
        "messages",
        {"messages": PAIR, "tools": {}},
        "row: found 'tools' that is an object; expected a list, or its",
    ),
    (
        "messages",
        {"messages": PAIR, "tools": ["x"]},
        "row: found a tool that is a string; expected an object that",
    ),
    (
        "messages",
        {"messages": PAIR, "chat_template_kwargs": [1]},
        "row: found 'chat_template_kwargs' that is a li",
    ),
]


@pytest.mark.parametrize(("format", "row", "message"), BAD)
def test_rows_that_miss_their_shape(format, row, message):
    same, faults = to_messages(row, format)
    assert same is row
    assert len(faults) == 1
    assert str(faults[0]).startswith(message)


@pytest.mark.parametrize(
    ("row", "message"),
    [
        (
            {"a": 1},
            "found column 'a'; expected a 'messages' list of {'role', 'content'} objects; rename the columns",
        ),
        ({"messages": None}, "found 'messages' that is null; expected a 'messages' list"),
        ({"text": "a"}, "; this is text, not instructions: nobody asks"),
        (
            {"content": "x = 1", "path": "a.py", "lang": "Python"},
            "; this is text, not instructions: nobody asks",
        ),
        ({"code": "x = 1", "licenses": ["mit"]}, "; this is text, not instructions: nobody asks"),
        ({"role": "user", "content": "a"}, "; one message a row: put those of one conversation together"),
        ({"chosen": [], "rejected": []}, "preference pairs are not for supervised tuning"),
    ],
)
def test_no_reading_says_what_to_do(row, message):
    assert message in str(no_reading(row, "row"))


VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.text(max_size=5)
    | st.sampled_from(["[", "[]", "{}", "[1]"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["role", "content", "from", "value", "weight", "tool_calls"]), inner
        )
    ),
    max_leaves=10,
)
NAMES = ["messages", "conversations", "instruction", "input", "output", "prompt", "completion", "question"]
NAMES += ["answer", "response", "system", "history", "tools", "chat_template_kwargs"]


@given(st.dictionaries(st.sampled_from(NAMES), VALUES), st.sampled_from(FORMATS[1:]))
def test_no_row_whatever_breaks_a_reader(row, format):
    readings(row)
    new, faults = to_messages(row, format, "here")
    found = faults or check_row(new, "here")
    assert all(fault.where.startswith("here") for fault in found)
    if not found:
        assert isinstance(new["messages"], list) and isinstance(new.get("tools") or [], list)


@given(st.text(), st.text(), st.text(min_size=1))
def test_no_text_is_changed(ask, reply, more):
    for row, format in (
        ({"instruction": ask, "output": reply}, "alpaca"),
        ({"prompt": ask, "completion": reply}, "prompt-completion"),
        ({"conversations": turns(("human", ask), ("gpt", reply))}, "sharegpt"),
    ):
        assert to_messages(row, format)[0]["messages"] == [user(ask), assistant(reply)]
    row = {"instruction": ask, "input": more, "output": reply}
    joined = f"{ask}\n\n{more}" if ask else more
    assert to_messages(row, "alpaca")[0]["messages"] == [user(joined), assistant(reply)]
