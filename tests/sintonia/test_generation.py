"""Padding changes no reply, and a reply ends where the model ended it."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from sintonia.generation import Reply, generate

PROMPTS = [
    [{"role": "user", "content": text}]
    for text in ("Oi", "What is the capital of Portugal, and where does it lie?", "你好", "a b c", "")
]


class Scripted:
    """A model that writes given ids after any prompt, to say exactly how a reply ends."""

    device = "cpu"

    def __init__(self, *rows: list[int], eos=2) -> None:
        self.rows = list(rows)
        self.generation_config = SimpleNamespace(eos_token_id=eos)
        self.seen = []

    def generate(self, input_ids, **options):
        import torch

        self.seen.append({"input_ids": input_ids, **options})
        rows = [self.rows.pop(0) for _ in range(len(input_ids))]
        return torch.cat([input_ids, torch.tensor(rows)], dim=1)


def test_a_batch_gives_the_replies_that_one_at_a_time_gives(tiny):
    together = generate(*tiny, PROMPTS, max_new_tokens=12)
    alone = [generate(*tiny, [turns], max_new_tokens=12)[0] for turns in PROMPTS]
    assert together == alone
    assert len({reply.text for reply in together}) > 1


@pytest.mark.parametrize("size", [1, 2, 3])
def test_batch_size_changes_no_reply_and_no_order(tiny, size):
    counted = []
    replies = generate(*tiny, PROMPTS, max_new_tokens=8, batch_size=size, on_batch=counted.append)
    assert replies == generate(*tiny, PROMPTS, max_new_tokens=8)
    assert sum(counted) == len(PROMPTS) and max(counted) <= size


def test_a_reply_is_the_models_own_greedy_continuation(tiny):
    import torch

    model, tokenizer = tiny
    ids = tokenizer.apply_chat_template(PROMPTS[0], add_generation_prompt=True, return_dict=True)["input_ids"]
    written = []
    for _ in range(6):
        with torch.inference_mode():
            written.append(int(model(input_ids=torch.tensor([ids + written])).logits[0, -1].argmax()))
        if written[-1] == tokenizer.eos_token_id:
            break
    expected = tokenizer.decode(written, skip_special_tokens=True).strip()
    assert generate(model, tokenizer, PROMPTS[:1], max_new_tokens=6)[0].text == expected


def test_padding_stands_on_the_left_and_is_masked(tiny):
    model = Scripted([5, 2], [5, 2])
    generate(model, tiny[1], PROMPTS[:2])
    ids, mask = model.seen[0]["input_ids"], model.seen[0]["attention_mask"]
    assert ids.shape == mask.shape
    for row, seen in zip(ids.tolist(), mask.tolist(), strict=True):
        width = seen.count(0)
        assert seen == [0] * width + [1] * (len(seen) - width)
        assert row[:width] == [2] * width
        assert row[width] == 1  # <|im_start|> of the first turn
    assert mask[:, 0].tolist().count(0) == 1


def test_where_a_reply_ends_when_padding_is_the_end_token(tiny):
    tokenizer = tiny[1]
    assert tokenizer.pad_token_id == tokenizer.eos_token_id == 2
    a, b = tokenizer.convert_tokens_to_ids(["a", "b"])
    model = Scripted([a, 2, 2, 2], [a, b, a, 2], [a, b, a, b], [2, 2, 2, 2])
    assert generate(model, tokenizer, [PROMPTS[0]] * 4) == [
        Reply("a", True, 2),
        Reply("aba", True, 4),
        Reply("abab", False, 4),
        Reply("", True, 1),
    ]


def test_every_end_that_the_config_names_ends_a_reply(tiny):
    tokenizer = tiny[1]
    a = tokenizer.convert_tokens_to_ids("a")
    model = Scripted([a, 0, a, a], [a, 2, a, a], eos=[0])
    assert generate(model, tokenizer, [PROMPTS[0]] * 2) == [Reply("a", True, 2), Reply("a", True, 2)]
    assert model.seen[0]["eos_token_id"] == [0, 2]
    no_end = Scripted([a, 2], eos=None)
    assert generate(no_end, tokenizer, PROMPTS[:1]) == [Reply("a", True, 2)]


def test_no_prompts_no_replies(tiny):
    assert generate(*tiny, []) == []
