"""The base model made here: what it has read, that it can be made twice, and what drills hold back."""

from __future__ import annotations

import json
import math
import random
import re

import pytest

from sintonia import small_model
from sintonia.evaluation import language_of
from sintonia.small_model import Making

SMALL = Making(vocabulary=400, hidden=32, layers=1, echo_steps=3, steps=9, batch=4, window=32)


@pytest.fixture(scope="module")
def tokenizer():
    return small_model.train_tokenizer(small_model.course_text(), 1000)


# ------------------------------------------------------------------ what it reads


def test_no_row_that_is_held_out_is_read(course):
    paragraphs = set(small_model.course_text())
    seen = {
        turn["content"]
        for key, rows in course.items()
        if key[0] == "train"
        for row in rows
        for turn in row["messages"]
    }
    for (split, _), rows in course.items():
        for turn in (turn for row in rows for turn in row["messages"] if turn["content"]):
            if split == "train":
                assert turn["content"] in paragraphs
            elif turn["content"] not in seen:
                assert turn["content"] not in paragraphs


def test_the_prose_is_prose_in_its_own_language(data_folder):
    for lang in small_model.LANGUAGES:
        lines = (data_folder / "prose" / f"{lang}.txt").read_text("utf-8").splitlines()
        assert len(lines) == len(set(lines)) > 100
        assert not [line for line in lines if re.search(r"\[\[|\]\(|^#|^```|^\||^--8<--|\{#", line)]
        long = [line for line in lines if len(line) > (40 if lang == "zh" else 120)]
        assert sum(language_of(line) == lang for line in long) >= 0.95 * len(long)


def test_control_tokens_in_the_text_are_text(tokenizer):
    stream = small_model.token_stream(tokenizer, ["A turn opens with <|im_start|>.", "Olá"])
    assert 1 not in stream and 2 not in stream
    assert tokenizer.decode(stream) == "A turn opens with <|im_start|>.<|endoftext|>Olá<|endoftext|>"
    assert tokenizer("<|im_start|>")["input_ids"] == [1]  # and elsewhere they are still tokens


def test_the_tokenizer_writes_any_text(tokenizer, course_conversations):
    for text in [turn["content"] for turns in course_conversations for turn in turns] + [
        "𠮷野家 👩‍👩‍👧 \r\n\t"
    ]:
        assert tokenizer.decode(tokenizer(text)["input_ids"]) == text
    assert [tokenizer.pad_token_id, tokenizer.bos_token_id, tokenizer.eos_token_id] == [0, 1, 2]


# ------------------------------------------------------------------ how it is made


def test_pretraining_teaches_something_about_text(tokenizer):
    making = Making(hidden=32, layers=1, echo_steps=5, steps=60, batch=8, window=32, learning_rate=1e-2)
    stream = small_model.token_stream(tokenizer, small_model.course_text(["en"]))
    losses = small_model.pretrain(small_model.untrained_model(len(tokenizer), making), stream, making)
    assert [len(losses["echoes"]), len(losses["text"])] == [5, 60]
    # It knows nothing: all tokens are as likely.
    assert losses["echoes"][0] == pytest.approx(math.log(len(tokenizer)), abs=0.3)
    assert losses["text"][-1] < losses["text"][0] - 1


def test_echoes_end_when_copying_has_been_learned(monkeypatch):
    making = Making(hidden=32, layers=1, echo_steps=400, steps=0, batch=16, window=16, learning_rate=1e-2)
    monkeypatch.setattr(small_model, "COPIES", 2.2)
    losses = small_model.pretrain(small_model.untrained_model(30, making), [5] * 100, making)["echoes"]
    assert 20 < len(losses) < 400
    assert sum(losses[-20:]) < 44 <= sum(losses[-21:-1])


def test_an_echo_grades_only_what_was_said_before():
    draw = random.Random(0)
    kinds = set()
    for _ in range(50):
        ids, targets = small_model._echo(draw, [7] * 100, 300, 9)
        assert ids[:9] == ids[9:] and min(ids) >= 3  # no control token
        assert targets == [-100] * 10 + ids[10:]
        kinds.add(set(ids) == {7})
    assert kinds == {True, False}


def test_it_is_made_once_and_the_same_each_time(tmp_path, monkeypatch):
    said: list[str] = []
    weights = []
    for place in ("a", "b"):
        monkeypatch.setenv("SINTONIA_CACHE", str(tmp_path / place))
        folder = small_model.base_folder(SMALL, say=said.append)
        assert [path.name for path in folder.parent.iterdir()] == [folder.name]
        weights.append((folder / "model.safetensors").read_bytes())
    assert weights[0] == weights[1]
    assert len(said) == 6
    assert small_model.base_folder(SMALL, say=said.append) == folder
    assert len(said) == 6  # nothing was made
    assert small_model.base_folder(Making(**{**vars(SMALL), "seed": 1}), say=said.append) != folder


def test_nothing_is_left_of_one_that_was_not_finished(tmp_path, monkeypatch):
    from transformers import PreTrainedTokenizerFast

    def burst(*_, **__):
        raise OSError("no room")

    monkeypatch.setenv("SINTONIA_CACHE", str(tmp_path))
    monkeypatch.setattr(PreTrainedTokenizerFast, "save_pretrained", burst)
    with pytest.raises(OSError, match="no room"):
        small_model.base_folder(SMALL, say=lambda _: None)
    assert list(tmp_path.iterdir()) == []


def test_anybody_can_load_it(tmp_path, monkeypatch):
    from transformers import AutoModelForCausalLM, AutoTokenizer

    monkeypatch.setenv("SINTONIA_CACHE", str(tmp_path))
    folder = small_model.base_folder(SMALL, say=lambda _: None)
    model, tokenizer = AutoModelForCausalLM.from_pretrained(folder), AutoTokenizer.from_pretrained(folder)
    assert model.config.model_type == "llama"
    record = json.loads((folder / "pretraining.json").read_text())
    assert len(record["losses"]["text"]) == SMALL.steps and record["making"]["hidden"] == 32
    assert "{%- generation %}" in tokenizer.chat_template
    assert json.loads((folder / "config.json").read_text())["vocab_size"] == len(tokenizer) == 400


# ------------------------------------------------------------------ drills


def test_drills_hold_one_word_in_ten_back():
    rows = small_model.drills(300, small_model.LANGUAGES, seed=1)
    held = small_model.drills(300, small_model.LANGUAGES, seed=1, held_out=True)
    used, kept = (
        {word for row in some for word in row["messages"][1]["content"].split()} for some in (rows, held)
    )
    assert not used & kept  # in no language: many words are of two
    assert len(used) > 3 * len(kept) > 300
    for row in rows + held:
        question, answer = (turn["content"] for turn in row["messages"])
        assert question.endswith("\n" + answer)
    assert rows == small_model.drills(300, small_model.LANGUAGES, seed=1) != held
