"""Ids and mask with every kind of fast tokenizer, and the fast path equal to the general one.

`SINTONIA_EXAMPLES=20000 pytest tests/sintonia/test_fast_tokenizers.py` runs the properties over twenty
thousand generated texts each; by default it is a few hundred.
"""

from __future__ import annotations

import json
import os
import shutil
import unicodedata

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from tokenizers import Regex, Tokenizer, models, normalizers, pre_tokenizers, processors, trainers

from sintonia import encode, show_mask
from sintonia.chat_templates import EMBEDDED_TOKENIZER, Rendered, render, special_tokens, template_names
from sintonia.fast_tokenizers import Encoder, encoder, fast_backend, folder_tokenizer
from sintonia.models import load_tokenizer
from sintonia.row_encoding import RowEncoder
from sintonia.token_pieces import pack, unpack

MANY = int(os.environ.get("SINTONIA_EXAMPLES", "300"))
SPECIAL = ["<|endoftext|>", "<|im_start|>", "<|im_end|>", "<|im_end|>x"]
# transformers 5.23: models/qwen2/tokenization_qwen2.py, and llama 3's of its tokenizer.json.
QWEN = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+"
    r"|\s+(?!\S)|\s+"
)
LLAMA = QWEN.replace(r"|\p{N}|", r"|\p{N}{1,3}|")
KINDS = ("smollm2", "gpt2", "digits", "qwen", "llama3")


def byte_level(use_regex: bool) -> pre_tokenizers.ByteLevel:
    return pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=use_regex)


def split(pattern: str) -> pre_tokenizers.Sequence:
    return pre_tokenizers.Sequence(
        [pre_tokenizers.Split(Regex(pattern), "isolated", invert=False), byte_level(False)]
    )


def trained(kind: str, texts: list[str]) -> Tokenizer:
    """A small BPE cut as the kind cuts; `gpt2` without some bytes, so that they are lost."""
    backend = Tokenizer(models.BPE(ignore_merges=kind == "llama3"))
    backend.pre_tokenizer = {
        "gpt2": lambda: byte_level(True),
        "digits": lambda: pre_tokenizers.Sequence(
            [pre_tokenizers.Digits(individual_digits=True), byte_level(True)]
        ),
        "qwen": lambda: split(QWEN),
        "llama3": lambda: split(LLAMA),
    }[kind]()
    if kind == "qwen":
        backend.normalizer = normalizers.NFC()
    if kind in ("qwen", "llama3"):
        backend.post_processor = processors.ByteLevel(trim_offsets=kind == "llama3")
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    if kind == "gpt2":
        alphabet = [char for char in alphabet if char not in "Åñ"]  # the bytes C5 and F1
        texts = [text for text in texts if not {0xC5, 0xF1} & set(text.encode())]
    trainer = trainers.BpeTrainer(
        vocab_size=3000, initial_alphabet=alphabet, special_tokens=SPECIAL, show_progress=False
    )
    backend.train_from_iterator(texts, trainer)
    return backend


@pytest.fixture(scope="session")
def fast(course) -> dict[str, Encoder]:
    """One encoder of each kind that takes the fast path."""
    texts = [turn["content"] for rows in course.values() for row in rows for turn in row["messages"]]
    found = {kind: encoder(trained(kind, texts)) for kind in KINDS[1:]}
    return {"smollm2": encoder(), **found}


PIECES = [
    *("<|im_start|>", "<|im_end|>", "<|im_end|>x", "<|im_end|>\n", "assistant\n", "<|im_", "<", "|", ">"),
    *(" ", "  ", "   ", "\n", "\n\n", "\r\n", " \n", "\n ", "\t", "\u2028", "\u00a0", "\u3000", "\x85"),
    *("\x00", "\x1c", "\x1f", "\ufeff", "\u200b", "\u180e", "\u0378", "\U00011f50", "\U0003ffff"),
    *("'s", "'S", "'\u017f", "'re", "don't", "'", "`", "...", "!", "!!", "_", "-", "{{", "https://a.b/c"),
    *("a", "foo", "Bar", "Olá!", "ação", "ac\u0327a\u0303o", "e\u0301", "\u0301", "\u0344", "İ", "ﬁ", "Å"),
    *("你好", "世界", "一个", "文件", "数据", "，", "。", "你", "の", "カ\u3099", "𠮷"),
    *("한국어", "\u1100\u1161"),
    *("😀", "👩‍👩‍👧‍👦", "🇧🇷", "1", "12", "3456", "½", "²", "Ⅷ", "٣", "𝟙", "①", "\u212b", "ñ", "ş"),
]
ANYTHING = st.characters(exclude_categories=["Cs"])
TEXT = st.lists(st.one_of(st.sampled_from(PIECES), st.text(ANYTHING, max_size=3)), max_size=12)


@st.composite
def rendered(draw: st.DrawFn) -> Rendered:
    """A text with spans; most of them between the pieces it was made of, some anywhere."""
    parts = draw(TEXT)
    text = "".join(parts)
    ends = [sum(map(len, parts[: i + 1])) for i in range(len(parts))]
    anywhere = st.integers(0, len(text))
    place = st.one_of(st.sampled_from(ends), anywhere) if ends else anywhere
    bounds = sorted(draw(st.sets(place, max_size=6)))
    return Rendered(text, list(zip(bounds[::2], bounds[1::2], strict=False)))


@pytest.mark.parametrize("kind", KINDS)
@settings(max_examples=MANY)
@given(rendered())
@example(Rendered("assistant\n\n\nA", [(10, 13)]))
@example(Rendered("a  1 \n b", [(1, 4)]))
@example(Rendered("一个 文件数据", [(1, 5)]))
@example(Rendered("数Lhamar, 据'S，the\u0301, ação. 件'", [(1, 9)]))
def test_the_fast_path_equals_the_general_one(fast, kind, row):
    ours = fast[kind]
    assert ours.is_fast
    assert ours.encode(row) == ours.general([row])[0]


@pytest.mark.parametrize("kind", KINDS)
def test_on_every_row_of_the_course_in_every_template(fast, kind, course_conversations):
    for template in template_names():
        if template == "smollm2-original":
            continue
        rows = []
        for turns in course_conversations:
            try:
                rows.append(render(turns, template))
            except ValueError:  # a family without a system role
                rows.append(render([t for t in turns if t["role"] != "system"], template))
        assert fast[kind].encode_batch(rows) == fast[kind].general(rows), template


@pytest.mark.parametrize("kind", KINDS)
def test_on_every_character_there_is(fast, kind):
    """Each beside a letter, a digit, a space and itself: no two Unicode tables may be taken for one."""
    codes = [code for code in range(0x20000) if not 0xD800 <= code < 0xE000]
    lines = [f"a{c} {c}  {c}1{c}{c}" for c in map(chr, codes[:: 1 if MANY > 300 else 29])]
    rows = [Rendered(line, []) for line in lines]
    ours, general = fast[kind].encode_batch(rows), fast[kind].general(rows)
    wrong = [line for line, a, b in zip(lines, ours, general, strict=True) if a != b]
    assert not wrong, [unicodedata.name(line[1], hex(ord(line[1]))) for line in wrong]


@pytest.mark.parametrize("kind", KINDS)
def test_the_fast_path_is_really_taken(fast, kind, course_conversations, monkeypatch):
    asked = []
    monkeypatch.setattr(fast[kind], "_segment", lambda *a: asked.append(a) or (b"", b""))
    fast[kind].encode_batch([render(turns) for turns in course_conversations])
    assert len(asked) <= len(course_conversations) // 20


def test_an_unknown_cut_takes_the_general_path():
    backend = Tokenizer.from_str(fast_backend().to_str())
    assert encoder(backend).is_fast
    backend.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=True)
    assert not encoder(backend).is_fast
    backend.pre_tokenizer = split(QWEN.replace(r"\p{L}+", r"[\p{L}\p{M}]+"))
    assert not encoder(backend).is_fast
    backend.pre_tokenizer = byte_level(True)
    assert encoder(backend).is_fast
    backend.normalizer = normalizers.NFKC()
    assert not encoder(backend).is_fast


def test_a_tokenizer_that_changes_is_seen_to_change():
    backend = Tokenizer.from_str(fast_backend().to_str())
    row = Rendered("ab <new> cd", [(3, 8)])
    before = encoder(backend).encode(row)
    backend.add_special_tokens(["<new>"])
    ids, mask = encoder(backend).encode(row)
    assert (ids, mask) != before
    assert [unpack(ids)[i] for i, wrote in enumerate(mask) if wrote] == [backend.token_to_id("<new>")]
    backend.encode_special_tokens = True
    assert encoder(backend).encode(row) == before


def test_a_model_that_looks_up_whole_words_gets_whole_words(fast):
    """Llama 3's takes a word of the vocabulary as it stands, and merges what is no such word. A part of
    a word looked up by itself would be taken as it stands too."""
    model = json.loads(fast["llama3"].backend.to_str())
    model["model"]["vocab"]["qz"] = len(model["model"]["vocab"])  # no merge makes it
    ours = encoder(Tokenizer.from_str(json.dumps(model)))
    assert ours.is_fast
    row = Rendered("qz, qz龘 qz. 龘qz,", [(0, 2)])
    assert ours.encode(row) == ours.general([row])[0]
    assert ours.encode(row)[0][:4] == pack([model["model"]["vocab"]["qz"]])


def test_a_token_that_begins_twice_belongs_to_the_longer_name():
    backend = Tokenizer.from_str(fast_backend().to_str())
    backend.add_special_tokens(["<|im_end|>x"])
    ids, _ = encoder(backend).encode(Rendered("<|im_end|>x<|im_end|>y", []))
    assert unpack(ids)[:2] == [backend.token_to_id("<|im_end|>x"), 2]


# ------------------------------------------------------------------ other kinds of tokenizer


def supervised(backend, text: str, *said: str) -> tuple[list[str], list[str]]:
    """All tokens of a text, and those supervised, when these parts of it were said."""
    spans, start = [], 0
    for part in said:
        start = text.index(part, start)
        spans.append((start, start + len(part)))
        start += len(part)
    found = encoder(backend)
    assert not found.is_fast
    ids, mask = found.encode(Rendered(text, spans))
    tokens = [backend.id_to_token(token) for token in unpack(ids)]
    return tokens, [token for token, wrote in zip(tokens, mask, strict=True) if wrote]


def sentencepiece(**options) -> Tokenizer:
    vocabulary = ["<unk>", "▁", "a", "b", "▁a", "<0xE4>", "<0xBD>", "<0xA0>", "<s>", "</s>"]
    model = models.BPE(
        vocab={token: number for number, token in enumerate(vocabulary)},
        merges=[("▁", "a")],
        unk_token="<unk>",
        **options,
    )
    backend = Tokenizer(model)
    backend.add_special_tokens(["<s>", "</s>"])
    return backend


def test_sentencepiece_with_a_normalizer_that_prepends():
    backend = sentencepiece(byte_fallback=True, fuse_unk=True)
    backend.normalizer = normalizers.Sequence([normalizers.Prepend("▁"), normalizers.Replace(" ", "▁")])
    # The "▁" that is put before a segment has no character of its own; it takes that of what follows.
    tokens, said = supervised(backend, "<s>b</s>你 a</s>", "你 a</s>")
    assert tokens == ["<s>", "▁", "b", "</s>", "▁", "<0xE4>", "<0xBD>", "<0xA0>", "▁a", "</s>"]
    assert said == ["▁", "<0xE4>", "<0xBD>", "<0xA0>", "▁a", "</s>"]


def test_metaspace_and_a_token_of_several_unknown_characters():
    backend = sentencepiece(fuse_unk=True)
    backend.pre_tokenizer = pre_tokenizers.Metaspace(prepend_scheme="first", split=False)
    # One <unk> for 龘 of the header and 鿃 of the reply: it straddles, so nobody learns it.
    tokens, said = supervised(backend, "b龘鿃 a</s>", "鿃 a</s>")
    assert tokens == ["▁", "b", "<unk>", "▁a", "</s>"]
    assert said == ["▁a", "</s>"]


def test_wordpiece_that_lowercases_and_strips_accents():
    names = ["[UNK]", "ol", "##a", "!", "user", "i", "ass", "你"]
    model = models.WordPiece(vocab={name: i for i, name in enumerate(names)}, unk_token="[UNK]")
    backend = Tokenizer(model)
    backend.normalizer = normalizers.BertNormalizer()
    backend.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokens, said = supervised(backend, "USER İ ASS Olá! 你", "Olá! 你")
    assert tokens == ["user", "i", "ass", "ol", "##a", "!", "你"]
    assert said == ["ol", "##a", "!", "你"]
    assert supervised(backend, "USER OLA\u0301!", "OLA\u0301!")[1] == ["ol", "##a", "!"]


def test_a_normalizer_that_makes_one_character_many():
    names = {"[UNK]": 0, "s": 1, "##a": 2, "##l": 3, "##i": 4}
    backend = Tokenizer(models.WordPiece(vocab=names, unk_token="[UNK]"))
    backend.normalizer = normalizers.Sequence([normalizers.NFKC(), normalizers.Lowercase()])
    backend.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    assert supervised(backend, "s sﬁ", "sﬁ") == (["s", "[UNK]"], ["[UNK]"])
    names["##f"] = 5
    backend.model = models.WordPiece(vocab=names, unk_token="[UNK]")
    assert supervised(backend, "s sﬁ", "sﬁ")[1] == ["s", "##f", "##i"]
    # Half of a character is no span that a template could print; a span before it takes none of it.
    assert supervised(backend, "s sﬁ", "s")[1] == ["s"]


# ------------------------------------------------------------------ where the reference differs


def by_transformers(backend, turns, template):
    from transformers import PreTrainedTokenizerFast

    tokenizer = PreTrainedTokenizerFast(tokenizer_object=Tokenizer.from_str(backend.to_str()))
    row = tokenizer.apply_chat_template(
        turns, chat_template=template, return_dict=True, return_assistant_tokens_mask=True
    )
    return row["input_ids"], row["assistant_masks"], encode([turns], tokenizer, chat_template=template)[0]


BARE = (
    "{% for m in messages %}{{ '<|im_start|>' }}{% if m['role'] == 'assistant' %}{% generation %}"
    "{{ m['content'] }}{% endgeneration %}{% else %}{{ m['content'] }}{% endif %}{{ '<|im_end|>' }}"
    "{% endfor %}"
)
TURNS = [{"role": "assistant", "content": " a \n"}, {"role": "user", "content": "b"}]


def test_offsets_trimmed_of_white_space_do_not_mislead_us():
    """transformers: a span that begins or ends with white space is not found by its trimmed offsets, and
    the mask runs on to the end or is empty. Ours is right: exactly the reply."""
    backend = Tokenizer.from_str(fast_backend().to_str())
    backend.post_processor = processors.ByteLevel(trim_offsets=True)
    ids, theirs, ours = by_transformers(backend, TURNS, BARE)
    assert ours["input_ids"] == ids
    said = [token for token, wrote in zip(*ours.values(), strict=True) if wrote]
    assert backend.decode(said) == " a \n"
    assert theirs != ours["assistant_mask"]
    backend.post_processor = processors.ByteLevel(trim_offsets=False)
    assert by_transformers(backend, TURNS, BARE)[2] == ours


def test_a_byte_without_a_token_does_not_move_the_mask(fast):
    """tokenizers: after a byte that the vocabulary lacks, offsets in the same word lie too far left, so
    transformers' mask leaves out the first character of the reply. Ours is right: all its bytes."""
    backend = fast["gpt2"].backend
    assert backend.token_to_id("Å") is None
    turns = [{"role": "assistant", "content": "의!"}]
    template = "{% for m in messages %}ş{% generation %}{{ m['content'] }}{% endgeneration %}{% endfor %}"
    ids, theirs, ours = by_transformers(backend, turns, template)
    assert ours["input_ids"] == ids
    mask = fast["gpt2"].encode(Rendered("ş의!", [(1, 3)]))[1]
    assert fast["gpt2"].general([Rendered("ş의!", [(1, 3)])])[0][1] == mask
    assert list(mask) == ours["assistant_mask"] == [0] + [1] * (len(ids) - 1)
    assert theirs != ours["assistant_mask"]


# ------------------------------------------------------------------ rows


def test_rows_with_tools_and_template_arguments():
    template = (
        "{{ tools[0]['function']['name'] if tools else 'none' }} {{ mood | default('plain') }} "
        "{% for m in messages %}{% if m['role'] == 'assistant' %}{% generation %}{{ m['content'] }}"
        "{% endgeneration %}{% endif %}{% endfor %}"
    )
    turns = [{"role": "user", "content": "x"}, {"role": "assistant", "content": "ok"}]
    tool = '[{"type": "function", "function": {"name": "clock"}}]'
    rows = [
        {"messages": turns},
        {"messages": turns, "tools": tool, "chat_template_kwargs": {"mood": "odd"}},
        {"messages": turns, "tools": "", "chat_template_kwargs": '{"mood": "even"}'},
    ]
    texts = [fast_backend().decode(row["input_ids"]) for row in encode(rows, chat_template=template)]
    assert texts == ["none plain ok", "clock odd ok", "none even ok"]
    with pytest.raises(ValueError, match=r"^tools: found invalid JSON \(.*\); expected JSON, or the value"):
        encode([{"messages": turns, "tools": "["}])


def test_two_processes_give_what_one_gives(course_conversations):
    rows = course_conversations * 3
    before = os.environ.get("TOKENIZERS_PARALLELISM")
    assert encode(rows, num_proc=2) == encode(rows)
    assert os.environ.get("TOKENIZERS_PARALLELISM") == before


def test_a_fault_in_another_process_is_the_same_fault(course_conversations):
    bad = [*course_conversations, [{"role": "user", "content": "a"}]]
    messages = []
    for processes in (1, 2):
        with pytest.raises(ValueError) as caught:
            encode(bad, chat_template="{{ messages[1]['content'] }}", num_proc=processes)
        messages.append(str(caught.value))
    assert messages[0] == messages[1]
    with pytest.raises(ValueError, match=r"^num_proc: found 0; expected at least 1 process$"):
        encode([], num_proc=0)


@pytest.mark.parametrize("which", ["embedded", "tiny"])
def test_a_plain_folder_is_read_as_transformers_reads_it(which, tiny_folder, course_conversations):
    folder = EMBEDDED_TOKENIZER if which == "embedded" else tiny_folder
    ours, theirs = folder_tokenizer(folder), load_tokenizer(folder)
    assert special_tokens(ours) == special_tokens(theirs)
    assert ours.chat_template == theirs.chat_template
    assert encode(course_conversations, ours) == encode(course_conversations, theirs)
    assert show_mask(encode(course_conversations[:1], ours)[0], ours)


@pytest.mark.parametrize(
    ("file", "change"),
    [
        ("tokenizer_config.json", {"add_prefix_space": True}),
        ("tokenizer_config.json", {"tokenizer_class": "LlamaTokenizer"}),
        ("tokenizer_config.json", {"pad_token": "<|new|>"}),
        ("tokenizer_config.json", {"eos_token": {"content": "<|im_end|>", "__type": "AddedToken"}}),
        ("tokenizer_config.json", {"extra_special_tokens": ["<|tool|>"]}),
        ("tokenizer_config.json", {"image_token": "<|im_end|>"}),
        ("special_tokens_map.json", {"eos_token": "<|endoftext|>"}),
        ("added_tokens.json", {"<|new|>": 49152}),
        ("tokenizer.json", {"model": None}),
    ],
)
def test_a_folder_with_more_to_it_is_left_to_transformers(tmp_path, file, change):
    folder = tmp_path / "tokenizer"
    shutil.copytree(EMBEDDED_TOKENIZER, folder)
    assert folder_tokenizer(folder) is not None
    path = folder / file
    known = json.loads(path.read_text("utf-8")) if path.exists() else {}
    path.write_text(json.dumps({**known, **change}), encoding="utf-8")
    assert folder_tokenizer(folder) is None


def test_few_and_many_rows_go_different_ways_to_the_same_end(course_conversations):
    together = RowEncoder().encode(course_conversations)
    assert together == [RowEncoder().encode([turns])[0] for turns in course_conversations]
