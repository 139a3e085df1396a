"""Whole expected tensors, odd padding values, and batches of like length."""

from __future__ import annotations

import math
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sintonia import InputError, encode
from sintonia.collation import collate, length_grouped_batches
from sintonia.packing import pack

ROWS = [
    {"input_ids": [5, 6, 7, 9], "assistant_mask": [0, 0, 1, 1]},
    {"input_ids": [5, 9], "assistant_mask": [1, 1]},
]


def lists(batch) -> dict:
    return {name: tensor.tolist() for name, tensor in batch.items()}


def refused(call) -> str:
    with pytest.raises(InputError) as caught:
        call()
    return str(caught.value)


@pytest.mark.parametrize("pad", [0, 9, 77, -5])
def test_padding_on_the_right(pad):
    # 9 is also the end of the replies: it stays a label there, and only the padding is ignored.
    assert lists(collate(ROWS, pad)) == {
        "input_ids": [[5, 6, 7, 9], [5, 9, pad, pad]],
        "attention_mask": [[1, 1, 1, 1], [1, 1, 0, 0]],
        "labels": [[-100, -100, 7, 9], [-100, 9, -100, -100]],
    }


@pytest.mark.parametrize("pad", [9, 77])
def test_padding_on_the_left(pad):
    assert lists(collate(ROWS, pad, padding_side="left")) == {
        "input_ids": [[5, 6, 7, 9], [pad, pad, 5, 9]],
        "attention_mask": [[1, 1, 1, 1], [0, 0, 1, 1]],
        "labels": [[-100, -100, 7, 9], [-100, -100, -100, 9]],
    }


def test_prompts_need_no_labels():
    prompts = [{"input_ids": [1]}, {"input_ids": [1, 2]}]
    assert lists(collate(prompts, 8, padding_side="left")) == {
        "input_ids": [[8, 1], [1, 2]],
        "attention_mask": [[0, 1], [1, 1]],
    }


def test_labels_that_are_given_are_taken():
    row = {"input_ids": [1, 2, 3], "labels": [-100, -100, 3], "assistant_mask": [0, 1, 1]}
    assert lists(collate([row], 0))["labels"] == [[-100, -100, 3]]


def test_packs():
    rows = [{"input_ids": [n] * n, "assistant_mask": [1] * n} for n in (4, 3, 2)]
    assert lists(collate(pack(rows, 6), 77)) == {
        "input_ids": [[4, 4, 4, 4, 2, 2], [3, 3, 3, 77, 77, 77]],
        "position_ids": [[0, 1, 2, 3, 0, 1], [0, 1, 2, 0, 1, 2]],
        "labels": [[-100, 4, 4, 4, -100, 2], [-100, 3, 3, -100, -100, -100]],
    }


def test_the_first_label_of_a_packed_example_is_ignored_where_labels_were_added_later():
    one = {"input_ids": [1, 2, 3], "labels": [1, 2, 3], "position_ids": [0, 1, 0], "seq_lengths": [2, 1]}
    assert lists(collate([one], 0))["labels"] == [[-100, 2, -100]]


@pytest.mark.parametrize(
    ("multiple", "fixed", "width"), [(8, None, 8), (3, None, 6), (None, 7, 7), (4, 7, 8)]
)
def test_width(multiple, fixed, width):
    batch = collate(ROWS, 77, pad_to_multiple_of=multiple, max_length=fixed)
    assert {tuple(tensor.shape) for tensor in batch.values()} == {(2, width)}
    assert batch["attention_mask"].sum() == 6


def test_tensors_are_what_a_model_takes(tiny):
    import torch

    model, tokenizer = tiny
    batch = collate(ROWS, tokenizer.pad_token_id)
    assert {tensor.dtype for tensor in batch.values()} == {torch.int64}
    alone = [model(**collate([row], 0), num_items_in_batch=3).loss for row in ROWS]
    assert torch.allclose(model(**batch, num_items_in_batch=3).loss, sum(alone), atol=1e-5)


def test_what_cannot_be_a_batch_is_refused():
    packs = pack(ROWS, 8)
    assert refused(lambda: collate([], 0)) == "collate: found no examples; expected at least one"
    assert "the end-of-turn token will do" in refused(lambda: collate(ROWS, None))
    assert refused(lambda: collate(ROWS, 0, padding_side="up")).endswith("expected right or left")
    assert "example 1: found 4 tokens; expected at most 3" in refused(lambda: collate(ROWS, 0, max_length=3))
    assert "example 2: found no position_ids" in refused(lambda: collate([*packs, ROWS[0]], 0))
    assert "left, with packs" in refused(lambda: collate(packs, 0, padding_side="left"))
    assert "example 2: found neither" in refused(lambda: collate([ROWS[0], {"input_ids": [1]}], 0))
    assert "example 1: found 1 labels" in refused(lambda: collate([{"input_ids": [1, 2], "labels": [1]}], 0))


@given(
    st.lists(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 1)), min_size=1, max_size=9), min_size=1),
    st.integers(0, 3),
    st.sampled_from(["right", "left"]),
)
def test_every_token_keeps_its_place_and_its_label(pairs, pad, side):
    rows = [{"input_ids": [a for a, _ in row], "assistant_mask": [b for _, b in row]} for row in pairs]
    batch = lists(collate(rows, pad, padding_side=side))
    for row, ids, seen, targets in zip(rows, *batch.values(), strict=True):
        kept = [place for place, there in enumerate(seen) if there]
        assert [ids[place] for place in kept] == row["input_ids"]
        expected = [a if b else -100 for a, b in zip(*row.values(), strict=True)]
        assert [targets[place] for place in kept] == [-100, *expected[1:]]
        assert all(targets[place] == -100 for place, there in enumerate(seen) if not there)


# ------------------------------------------------------------------ batches of like length


@given(st.lists(st.integers(1, 500), max_size=900), st.integers(1, 9), st.integers(0, 3))
def test_every_index_comes_once(lengths, size, seed):
    batches = length_grouped_batches(lengths, size, seed)
    assert sorted(index for batch in batches for index in batch) == list(range(len(lengths)))
    assert sorted(len(batch) for batch in batches)[1:] == [size] * (len(batches) - 1)
    if lengths:
        assert max(lengths) == max(lengths[index] for index in batches[0])
    assert batches == length_grouped_batches(lengths, size, seed)


def padded(lengths, batches) -> float:
    places = sum(len(batch) * max(lengths[index] for index in batch) for batch in batches)
    return 1 - sum(lengths) / places


def test_little_is_padding(course_conversations):
    lengths = [len(row["input_ids"]) for row in encode(course_conversations)]
    order = random.Random(0).sample(range(len(lengths)), len(lengths))
    drawn = [order[start : start + 8] for start in range(0, len(order), 8)]
    grouped = length_grouped_batches(lengths, 8, seed=0)
    assert padded(lengths, grouped) < 0.06 < 0.3 < padded(lengths, drawn)
    assert len(grouped) == math.ceil(len(lengths) / 8)


def test_another_seed_gives_another_order():
    lengths = list(range(1, 400))
    assert length_grouped_batches(lengths, 8, 1) != length_grouped_batches(lengths, 8, 2)


def test_a_batch_has_a_size():
    assert "at least 1" in refused(lambda: length_grouped_batches([1], 0, 0))
