"""Six faults of transformers' own assistant mask, each provoked, and ours beside it.

The reference is `apply_chat_template(..., return_assistant_tokens_mask=True)` of the installed
transformers. Where a test here fails on the reference's side, transformers has changed: then the page
that teaches the fault changes too.
"""

from __future__ import annotations

import copy
import logging

import pytest

from sintonia import encode, labels, render
from sintonia.chat_templates import has_generation_markers

transformers = pytest.importorskip("transformers")

# The end of the turn outside the markers: legal, and where most of the faults show.
OUTSIDE = (
    "{% for m in messages %}{{ '<|im_start|>' + m['role'] + '\n' }}{% if m['role'] == 'assistant' %}"
    "{% generation %}{{ m['content'] }}{% endgeneration %}{% else %}{{ m['content'] }}{% endif %}"
    "{{ '<|im_end|>\n' }}{% endfor %}"
)
INSIDE = OUTSIDE.replace("{% endgeneration %}", "{{ '<|im_end|>' }}{% endgeneration %}").replace(
    "{% endif %}{{ '<|im_end|>\n' }}", "{{ '<|im_end|>' }}{% endif %}{{ '\n' }}"
)


def talk(*said: str) -> list[dict[str, str]]:
    return [{"role": ("user", "assistant")[i % 2], "content": text} for i, text in enumerate(said)]


def reference(tokenizer, turns, template, **options) -> tuple[list[int], list[int]]:
    out = tokenizer.apply_chat_template(
        turns, chat_template=template, return_dict=True, return_assistant_tokens_mask=True, **options
    )
    return list(out["input_ids"]), list(out["assistant_masks"])


def ours(tokenizer, turns, template, **options) -> tuple[list[int], list[int]]:
    row = encode([turns], tokenizer, chat_template=template, **options)[0]
    return list(row["input_ids"]), list(row["assistant_mask"])


def taught(tokenizer, ids, mask) -> str:
    return tokenizer.decode([token for token, wrote in zip(ids, mask, strict=True) if wrote])


def test_both_agree_where_the_reference_is_right(embedded_tokenizer):
    turns = talk("Oi", "Olá!", "Tudo?", "Tudo bem.")
    assert reference(embedded_tokenizer, turns, INSIDE) == ours(embedded_tokenizer, turns, INSIDE)
    assert taught(embedded_tokenizer, *ours(embedded_tokenizer, turns, INSIDE)) == (
        "Olá!<|im_end|>Tudo bem.<|im_end|>"
    )


@pytest.mark.parametrize(
    ("said", "theirs"),
    [("ok 😀", "ok \ufffd"), ("你好世界", "你好世\ufffd"), ("𠮷", "\ufffd")],
    ids=["emoji", "zh", "rare"],
)
def test_1_bytes_of_the_last_character_are_cut_off(embedded_tokenizer, said, theirs):
    turns = talk("Oi", said)
    ids, mask = reference(embedded_tokenizer, turns, OUTSIDE)
    seen = taught(embedded_tokenizer, ids, mask)
    assert seen != said and seen.rstrip("\ufffd") == theirs.rstrip("\ufffd")
    own_ids, own_mask = ours(embedded_tokenizer, turns, OUTSIDE)
    assert own_ids == ids
    assert taught(embedded_tokenizer, own_ids, own_mask) == said
    assert sum(own_mask) > sum(mask)


def test_2_a_token_across_the_boundary_is_taught_whole(embedded_tokenizer):
    turns = talk("Oi", "\n\nOlá!")
    ids, mask = reference(embedded_tokenizer, turns, OUTSIDE)
    own_ids, own_mask = ours(embedded_tokenizer, turns, OUTSIDE)
    assert own_ids == ids
    offsets = embedded_tokenizer.backend_tokenizer.encode(
        render(turns, OUTSIDE).text, add_special_tokens=False
    ).offsets
    start = render(turns, OUTSIDE).spans[0][0]
    across = [place for place, (left, right) in enumerate(offsets) if left < start < right]
    assert len(across) == 1, "the header's line end and the answer's make one token"
    assert (mask[across[0]], own_mask[across[0]]) == (1, 0)
    # The model never writes that token: in a chat the header, its line end included, is already there.
    assert mask[: across[0]] == own_mask[: across[0]] and mask[across[0] + 1 :] == own_mask[across[0] + 1 :]


def test_2_an_empty_answer_teaches_a_neighbour(embedded_tokenizer):
    template = OUTSIDE.replace("{{ '<|im_end|>\n' }}", "{{ '\n\n' }}")
    turns = talk("Oi", "")
    ids, mask = reference(embedded_tokenizer, turns, template)
    assert sum(mask) == 1 and taught(embedded_tokenizer, ids, mask) == "\n\n\n"
    own_ids, own_mask = ours(embedded_tokenizer, turns, template)
    assert own_ids == ids and sum(own_mask) == 0


MACRO = "{% macro say(m) %}" + INSIDE.partition("{% for m in messages %}")[2].removesuffix("{% endfor %}")
MACRO += "{% endmacro %}{% for m in messages %}{{ say(m) }}{% endfor %}"
SET = "{% set text %}" + INSIDE + "{% endset %}{{ text }}"


@pytest.mark.parametrize("template", [MACRO, SET], ids=["macro", "set"])
def test_3_markers_in_a_macro_shift_the_mask(embedded_tokenizer, template):
    turns = talk("Where is it, please?", "First answer.", "And then?", "Second answer.")
    assert render(turns, template).text == render(turns, INSIDE).text
    ids, mask = reference(embedded_tokenizer, turns, template)
    right = "First answer.<|im_end|>Second answer.<|im_end|>"
    assert taught(embedded_tokenizer, ids, mask) != right
    own_ids, own_mask = ours(embedded_tokenizer, turns, template)
    assert own_ids == ids and taught(embedded_tokenizer, own_ids, own_mask) == right


@pytest.fixture(scope="module")
def trimming(embedded_tokenizer):
    """The embedded tokenizer with the post-processor that many byte-level tokenizers have."""
    from tokenizers import processors

    tokenizer = copy.deepcopy(embedded_tokenizer)
    tokenizer.backend_tokenizer.post_processor = processors.ByteLevel(trim_offsets=True)
    return tokenizer


def test_4_trimmed_offsets_teach_to_the_end_of_the_conversation(trimming):
    turns = talk("Oi", "Olá! ", "E então?", "Fim.")
    ids, mask = reference(trimming, turns, OUTSIDE)
    assert "E então?" in taught(trimming, ids, mask), "the user's turn is taught"
    own_ids, own_mask = ours(trimming, turns, OUTSIDE)
    assert own_ids == ids and taught(trimming, own_ids, own_mask) == "Olá! Fim."


def test_4_trimmed_offsets_drop_an_answer_and_those_after_it(trimming):
    turns = talk("Oi", " Olá!", "E então?", "Fim.")
    ids, mask = reference(trimming, turns, OUTSIDE)
    assert sum(mask) == 0
    own_ids, own_mask = ours(trimming, turns, OUTSIDE)
    assert own_ids == ids and taught(trimming, own_ids, own_mask) == " Olá!Fim."


def test_5_truncation_from_the_left_empties_the_mask(embedded_tokenizer):
    tokenizer = copy.deepcopy(embedded_tokenizer)
    tokenizer.truncation_side = "left"
    turns = talk("Oi", "Olá!", "E então? " * 20, "Fim.")
    whole_ids, whole_mask = ours(tokenizer, turns, INSIDE)
    length = len(whole_ids) - 20
    ids, mask = reference(tokenizer, turns, INSIDE, truncation=True, max_length=length)
    assert ids == whole_ids[-length:]
    assert tokenizer.decode(ids).endswith("Fim.<|im_end|>\n"), "the last answer is still there"
    assert sum(mask) == 0, "because the first one is not"
    row = {"input_ids": ids, "assistant_mask": whole_mask[-length:]}
    assert [token for token in labels(row) if token != -100] == tokenizer.encode("Fim.<|im_end|>")
    # Ours keeps the start unless it is told to keep the answer, whatever the tokenizer's side is.
    assert ours(tokenizer, turns, INSIDE, max_length=length) == (whole_ids[:length], whole_mask[:length])
    kept = ours(tokenizer, turns, INSIDE, max_length=length, truncation="keep_answer")
    assert len(kept[0]) <= length and taught(tokenizer, *kept).endswith("Fim.<|im_end|>")


def test_6_a_marker_in_a_comment_counts_for_the_reference_and_a_plus_does_not(embedded_tokenizer, caplog):
    turns = talk("Oi", "Olá!")
    comment = INSIDE.replace("{% generation %}", "").replace("{% endgeneration %}", "")
    comment = "{# {% generation %}, {% endgeneration %} #}" + comment
    plus = INSIDE.replace("{% generation %}", "{%+ generation %}")

    def warnings(template) -> int:
        logger = logging.getLogger("transformers")
        transformers.utils.logging._get_library_root_logger()
        caplog.clear()
        from transformers.utils import chat_template_utils

        chat_template_utils.logger.warning_once.cache_clear()
        logger.propagate = True
        try:
            with caplog.at_level(logging.WARNING, logger="transformers"):
                reference(embedded_tokenizer, turns, template)
        finally:
            logger.propagate = False
        return sum("does not contain" in record.message for record in caplog.records)

    assert warnings(comment) == 0 and sum(reference(embedded_tokenizer, turns, comment)[1]) == 0
    assert warnings(plus) > 0 and sum(reference(embedded_tokenizer, turns, plus)[1]) > 0
    assert (has_generation_markers(comment), has_generation_markers(plus)) == (False, True)
    # Without markers ours derives the same answer.
    assert ours(embedded_tokenizer, turns, comment)[0] == ours(embedded_tokenizer, turns, plus)[0]
    assert render(turns, plus).assistant_texts == ["Olá!<|im_end|>"]
    assert render(turns, comment).assistant_texts == ["<|im_start|>assistant\nOlá!<|im_end|>"]
