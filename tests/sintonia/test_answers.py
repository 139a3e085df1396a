"""Rows are chosen fairly, the base under an adapter is the base, what it said is kept and not confused."""

from __future__ import annotations

import copy
import json
from collections import Counter

import pytest

from sintonia import answers
from sintonia.answers import ask, base_of_adapter, choose, has_base, split_reply, weights_sha256
from sintonia.comparison import course_rows
from sintonia.evaluation import LANGUAGES

ROWS = course_rows("test", ["en"])[:3]


# ------------------------------------------------------------------ choosing


@pytest.mark.parametrize("count", [1, 3, 10, 25])
def test_every_language_gets_the_same_prompts_of_as_many_categories_as_can_be(count):
    rows = choose(course_rows("test"), count)
    assert len(rows) == 4 * count
    by_language = [[row["id"] for row in rows if row["lang"] == lang] for lang in LANGUAGES]
    assert all(ids == by_language[0] for ids in by_language)
    categories = Counter(row["category"] for row in rows if row["lang"] == "pt")
    there = len({row["category"] for row in course_rows("test", ["pt"])})
    assert len(categories) == min(count, there)
    assert count < there or max(categories.values()) - min(categories.values()) <= max(1, count // 5)


@pytest.mark.parametrize("count", [None, 0, 10_000])
def test_all_rows(count):
    rows = course_rows("test", ["es", "zh"])
    assert choose(rows, count) == rows


def test_rows_without_language_or_category():
    rows = [{"messages": []} for _ in range(5)]
    assert choose(rows, 2) == rows[:2]


# ------------------------------------------------------------------ the base under an adapter


@pytest.fixture
def adapted(tiny):
    import torch
    from peft import LoraConfig, get_peft_model

    torch.manual_seed(0)
    model = get_peft_model(
        copy.deepcopy(tiny[0]), LoraConfig(r=4, target_modules="all-linear", task_type="CAUSAL_LM")
    ).eval()
    with torch.no_grad():
        for name, weight in model.named_parameters():
            if "lora_B" in name:
                weight.normal_(0, 0.3)
    return model


def test_an_adapter_switched_off_is_the_base_to_the_last_bit(tiny, adapted):
    import torch

    ids = torch.tensor([[1, 30, 40, 50]])
    base = tiny[0](input_ids=ids).logits
    assert has_base(adapted)
    assert not torch.equal(adapted(input_ids=ids).logits, base)
    with base_of_adapter(adapted) as model:
        assert torch.equal(model(input_ids=ids).logits, base)
        assert ask(model, tiny[1], ROWS, max_new_tokens=4) == ask(*tiny, ROWS, max_new_tokens=4)
    assert not torch.equal(adapted(input_ids=ids).logits, base)
    assert ask(adapted, tiny[1], ROWS, max_new_tokens=4) != ask(*tiny, ROWS, max_new_tokens=4)


@pytest.mark.parametrize("fields", [{"bias": "lora_only"}, {"init_lora_weights": "pissa"}])
def test_adapters_that_change_the_base_are_not_switched_off(tiny, fields):
    from peft import LoraConfig, get_peft_model

    config = LoraConfig(r=2, target_modules=["q_proj"], task_type="CAUSAL_LM", **fields)
    assert not has_base(get_peft_model(copy.deepcopy(tiny[0]), config))


def test_no_adapter_and_a_merged_one(tiny, adapted):
    assert not has_base(tiny[0])
    adapted.merge_adapter()
    assert not has_base(adapted)


def test_the_checksum_is_that_of_the_base(tiny, adapted):
    import torch

    assert weights_sha256(adapted) == weights_sha256(tiny[0])
    other = copy.deepcopy(tiny[0])
    with torch.no_grad():
        other.model.norm.weight[0] += 1e-3
    assert weights_sha256(other) != weights_sha256(tiny[0])
    other = copy.deepcopy(tiny[0])
    other.config.rms_norm_eps = 1e-3
    assert weights_sha256(other) != weights_sha256(tiny[0])
    other = copy.deepcopy(tiny[0])
    other.config.use_cache = not other.config.use_cache
    assert weights_sha256(other) == weights_sha256(tiny[0])


# ------------------------------------------------------------------ what is kept


@pytest.fixture
def counted(tiny, tmp_path, monkeypatch):
    """Prompts that a model is really asked, with a cache of the test's own."""
    monkeypatch.setenv("SINTONIA_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(answers, "WORTH_KEEPING", 0)
    asked = []
    real = answers.generate

    def generate(model, tokenizer, prompts, **options):
        asked.append(len(prompts))
        return real(model, tokenizer, prompts, **options)

    monkeypatch.setattr(answers, "generate", generate)
    return asked


def test_a_base_is_asked_once(tiny, adapted, counted):
    first = ask(*tiny, ROWS, max_new_tokens=4, keep=True)
    told = []
    assert ask(*tiny, ROWS, max_new_tokens=4, keep=True, on_batch=told.append) == first
    with base_of_adapter(adapted) as model:
        assert ask(model, tiny[1], list(reversed(ROWS)), max_new_tokens=4, keep=True) == first[::-1]
    more = course_rows("test", ["en"])[:5]
    assert ask(*tiny, more, max_new_tokens=4, keep=True)[:3] == first
    assert counted == [3, 0, 0, 2]
    assert told == [3]


@pytest.mark.parametrize(
    "change",
    [{"max_new_tokens": 5}, {"chat_template": "alpaca"}],
    ids=str,
)
def test_what_decides_a_reply_is_asked_anew(tiny, counted, change):
    ask(*tiny, ROWS, max_new_tokens=4, keep=True)
    ask(*tiny, ROWS, **{"max_new_tokens": 4, "keep": True, **change})
    assert counted == [3, 3]


def test_another_reference_is_another_loss(tiny, counted):
    row = ROWS[0]
    other = {**row, "messages": [*row["messages"][:-1], {"role": "assistant", "content": "No."}]}
    first, second = (ask(*tiny, [each], max_new_tokens=4, keep=True)[0] for each in (row, other))
    assert first.loss != second.loss and counted == [1, 1]


def test_only_what_is_to_be_kept_is_kept(tiny, counted, tmp_path):
    ask(*tiny, ROWS, max_new_tokens=4)
    assert not (tmp_path / "cache").exists()


def test_a_small_model_is_asked_again(tiny, counted, tmp_path, monkeypatch):
    monkeypatch.setattr(answers, "WORTH_KEEPING", 10_000_000)
    ask(*tiny, ROWS, max_new_tokens=4, keep=True)
    assert not (tmp_path / "cache").exists()


def test_damage_is_asked_anew(tiny, counted, tmp_path):
    first = ask(*tiny, ROWS, max_new_tokens=4, keep=True)
    (path,) = (tmp_path / "cache" / "answers").iterdir()
    lines = path.read_text("utf-8").splitlines()
    path.write_text("\n".join([lines[0], lines[1][: len(lines[1]) // 2], json.dumps({"key": 3})]), "utf-8")
    assert ask(*tiny, ROWS, max_new_tokens=4, keep=True) == first
    path.write_bytes(b"\xff\xfe\x00")
    assert ask(*tiny, ROWS, max_new_tokens=4, keep=True) == first
    assert counted == [3, 2, 3]


def test_a_cache_that_cannot_be_written_stops_nothing(tiny, counted, tmp_path, monkeypatch):
    (tmp_path / "file").touch()
    monkeypatch.setenv("SINTONIA_CACHE", str(tmp_path / "file"))
    assert len(ask(*tiny, ROWS, max_new_tokens=4, keep=True)) == 3


def test_nothing_asked_is_nothing_answered(tiny):
    assert ask(*tiny, []) == []


def test_split_reply():
    turns = [
        {"role": role, "content": text} for role, text in (("user", "a"), ("assistant", None), ("user", "c"))
    ]
    assert split_reply(turns) == (turns[:1], "")


def test_the_limit_is_longer_than_every_reference(course, embedded_tokenizer):
    """A model that says the reference itself must be seen to stop."""
    for (split, _), rows in course.items():
        if split == "test":
            texts = [row["messages"][-1]["content"] for row in rows]
            lengths = [len(ids) + 1 for ids in embedded_tokenizer(texts)["input_ids"]]
            assert max(lengths) <= answers.MAX_NEW_TOKENS
