"""Packs hold every example whole, are full, and keep their examples apart in a real model's logits."""

from __future__ import annotations

import random
import time
from types import SimpleNamespace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sintonia import IGNORE_INDEX, InputError, encode, labels, models
from sintonia.packing import check_packing, fill, pack

EXAMPLES = st.lists(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 1)), min_size=1, max_size=12))


def example(length: int, first: int = 3) -> dict[str, list[int]]:
    ids = [3 + (first + place) % 250 for place in range(length)]
    return {"input_ids": ids, "assistant_mask": [place % 2 for place in range(length)]}


def refused(call) -> list[str]:
    with pytest.raises(InputError) as caught:
        call()
    return str(caught.value).splitlines()


# ------------------------------------------------------------------ the packs


def test_a_pack_written_out():
    rows = [
        {"input_ids": [5, 6], "assistant_mask": [0, 1], "labels": [-100, 6]},
        {"input_ids": [1, 2, 3, 4], "assistant_mask": [1, 1, 0, 1], "labels": [1, 2, -100, 4]},
        {"input_ids": [7, 8, 9], "assistant_mask": [0, 0, 1], "labels": [-100, -100, 9]},
    ]
    assert pack(rows, 6) == [
        {
            "input_ids": [1, 2, 3, 4, 5, 6],
            "assistant_mask": [0, 1, 0, 1, 0, 1],
            "labels": [-100, 2, -100, 4, -100, 6],
            "seq_lengths": [4, 2],
            "position_ids": [0, 1, 2, 3, 0, 1],
        },
        {
            "input_ids": [7, 8, 9],
            "assistant_mask": [0, 0, 1],
            "labels": [-100, -100, 9],
            "seq_lengths": [3],
            "position_ids": [0, 1, 2],
        },
    ]


def test_the_lengths_that_fill_a_pack_are_put_together():
    packs = pack([example(n) for n in (7, 6, 3, 2)], 10)
    assert [one["seq_lengths"] for one in packs] == [[7, 3], [6, 2]]


@given(EXAMPLES, st.integers(12, 40))
def test_every_example_is_in_one_pack_whole(pairs, max_length):
    rows = [{"input_ids": [a for a, _ in row], "assistant_mask": [b for _, b in row]} for row in pairs]
    packs = pack(rows, max_length)
    found = []
    for one in packs:
        assert len(one["input_ids"]) == sum(one["seq_lengths"]) <= max_length
        assert len(one["assistant_mask"]) == len(one["position_ids"]) == len(one["input_ids"])
        start = 0
        for length in one["seq_lengths"]:
            end = start + length
            assert one["position_ids"][start:end] == list(range(length))
            assert labels(one)[start] == IGNORE_INDEX
            found.append((one["input_ids"][start:end], one["assistant_mask"][start + 1 : end]))
            start = end
    assert sorted(found) == sorted((row["input_ids"], row["assistant_mask"][1:]) for row in rows)
    assert packs == pack(rows, max_length)


@given(st.lists(st.integers(1, 20), min_size=1, max_size=60))
def test_no_two_packs_could_be_one(lengths):
    # No two packs could be one, so at most one is half empty or worse.
    sizes = sorted(sum(one["seq_lengths"]) for one in pack([example(length) for length in lengths], 20))
    assert all(a + b > 20 for a, b in zip(sizes, sizes[1:], strict=False))


def test_a_hundred_thousand_examples_take_seconds():
    drawn = random.Random(0)
    rows = [example(min(1024, 1 + int(drawn.expovariate(1 / 60)))) for _ in range(100_000)]
    started = time.process_time()
    packs = pack(rows, 1024)
    assert time.process_time() - started < 10
    assert fill(packs, 1024).share > 0.999


def one_by_one(lengths, max_length) -> int:
    """Packs that best-fit decreasing needs, as textbooks have it."""
    rooms: list[int] = []
    for length in sorted(lengths, reverse=True):
        fitting = [room for room in rooms if room >= length]
        if fitting:
            rooms.remove(min(fitting))
        rooms.append((min(fitting) if fitting else max_length) - length)
    return len(rooms)


def test_the_courses_lengths_fill_packs(course):
    conversations = [
        row["messages"] for (split, _), rows in course.items() for row in rows if split == "train"
    ]
    rows = encode(conversations)
    filled = fill(pack(rows, 1024), 1024)
    assert filled.packs == filled.fewest  # the last pack's room is left over: nobody could use it
    assert filled.packs <= one_by_one([len(row["input_ids"]) for row in rows], 1024)
    many = fill(pack(random.Random(0).choices(rows, k=2000), 1024), 1024)
    assert many.packs == many.fewest and many.share >= 0.99


@pytest.mark.parametrize("low", [1, 60, 300])
def test_fewer_packs_than_one_by_one_or_as_many(low):
    lengths = [random.Random(low).randint(low, 700) for _ in range(500)]
    assert len(pack([example(n) for n in lengths], 1024)) <= one_by_one(lengths, 1024)


def test_how_full_is_told_of_nothing_and_of_one():
    assert fill([], 8).share == 1.0
    one = fill(pack([example(4)], 8), 8)
    assert (one.packs, one.fewest, one.tokens, one.share) == (1, 1, 4, 0.5)


def test_what_cannot_be_packed_is_named_all_at_once():
    rows = [
        example(3),
        example(11),
        {"input_ids": [], "assistant_mask": []},
        {"input_ids": [1, 2], "assistant_mask": [1]},
        {"input_ids": [1], "labels": [1]},
    ]
    lines = refused(lambda: pack(rows, 10))
    assert lines[0] == (
        "example 2: found 11 tokens; expected at most 10, the max_length; "
        "truncate first: encode(..., max_length=...)"
    )
    assert [line.split(":")[0] for line in lines] == [f"example {n}" for n in (2, 3, 4, 5)]
    assert "at least 1 token" in refused(lambda: pack(rows, 0))[0]


# ------------------------------------------------------------------ apart, in the logits


def logits_apart(model, sequences):
    import torch

    with torch.inference_mode():
        rows = [model(input_ids=torch.tensor([ids]), use_cache=False).logits[0] for ids in sequences]
    return torch.cat(rows)


def difference(model, rows, **changes):
    """Largest difference between logits of packed and of single examples; `changes` to the call."""
    import torch

    (one,) = pack(rows, 1024)
    starts = [sum(one["seq_lengths"][:i]) for i in range(len(rows))]
    sequences = [
        one["input_ids"][start : start + length]
        for start, length in zip(starts, one["seq_lengths"], strict=True)
    ]
    inputs = {
        "input_ids": torch.tensor([one["input_ids"]]),
        "position_ids": torch.tensor([one["position_ids"]]),
        "use_cache": False,
    }
    inputs |= changes
    with torch.inference_mode():
        together = model(**{name: value for name, value in inputs.items() if value is not None}).logits[0]
    return (together - logits_apart(model, sequences)).abs().max().item()


@pytest.mark.parametrize("attention", ["eager", "sdpa"])
def test_packed_and_single_logits_agree_on_a_tiny_model(tiny_folder, attention):
    import torch

    model = models.load_model(tiny_folder, attn_implementation=attention)
    rows = [example(n, 5 * n) for n in (40, 1, 17, 8, 1)]
    ones = torch.ones(1, 67, dtype=torch.long)
    check_packing(model, use_cache=False)
    check_packing(model, use_cache=False, batch_size=4)
    assert difference(model, rows) <= 1e-4
    contaminated = {
        "the default cache": {"use_cache": None},
        "a mask of ones": {"attention_mask": ones},
        "no restarted positions": {"position_ids": None},
    }
    for name, change in contaminated.items():
        assert difference(model, rows, **change) > 0.1, name


def test_packed_and_single_logits_agree_on_the_embedded_model(course):
    import torch

    model = models.load_model()
    rows = encode([row["messages"] for lang in ("zh", "pt") for row in course["test", lang][:1]])
    check_packing(model, use_cache=False)
    assert difference(model, rows) <= 1e-4
    length = sum(len(row["input_ids"]) for row in rows)
    assert difference(model, rows, attention_mask=torch.ones(1, length, dtype=torch.long)) > 0.1


def test_the_loss_of_a_pack_is_that_of_its_examples(tiny):
    import torch

    from sintonia.collation import collate
    from sintonia.loss_masks import supervised_loss

    model, _ = tiny
    rows = [example(n, 3 * n) for n in (20, 9, 5)]
    packed = supervised_loss(model, collate(pack(rows, 64), 0, pad_to_multiple_of=64), divisor=1)
    single = sum(supervised_loss(model, collate([row], 0), divisor=1) for row in rows)
    assert torch.allclose(packed, single, atol=1e-3)


# ------------------------------------------------------------------ refused, with the reason


def test_the_calls_that_leak_are_refused(tiny):
    model, _ = tiny
    assert model.config.use_cache
    [line] = refused(lambda: check_packing(model))
    assert line.startswith("use_cache: found the default, which keeps a cache; expected False")
    [line] = refused(lambda: check_packing("eager", use_cache=True))
    assert line.startswith("use_cache: found True; expected False")
    [line] = refused(lambda: check_packing(model, use_cache=False, attention_mask=SimpleNamespace(ndim=2)))
    assert line.startswith("attention_mask: found one beside position_ids; expected None")
    both = refused(lambda: check_packing("sdpa", attention_mask=[[1, 1]]))
    assert len(both) == 2


def test_a_mask_that_parts_examples_by_itself_may_be_given():
    check_packing("sdpa", use_cache=False, attention_mask=SimpleNamespace(ndim=4))


def test_flash_attention_parts_examples_in_a_batch_of_one_only():
    check_packing("flash_attention_2", use_cache=False)
    [line] = refused(lambda: check_packing("flash_attention_2", use_cache=False, batch_size=2))
    assert line.startswith("batch_size: found 2; expected 1")
    check_packing("sdpa", use_cache=False, batch_size=2)


def test_an_attention_that_builds_no_mask_is_refused():
    [line] = refused(lambda: check_packing("my_kernel", use_cache=False))
    assert line.startswith("attn_implementation: found 'my_kernel'; expected eager or sdpa")


def test_layers_with_a_state_are_refused(tiny):
    model, _ = tiny
    config = SimpleNamespace(
        _attn_implementation="sdpa",
        use_cache=False,
        model_type="qwen3_next",
        layer_types=["linear_attention", "full_attention"],
    )
    [line] = refused(lambda: check_packing(SimpleNamespace(config=config)))
    assert "layers of the kind linear_attention" in line
    config = SimpleNamespace(_attn_implementation="eager", use_cache=False, model_type="mamba")
    assert "layers of the kind mamba" in refused(lambda: check_packing(SimpleNamespace(config=config)))[0]


def test_a_model_that_leaks_all_the_same_is_found_out(tiny_folder, monkeypatch):
    model = models.load_model(tiny_folder).train()
    check_packing(model, use_cache=False)
    assert model.training
    forward = model.forward
    # One that does not hand position_ids on, as a remote model's own code may.
    monkeypatch.setattr(model, "forward", lambda position_ids=None, **rest: forward(**rest))
    [line] = refused(lambda: check_packing(model, use_cache=False))
    assert line.startswith("LlamaForCausalLM: found a second example that changes with the first")


@settings(max_examples=25)
@given(st.lists(st.integers(1, 30), min_size=2, max_size=8), st.integers(0, 200))
def test_no_mix_of_lengths_leaks(tiny, lengths, first):
    model, _ = tiny
    assert difference(model, [example(n, first + n) for n in lengths]) <= 1e-4
