"""One implementation by contract: the playground's JavaScript answers as Python does, or says why not."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path

import pytest

HERE = Path(__file__).parent
BUNDLE = HERE.parents[1] / "docs" / "assets" / "playground"
_spec = importlib.util.spec_from_file_location("playground_contract", HERE / "contract.py")
contract = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(contract)


def test_every_row_template_and_mode_and_2000_generated_conversations(node, tmp_path):
    cases = tmp_path / "cases.jsonl"
    written = contract.write(cases, rows=976, generated=2000)
    done = node(HERE / "run_contract.mjs", BUNDLE, cases)
    assert done.returncode == 0, done.stderr
    report = json.loads(done.stdout)
    assert report["differences"] == []
    assert report["answers"] == written == 976 * 9 * 3 + 2000
    # What is refused is so in both, or for one of the two reasons that the page gives words to.
    alone = report["answers"] - report["equal"] - report["both_refused"]
    assert alone <= 25
    assert report["refused"]["surrogate"] > 100


def test_a_difference_is_seen(node, tmp_path):
    state = {"messages": [{"role": "user", "content": "Oi"}, {"role": "assistant", "content": "Olá!"}]}
    state["template"] = "chatml"
    expected = contract.answer(state)
    wrong = {
        "ids": {**expected, "ids": expected["ids"][:-1] + [0]},
        "mask": {**expected, "mask": expected["mask"][::-1]},
        "offsets": {**expected, "offsets": [[0, 1]] * len(expected["offsets"])},
        "text": {**expected, "text": expected["text"] + " "},
    }
    cases = tmp_path / "cases.jsonl"
    lines = [json.dumps({"state": state, "modes": {"assistant-only": each}}) for each in wrong.values()]
    lines.append(json.dumps({"state": state, "modes": {"assistant-only": {"refused": "made up"}}}))
    cases.write_text("\n".join(lines) + "\n")
    report = json.loads(node(HERE / "run_contract.mjs", BUNDLE, cases).stdout)
    seen = [each["differences"][0].split(":")[0] for each in report["differences"]]
    assert seen == [*wrong, "answered; Python"]


@pytest.mark.parametrize("seed", [1])
def test_generated_conversations_hold_what_they_promise(seed):
    said = "".join(
        turn["content"] for state in contract.generated_states(2000, seed) for turn in state["messages"]
    )
    for wanted in ("\u0085", "\ufeff", "\ud83d", "<|im_end|>", "😀", "e\u0301", "مرحبا", "\0", "𠮷"):
        assert wanted in said
    contents = [turn["content"] for state in contract.generated_states(2000) for turn in state["messages"]]
    assert "" in contents and max(map(len, contents)) >= 6000 and any(c and not c.strip() for c in contents)
    assert len(contract.MODES) == 3 and len(contract.template_names()) == 9
