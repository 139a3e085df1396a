"""Remembered or learned: the prompts that tell them apart, how replies are counted, what was recorded."""

from __future__ import annotations

import importlib.util
import json

import pytest

from sintonia import small_model
from sintonia.evaluation import LANGUAGES, language_of
from sintonia.generation import Reply

GROUPS = [
    "trained on",
    "the same in other words",
    "test prompts, never read",
    "repeat: rows trained on",
    "repeat: new rows",
    "repeat: words never drilled",
]


@pytest.fixture(scope="module")
def benchmark(root):
    """benchmarks/from_scratch.py as a module."""
    spec = importlib.util.spec_from_file_location("from_scratch", root / "benchmarks" / "from_scratch.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def recorded(root):
    return json.loads((root / "benchmarks" / "results" / "from-scratch" / "results.json").read_text("utf-8"))


def test_a_paraphrase_was_never_read_and_is_in_its_language(root, course):
    lines = (root / "benchmarks" / "paraphrases.jsonl").read_text("utf-8").splitlines()
    asked = [json.loads(line) for line in lines]
    train = {row["id"] for row in course["train", "en"]}
    assert len({row["id"] for row in asked} & train) == len(asked) >= 12
    read = " ".join(small_model.course_text())
    for row in asked:
        for lang in LANGUAGES:
            assert row[lang] not in read
            assert language_of(row[lang]) == lang, row[lang]


def test_the_groups_are_what_they_are_called(benchmark):
    groups = benchmark.groups()
    assert list(groups) == GROUPS
    drilled = {row["messages"][1]["content"] for row in small_model.drills(small_model.DRILLS, LANGUAGES, 42)}
    words = {word for said in drilled for word in said.split()}
    for row in groups["repeat: rows trained on"]:
        assert row["messages"][1]["content"] in drilled
    for row in groups["repeat: new rows"]:
        assert row["messages"][1]["content"] not in drilled
    for row in groups["repeat: words never drilled"]:
        assert not words & set(row["messages"][1]["content"].split())
    same = [{(row["lang"], row["id"]) for row in groups[name]} for name in GROUPS[:2]]
    assert same[0] == same[1]


def test_replies_are_counted(benchmark):
    references = {"en": "Lima is the capital.", "pt": "A capital é Lima.", "zh": "首都是利马。"}
    rows = [{"lang": lang, "messages": [{"content": text}]} for lang, text in references.items()]
    replies = [
        Reply("Lima is the capital.", True, 5),
        Reply("O ouro é um metal muito bonito.", True, 9),
        Reply("The gold", False, 64),
    ]
    answers = {"Lima is the capital.", "O ouro é um metal muito bonito."}
    counted = {"prompts": 3, "right": 1, "copied": 1, "new": 1, "stopped": 2, "in_language": 2}
    assert benchmark.count(rows, replies, answers) == counted


def test_the_recorded_run_says_what_the_recipe_says(root, recorded):
    header = " ".join(
        line.removeprefix("#").strip()
        for line in (root / "code" / "recipes" / "from-scratch.yaml").read_text("utf-8").splitlines()
        if line.startswith("#")
    )
    found = {name: pair["tuned"] for name, pair in recorded["groups"].items()}
    assert list(found) == GROUPS
    for group in found.values():
        assert group["right"] + group["copied"] + group["new"] == group["prompts"]
        assert f"{group['right']} of {group['prompts']}" in header
    for name, losses in recorded["losses"].items():
        assert len(losses) > 100, name
