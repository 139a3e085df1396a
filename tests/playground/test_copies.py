"""What the copy buttons give is a program that prints the same tokens, and rows that the package reads."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

import sintonia

BUNDLE = Path(__file__).parents[2] / "docs" / "assets" / "playground"
SCRIPT = """
const engine = await import(process.argv[1]);
const {readFileSync} = await import("node:fs");
const tokenizer = new engine.Tokenizer(JSON.parse(readFileSync(process.argv[2], "utf8")));
const state = engine.validState(JSON.parse(process.argv[3]));
const back = engine.decodeState("#" + engine.encodeState(state));
const {row} = engine.analyse(state, tokenizer);
console.log(JSON.stringify({python: engine.asPython(state), jsonl: engine.asJsonl(state), row, state, back}));
"""
TURNS = [
    {"role": "user", "content": 'Olá, "mundo"\\n\n\u2028😀 \u0085'},
    {"role": "assistant", "content": "你好"},
]
STATES = {
    "plain": {"messages": TURNS},
    "cut": {"messages": TURNS, "template": "llama3", "max_length": 40, "truncation": "keep_answer"},
    "two": {"messages": TURNS, "second": TURNS[:1] * 2 + TURNS[1:], "template": "chatml", "max_length": 200},
    "own": {
        "messages": TURNS,
        "source": "{% for m in messages %}{{ m.role + ': ' + m.content + '\n' }}{% endfor %}",
    },
}


@pytest.mark.parametrize("name", STATES)
def test_the_copy_prints_what_the_page_shows(node, tmp_path, name):
    arguments = ((BUNDLE / "engine.js").as_uri(), BUNDLE / "tokenizer.json", json.dumps(STATES[name]))
    done = node("--input-type=module", "-e", SCRIPT, *arguments)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert found["back"] == found["state"]

    program = tmp_path / "case.py"
    program.write_text(found["python"], encoding="utf-8")
    environment = {**os.environ, "PYTHONPATH": str(Path(sintonia.__file__).parents[1])}
    command = [sys.executable, str(program)]
    ran = subprocess.run(command, env=environment, capture_output=True, encoding="utf-8", check=False)
    assert ran.returncode == 0, ran.stderr
    ids = [line.split()[1] for line in ran.stdout.splitlines() if line[:5].strip().isdigit()]
    count = len(found["row"]["input_ids"])
    assert [int(each) for each in ids[:count]] == found["row"]["input_ids"]

    rows = tmp_path / "rows.jsonl"
    rows.write_text(found["jsonl"], encoding="utf-8")
    kept = list(sintonia.load_conversations(rows))
    assert kept == [turns for turns in (found["state"]["messages"], found["state"]["second"]) if turns]
