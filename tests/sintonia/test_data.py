"""The course's data: parallel in four languages, split by id, one schema."""

from __future__ import annotations

import json
import re
from collections import Counter

import pytest

from sintonia.evaluation import language_of

LANGUAGES = ("pt", "es", "zh", "en")
SPLITS = ("train", "validation", "test")
PAIRS = [(split, lang) for split in SPLITS for lang in LANGUAGES]


def keys(rows):
    return [(row["id"], row["category"], [turn["role"] for turn in row["messages"]]) for row in rows]


@pytest.mark.parametrize("split", SPLITS)
@pytest.mark.parametrize("lang", ["pt", "es", "zh"])
def test_ids_categories_and_roles_stand_in_the_same_order(course, split, lang):
    assert keys(course[split, lang]) == keys(course[split, "en"])


def test_what_the_data_cards_count(course, data_folder):
    for lang in LANGUAGES:
        assert [len(course[split, lang]) for split in SPLITS] == [184, 20, 40]
    counted = Counter((row["category"], split) for split in SPLITS for row in course[split, "en"])
    for card in data_folder.glob("README*.md"):
        table = dict(re.findall(r"^\| ([a-z-]+) \| ([\d |]+) \|$", card.read_text("utf-8"), re.MULTILINE))
        for category in {category for category, _ in counted}:
            figures = [counted[category, split] for split in SPLITS]
            assert table[category] == " | ".join(map(str, [*figures, sum(figures)])), (card, category)


def test_every_category_is_in_every_split(course):
    assert len({frozenset(row["category"] for row in course[split, "en"]) for split in SPLITS}) == 1


@pytest.mark.parametrize(("split", "lang"), PAIRS)
def test_schema(course, split, lang):
    for row in course[split, lang]:
        extra = {"check"} if row["category"] == "constraint" else set()
        assert set(row) == {"id", "lang", "category", "messages"} | extra, row
        assert row["lang"] == lang
        assert row["id"] == row["id"].lower().strip() and " " not in row["id"]
        assert row["messages"][-1]["role"] == "assistant"
        for turn in row["messages"]:
            assert set(turn) == {"role", "content"}
            assert turn["content"] == turn["content"].strip() != ""


def test_an_id_stands_once_and_in_one_split(course):
    ids = [row["id"] for split in SPLITS for row in course[split, "en"]]
    assert len(ids) == len(set(ids))


@pytest.mark.parametrize("lang", LANGUAGES)
def test_no_prompt_stands_twice(course, lang):
    prompts = [
        json.dumps(row["messages"][:-1], ensure_ascii=False)
        for split in SPLITS
        for row in course[split, lang]
    ]
    assert len(prompts) == len(set(prompts))


def test_a_translation_is_not_its_original(course):
    for split in SPLITS:
        by_language = [course[split, lang] for lang in LANGUAGES]
        for rows in zip(*by_language, strict=True):
            prompts = {row["messages"][-2]["content"] for row in rows}
            assert len(prompts) == len(LANGUAGES), rows[0]["id"]


@pytest.mark.parametrize(("split", "lang"), PAIRS)
def test_answers_of_extraction_are_json(course, split, lang):
    for row in course[split, lang]:
        if row["category"] == "extraction":
            assert isinstance(json.loads(row["messages"][-1]["content"]), (dict, list)), row["id"]


def test_extraction_is_there(course):
    assert any(row["category"] == "extraction" for row in course["train", "en"])


@pytest.mark.parametrize(("split", "lang"), PAIRS)
def test_replies_are_in_the_language_of_their_row(course, split, lang):
    checked = 0
    for row in course[split, lang]:
        for turn in row["messages"]:
            letters = sum(character.isalpha() for character in turn["content"])
            if turn["role"] == "assistant" and letters >= 20 and row["category"] != "extraction":
                assert language_of(turn["content"]) == lang, (row["id"], turn["content"])
                checked += 1
    assert checked


def test_splits_are_files_of_their_language_only(data_folder):
    found = {path.relative_to(data_folder).as_posix() for path in data_folder.rglob("*.jsonl")}
    assert found == {f"{split}/{lang}.jsonl" for split, lang in PAIRS}
