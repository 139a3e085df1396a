"""The embedded tokenizer is the one inside the GGUF, digits split as llama.cpp splits them."""

from __future__ import annotations

import json

import pytest

from sintonia import models
from sintonia.loss_masks import fast_backend


@pytest.fixture(scope="module")
def gguf_fields():
    from gguf import GGUFReader

    fields = GGUFReader(models._weights_file()).fields
    return lambda name: fields[f"tokenizer.ggml.{name}"].contents()


@pytest.fixture(scope="module")
def gguf_tokenizer():
    from transformers import AutoTokenizer

    weights = models._weights_file()
    return AutoTokenizer.from_pretrained(weights.parent, gguf_file=weights.name)


def merges(backend) -> list[tuple[str, ...]]:
    found = json.loads(backend.to_str())["model"]["merges"]
    return [tuple(pair.split(" ")) if isinstance(pair, str) else tuple(pair) for pair in found]


def test_vocabulary_and_merges_are_those_of_the_gguf(gguf_fields, gguf_tokenizer):
    vocabulary = fast_backend().get_vocab(with_added_tokens=True)
    assert vocabulary == {token: place for place, token in enumerate(gguf_fields("tokens"))}
    assert vocabulary == gguf_tokenizer.get_vocab()
    assert merges(fast_backend()) == merges(gguf_tokenizer.backend_tokenizer)
    assert merges(fast_backend()) == [tuple(pair.split(" ")) for pair in gguf_fields("merges")]


def test_special_ids_are_those_of_the_gguf(gguf_fields, embedded_tokenizer):
    assert embedded_tokenizer.bos_token_id == gguf_fields("bos_token_id") == 1
    assert embedded_tokenizer.eos_token_id == gguf_fields("eos_token_id") == 2


def test_every_digit_is_a_token_as_the_smollm_pre_tokenizer_says(gguf_fields):
    # llama.cpp, LLAMA_VOCAB_PRE_TYPE_SMOLLM: "\\p{N}" comes first, one digit at a time.
    assert gguf_fields("pre") == "smollm"
    assert fast_backend().encode("in 2024", add_special_tokens=False).tokens == ["in", "Ġ", *"2024"]


def pre_tokenizers(backend) -> list[str]:
    found = json.loads(backend.to_str())["pre_tokenizer"]
    return [part["type"] for part in found.get("pretokenizers", [found])]


def test_transformers_reader_drops_the_digit_splitting(gguf_tokenizer):
    # Why the tokenizer is embedded here instead of read from the GGUF.
    assert pre_tokenizers(gguf_tokenizer.backend_tokenizer) == ["ByteLevel"]
    assert pre_tokenizers(fast_backend()) == ["Digits", "ByteLevel"]


def test_no_merge_holds_an_ascii_digit_so_both_cut_the_course_alike(gguf_tokenizer, course_conversations):
    digits = set("0123456789")
    assert not [pair for pair in merges(fast_backend()) if digits & set("".join(pair))]
    for turns in course_conversations:
        text = "\n".join(turn["content"] for turn in turns)
        theirs = gguf_tokenizer.backend_tokenizer.encode(text, add_special_tokens=False).ids
        assert fast_backend().encode(text, add_special_tokens=False).ids == theirs
