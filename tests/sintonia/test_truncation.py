"""What a limit takes away, to the token, and what it counts."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sintonia import InputError, encode
from sintonia.truncation import TRUNCATIONS, Cut, truncate

#           bos  u   u   u   a   a  stop  u   u   a  stop  nl
IDS = [1, 50, 51, 52, 90, 91, 2, 53, 54, 92, 2, 198]
MASK = [0, 0, 0, 0, 1, 1, 1, 0, 0, 1, 1, 0]
ROW = {"input_ids": IDS, "assistant_mask": MASK}
CASES = [
    ("keep_start", 11, range(11), Cut(1, 1, 0, 0, 1, 0, 0)),
    ("keep_start", 10, range(10), Cut(1, 1, 0, 0, 2, 1, 1)),
    ("keep_start", 6, range(6), Cut(1, 1, 0, 0, 6, 2, 2)),
    ("keep_start", 4, range(4), Cut(1, 1, 0, 1, 8, 2, 2)),
    ("keep_answer", 11, [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11], Cut(1, 1, 0, 0, 1, 0, 0)),
    ("keep_answer", 6, [4, 5, 6, 9, 10, 11], Cut(1, 1, 0, 0, 6, 0, 0)),
    ("keep_answer", 5, [4, 5, 6, 9, 10], Cut(1, 1, 0, 0, 7, 0, 0)),
    ("keep_answer", 4, [4, 5, 6, 9], Cut(1, 1, 0, 0, 8, 1, 1)),
    ("keep_answer", 2, [4, 5], Cut(1, 1, 0, 0, 10, 2, 2)),
]


@pytest.mark.parametrize(("policy", "limit", "places", "cut"), CASES)
def test_which_tokens_stay_and_what_is_counted(policy, limit, places, cut):
    kept, found = truncate([ROW], limit, policy)
    assert kept == [
        {"input_ids": [IDS[i] for i in places], "assistant_mask": [MASK[i] for i in places]},
    ]
    assert found == cut


def test_keep_answer_keeps_the_token_that_begins_a_text():
    kept, cut = truncate([ROW], 7, "keep_answer", bos_token_id=1)
    assert kept[0]["input_ids"] == [1, 90, 91, 2, 92, 2, 198]
    assert cut.tokens_cut == 5
    assert truncate([ROW], 2, "keep_answer", bos_token_id=1)[0][0]["input_ids"] == [1, 90]
    other = truncate([ROW], 7, "keep_answer", bos_token_id=50)[0][0]
    assert other["input_ids"] == [90, 91, 2, 54, 92, 2, 198]


def test_drop_leaves_long_rows_out_and_says_so():
    short = {"input_ids": [7], "assistant_mask": [1]}
    kept, cut = truncate([ROW, short, ROW], 11, "drop")
    assert kept == [short]
    assert cut == Cut(rows=3, rows_dropped=2, tokens_cut=24)
    assert bool(cut) and not Cut(rows=9)


def test_what_fits_is_handed_back_as_it_is():
    for policy in TRUNCATIONS:
        kept, cut = truncate([ROW], 12, policy)
        assert kept[0] is ROW and cut == Cut(rows=1)
    assert truncate(iter([ROW]), None)[0] == [ROW]
    assert truncate([], 5) == ([], Cut())


def test_other_columns_of_that_length_are_cut_alike_and_nothing_else():
    row = {**ROW, "labels": list(range(12)), "id": "a", "seq_lengths": [12]}
    kept, _ = truncate([row], 5, "keep_answer")
    assert kept[0]["labels"] == [4, 5, 6, 9, 10]
    assert (kept[0]["id"], kept[0]["seq_lengths"]) == ("a", [12])
    assert row["labels"] == list(range(12))


def test_a_row_that_taught_nothing_before_is_not_counted_as_emptied():
    silent = {"input_ids": [1, 2, 3], "assistant_mask": [0, 0, 0]}
    assert truncate([silent], 2)[1] == Cut(rows=1, rows_cut=1, tokens_cut=1)


@given(
    st.lists(st.integers(0, 1), min_size=1, max_size=40),
    st.integers(1, 45),
    st.sampled_from(TRUNCATIONS),
    st.booleans(),
)
def test_no_policy_makes_tokens_up_or_moves_them(mask, limit, policy, has_bos):
    ids = list(range(100, 100 + len(mask)))
    bos = 100 if has_bos else None
    row = {"input_ids": ids, "assistant_mask": mask}
    kept, cut = truncate([row], limit, policy, bos_token_id=bos)
    left = sum(len(example["input_ids"]) for example in kept)
    assert left + cut.tokens_cut == len(mask)
    for example in kept:
        assert len(example["input_ids"]) == len(example["assistant_mask"]) <= limit
        assert example["input_ids"] == sorted(example["input_ids"])
        assert all(mask[i - 100] == m for i, m in zip(*example.values(), strict=True))
        if policy == "keep_answer" and sum(mask) + has_bos <= limit:
            assert sum(example["assistant_mask"]) == sum(mask)
    if len(mask) > limit and policy != "drop":
        assert left == limit


def test_encode_tells_what_it_cut():
    turns = [{"role": "user", "content": "a " * 30}, {"role": "assistant", "content": "Olá!"}]
    told: list[Cut] = []
    whole = encode([turns])[0]
    for policy in TRUNCATIONS:
        found = encode([turns, turns], max_length=20, truncation=policy, on_cut=told.append)
        assert len(found) == (0 if policy == "drop" else 2)
    assert [cut.rows_dropped for cut in told] == [0, 2, 0]
    assert [cut.answers_cut for cut in told] == [2, 0, 0]
    kept = encode([turns], max_length=20, truncation="keep_answer")[0]
    assert kept["input_ids"][0] == 1  # SmolLM2's bos_token
    assert kept["input_ids"][1:] == whole["input_ids"][-19:]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((5, "middle"), "truncation: found 'middle'; expected keep_start, drop or keep_answer"),
        ((0, "drop"), "max_length: found 0; expected at least 1 token, or None"),
    ],
)
def test_arguments_that_mean_nothing(arguments, message):
    with pytest.raises(InputError) as caught:
        truncate([ROW], *arguments)
    assert str(caught.value) == message


def test_lists_that_differ():
    with pytest.raises(InputError, match=r"^example 2: found 1 mask values; expected 2, one for each id$"):
        truncate([ROW, {"input_ids": [1, 2], "assistant_mask": [1]}], 1)
