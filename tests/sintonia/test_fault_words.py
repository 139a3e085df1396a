"""What the readers say of a bad row has words in every language: each sentence in their sources, and each one
that bad rows and bad files bring out of them."""

from __future__ import annotations

import ast
import importlib.util
import json
import re
from pathlib import Path

import pytest
import yaml

from sintonia import fault_words
from sintonia.conversations import read_rows
from sintonia.errors import Fault
from sintonia.fault_words import in_words, is_known, translated
from sintonia.findings import LANGUAGES

READERS = ("sources", "tables", "json_lists", "row_formats", "message_checks", "conversations")
MAKERS = {"Fault": 1, "Unreadable": 1, "_BadShape": 0, "BrokenList": 0}  # name -> which argument is `found`
WORDS = yaml.safe_load(fault_words.WORDS.read_text("utf-8"))
ASK, SAY = {"role": "user", "content": "a"}, {"role": "assistant", "content": "b"}
CALLS = {"role": "assistant", "content": "", "tool_calls": [7]}
HALF = "\ud83d"
MESSAGES = [
    {"role": "bot", "content": "a"},
    {"role": "User", "content": "a"},
    {"content": "a"},
    {"role": "user"},
    {"role": "user", "content": 3},
    {"role": "user", "content": None},
    {"role": "user", "content": HALF},
    *({"role": "user", "content": parts} for parts in ([], ["a"], [{"type": "text"}], [{"type": "smell"}])),
    {**SAY, "weight": 0.5},
    {**SAY, "thinking": ["a"]},
    {**SAY, "tool_calls": "f(x)"},
    CALLS,
    None,
    "hi",
]
ROWS = [
    *({"messages": [ASK, message]} for message in MESSAGES),
    *({"messages": value} for value in ([], None, "Oi", [ASK], [ASK, {**SAY, "weight": 0}])),
    *(
        {"messages": [ASK, SAY], **more}
        for more in ({"tools": [7]}, {"tools": 7}, {"chat_template_kwargs": [1]})
    ),
    *({"conversations": turns} for turns in ([], [7], [{"value": "a"}], [{"from": "user"}])),
    {"conversations": [{"from": "wizard", "value": "a"}]},
    {"conversations": [{"from": "human", "value": "a"}, {"from": "function_call", "value": "f(x)"}]},
    {"instruction": "a", "output": None},
    {"instruction": 7, "output": "b"},
    {"instruction": "a", "output": "b", "history": 7},
    {"instruction": "a", "output": "b", "history": [7]},
    {"system": "x", "conversations": [{"from": "system", "value": "y"}, {"from": "gpt", "value": "b"}]},
    {"prompt": 7, "completion": "b"},
    {"text": "a"},
    {"content": "a", "path": "b.py"},
    ASK,
    {"chosen": "a", "rejected": "b"},
    {"pergunta": "a", "resposta": "b"},
    {},
    7,
    None,
    "hi",
]
LINES = [
    "{",
    '{"messages": [}',
    '{"a": 1}}',
    "{'a': 1}",
    '{"a" 1}',
    '{"a": "b',
    '{"a": "\\q"}',
    '{"a": "\\u1"}',
]
LINES += ['{"a": 1', '{"a": 1,}', '{"a": "\t"}', "[" * 100_000, "9" * 5000]
FILES = {
    "lines.jsonl": "\n".join(LINES).encode(),
    "bytes.jsonl": b'{"a": "ol\xe1"}\n',
    "list.json": b'[{"a": 1},\n {"a": 2} {"a": 3}]',
    "bytes.json": b'["ol\xe1"]',
    "open.json": b'[{"a": "b',
    "table.csv": b'a,b\n1\n"x"y,2\nol\xe1,\xc3\xa9\n5,"6\n',
}


def everything_said(folder: Path) -> list[Fault]:
    """The faults of all bad rows and files, each row alone so that its own columns decide."""
    faults = [fault for row in ROWS for read in read_rows([row]) for fault in read.faults]
    mixed = [{"question": "a", "answer": "b"}, {"text": "a"}, {"instruction": "a", "output": "b"}]
    faults += [fault for row in read_rows(mixed) for fault in row.faults]
    for name, content in FILES.items():
        (folder / name).write_bytes(content)
        faults += [fault for row in read_rows(folder / name) for fault in row.faults]
    return faults


def sentences(module: str) -> list[tuple[str, str]]:
    """`(part, sentence)` of all faults written in a reader, what is filled in being made up."""
    path = Path(fault_words.PACKAGE) / f"{module}.py"
    tree = ast.parse(path.read_text("utf-8"))
    for node in ast.walk(tree):
        for child in ast.iter_child_nodes(node):
            child.parent = node
    found = []
    for node in ast.walk(tree):
        if not (isinstance(node, ast.Call) and getattr(node.func, "id", "") in MAKERS):
            continue
        above = getattr(node, "parent", None)
        if isinstance(above, ast.Assign) or getattr(getattr(above, "func", None), "id", "") == "InputError":
            continue  # what cannot be opened at all is no row
        first = MAKERS[node.func.id]
        for part, value in zip(("found", "expected", "fix"), node.args[first:], strict=False):
            if (text := said_by(value)) is not None:
                found.append((part, text))
    return found


def said_by(node: ast.expr) -> str | None:
    """A string as it stands in the code, or None where it comes from elsewhere."""
    if isinstance(node, ast.Constant):
        return node.value or None
    if not isinstance(node, ast.JoinedStr):
        return None
    pieces = []
    for piece in node.values:
        if isinstance(piece, ast.Constant):
            pieces.append(piece.value)
        else:
            source = ast.unparse(piece.value)
            number = re.search(r"len\(|>>|start|position|ord\(", source)
            pieces.append("a list" if "kind(" in source or source == "words" else "3" if number else "'x'")
    return "".join(pieces)


@pytest.mark.parametrize("part", ["kind", "why", "because", "found", "expected", "fix"])
def test_each_shape_has_four_languages_with_the_same_placeholders(part):
    for texts in WORDS[part]:
        assert set(texts) == set(LANGUAGES)
        fields = {re.compile(r"\{[a-z]+\}").sub("", text) != text for text in texts.values()}
        assert len(fields) == 1 or part == "why"
        for lang in LANGUAGES:
            used = set(re.findall(r"\{([a-z]+)\}", texts[lang]))
            assert used <= set(re.findall(r"\{([a-z]+)\}", texts["en"])), texts["en"]
            assert used or "{" not in texts["en"] or part == "why" or "{'" in texts["en"]


@pytest.mark.parametrize("module", READERS)
def test_each_sentence_in_a_reader_has_a_shape(module):
    unknown = [(part, text) for part, text in sentences(module) if not is_known(part, text)]
    assert [text for _, text in unknown if not text.startswith("{")] == []  # JSON is the same everywhere


@pytest.mark.parametrize("module", ["chat_templates", "template_spans"])
def test_each_refusal_of_a_template_has_a_shape(module):
    """What stops one row (T09, T12); what stops every row is an error and no finding."""
    tree = ast.parse((Path(fault_words.PACKAGE) / f"{module}.py").read_text("utf-8"))
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call)]
    reasons = [said_by(call.args[0]) for call in calls if ast.unparse(call.func) == "self._refusal"]
    assert [reason for reason in reasons if not is_known("because", reason.replace("'x'", "3"))] == []
    assert len(reasons) >= (6 if module == "template_spans" else 0)
    rows = [call.args[1] for call in calls if ast.unparse(call.func) == "Fault"]
    said = [
        text
        for text in map(said_by, rows)
        if text and re.match("a template that|no {%|markers|a message", text)
    ]
    said = [text.replace("{{%", "{%").replace("message 'x'", "message 3") for text in said]
    assert said and [text for text in said if not is_known("found", text)] == []


def test_what_a_template_says_of_a_row_is_said_in_the_language():
    from sintonia.doctor import diagnose

    strict = "{{ raise_exception('two turns only') if messages | length > 2 }}"
    strict += "{% for m in messages %}{{ m.content }}<|im_end|>{% endfor %}"
    rows = [{"messages": [ASK, SAY, ASK, SAY]}, {"messages": [ASK, SAY]}]
    found = next(f for f in diagnose(rows, chat_template=strict, lang="pt") if f.code == "T09")
    assert found.data["examples"][0]["excerpt"] == (
        "o template dá erro nesta conversa (two turns only; papéis: user, assistant, user, assistant)"
    )
    merged = "{{ messages | map(attribute='content') | join(' ') }}<|im_end|>"
    found = next(f for f in diagnose(rows[1:], chat_template=merged, lang="zh") if f.code == "T12")
    assert found.data["examples"][0]["excerpt"].startswith("没有 {% generation %} 标记")
    assert not re.search("[a-z]{4} [a-z]{3}", found.data["examples"][0]["excerpt"])


def test_the_sentences_of_the_readers_are_seen():
    assert len({text for module in READERS for _, text in sentences(module)}) > 40


def test_all_that_bad_rows_bring_out_is_said_in_every_language(tmp_path):
    faults = everything_said(tmp_path)
    assert len({re.sub(r"'[^']*'|\d+", "", fault.found) for fault in faults}) > 35
    for fault in faults:
        for part in ("found", "expected", "fix"):
            text = getattr(fault, part)
            assert not text or text.startswith("{") or is_known(part, text), (part, text)
        for lang in ("pt", "es", "zh"):
            words = in_words(fault, lang)
            assert not re.search(
                r"\b(that is|expected|found|at character|which is|column|at least)\b", words
            ), words


def test_the_test_files_of_the_formats_bring_out_nothing_else():
    path = Path(__file__).with_name("test_row_formats.py")
    spec = importlib.util.spec_from_file_location("rows_that_miss_their_shape", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    for format, row, _ in module.BAD:
        for fault in module.to_messages(row, format)[1]:
            for part in ("found", "expected", "fix"):
                text = getattr(fault, part)
                assert not text or text.startswith("{") or is_known(part, text), (format, text)


@pytest.mark.parametrize(
    ("found", "said"),
    [
        ("role 'bot'", ["papel 'bot'", "rol 'bot'", "角色 'bot'"]),
        (
            "content that is a number",
            ["'content' que é um número", "'content' que es un número", "'content' 是数字"],
        ),
        (
            "'x' that is true or false",
            ["'x' que é true ou false", "'x' que es true o false", "'x' 是 true 或 false"],
        ),
        (
            "'x' that is a Timestamp",
            ["'x' que é um Timestamp", "'x' que es un Timestamp", "'x' 是 Timestamp"],
        ),
        ("no comet", ["no comet"] * 3),
    ],
)
def test_how_it_is_said(found, said):
    texts = [translated("found", found, lang) for lang in ("pt", "es", "zh")]
    assert texts == said
    assert translated("found", found, "en") == found


def test_the_doctor_says_it_in_the_language_of_its_findings():
    from sintonia.doctor import diagnose

    rows = [{"messages": [ASK, SAY]}, {"messages": [{"role": "bot", "content": "a"}, SAY]}]
    shown = {}
    for lang in LANGUAGES:
        finding = next(f for f in diagnose(rows, chat_template="chatml", lang=lang) if f.code == "D01")
        shown[lang] = finding.data["examples"][0]["excerpt"]
        json.dumps(finding.as_dict())
    assert shown["en"] == "found role 'bot'; expected system, user, assistant or tool"
    assert shown["pt"] == "encontrado: papel 'bot'; esperado: system, user, assistant ou tool"
    assert shown["zh"] == "实际：角色 'bot'；应为：system、user、assistant 或 tool"
    assert len(set(shown.values())) == 4
