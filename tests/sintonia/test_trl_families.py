"""Spans derived from each template as its model ships it, against TRL's markers for the same family.

The comparison itself is `benchmarks/template_families.py`, which also writes the table in
`benchmarks/results/template-families.md`. Here each family's outcome is written out, each kind of
difference is proven on the text, and the kinds are named in that script with who is right and why.
"""

from __future__ import annotations

import importlib.util
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sintonia import InputError, encode
from sintonia.chat_templates import prepare

pytest.importorskip("trl")
_path = Path(__file__).resolve().parents[2] / "benchmarks" / "template_families.py"
_spec = importlib.util.spec_from_file_location("template_families", _path)
families = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(families)

# family -> how many conversations come to what, and the kinds of difference among them
EXPECTED = {
    "cohere": ({"equal": 16, "not accepted": 6}, []),
    "cohere2": ({"equal": 16, "not accepted": 6}, []),
    "deepseek_r1_distill": ({"differs": 19, "not accepted": 2, "other text": 1}, ["header"]),
    "deepseekv3": ({"differs": 15, "not accepted": 6, "other text": 1}, ["header"]),
    "diffusion_gemma": (
        {"differs": 1, "newline": 17, "not accepted": 1, "refused": 3},
        ["handover", "newline"],
    ),
    "gemma": ({"newline": 15, "not accepted": 7}, ["newline"]),
    "gemma3": ({"newline": 18, "not accepted": 4}, ["newline"]),
    "gemma4": ({"derived": 18, "refused": 4}, []),
    "gemma4_v2": ({"derived": 22}, []),
    "gemma4_v3": ({"derived": 18, "refused": 4}, []),
    "gemma4_v4": ({"derived": 18, "refused": 4}, []),
    "gemma4_v5": ({"derived": 18, "not accepted": 1, "refused": 3}, []),
    "glm4moe": ({"differs": 1, "not accepted": 1, "other text": 20}, ["stop"]),
    "gptoss": ({"differs": 20, "not accepted": 2}, ["header"]),
    "idefics3": ({"newline": 2, "not accepted": 6, "refused": 14}, ["newline"]),
    "lfm2": ({"newline": 22}, ["newline"]),
    "lfm2_2_5": ({"marked": 21, "not accepted": 1}, []),
    "lfm2_2_5_v2": ({"marked": 21, "not accepted": 1}, []),
    "lfm2_2_5_vl": ({"marked": 21, "not accepted": 1}, []),
    "lfm2_v2": ({"newline": 21, "not accepted": 1}, ["newline"]),
    "llama3": ({"equal": 20, "not accepted": 2}, []),
    "llama3_1": ({"derived": 20, "not accepted": 2}, []),
    "llama3_2": ({"derived": 20, "not accepted": 2}, []),
    "llava_next": ({"equal": 2, "not accepted": 20}, []),
    "muse_glimmer": ({"differs": 21, "not accepted": 1}, ["header"]),
    "nemotron_3_5_lightning": ({"differs": 19, "not accepted": 3}, ["header", "newline"]),
    "nemotron_3_nano": ({"differs": 19, "not accepted": 3}, ["header", "newline"]),
    "nemotron_3_super": ({"differs": 19, "not accepted": 3}, ["header", "newline"]),
    "nemotron_3_ultra": ({"differs": 19, "not accepted": 3}, ["header", "newline"]),
    "phi3": ({"equal": 4, "newline": 16, "not accepted": 2}, ["newline"]),
    "phi3_5": ({"equal": 4, "newline": 16, "not accepted": 2}, ["newline"]),
    "qwen2_5": ({"differs": 20, "not accepted": 2}, ["header", "newline"]),
    "qwen2_5_vl": ({"newline": 22}, ["newline"]),
    "qwen3": ({"newline": 5, "other text": 17}, ["newline"]),
    "qwen3_5_nothink": ({"differs": 6, "not accepted": 1, "other text": 15}, ["header", "newline"]),
    "qwen3_5_think": ({"differs": 6, "not accepted": 1, "other text": 15}, ["header", "newline"]),
    "qwen3_6": ({"differs": 6, "not accepted": 1, "other text": 15}, ["header", "newline"]),
    "qwen3_8": ({"differs": 21, "not accepted": 1}, ["header", "newline"]),
    "qwen3_instruct_2507": ({"newline": 20, "refused": 2}, ["newline"]),
    "qwen3_vl": ({"newline": 22}, ["newline"]),
    "smolvlm": ({"newline": 2, "not accepted": 6, "refused": 14}, ["newline"]),
}
COMPARED = [
    (family, training, name)
    for family, training in families.families().items()
    if training
    for name in families.CONVERSATIONS
]


def original(family: str):
    return prepare((families.TEMPLATES / f"{family}.jinja").read_text("utf-8"), tokenizer=families.Tokens)


def test_every_template_of_trl_is_in_the_list():
    assert set(EXPECTED) == set(families.families())
    files = {path.stem for path in families.TEMPLATES.glob("*.jinja")}
    assert files == set(EXPECTED) | {training for training in families.families().values() if training}


@pytest.mark.parametrize("family", EXPECTED)
def test_outcome(family):
    cases = [families.compare(family, families.families()[family], name) for name in families.CONVERSATIONS]
    counted = Counter(families.column(case) for case in cases)
    kinds = {families.kind_of(*piece) for case in cases for piece in case.extra}
    assert (dict(counted), sorted(kinds)) == EXPECTED[family]


def test_the_recorded_table_is_what_the_script_writes():
    assert families.RESULT.read_text("utf-8") == families.table()


def differences(kind: str):
    for family, training, name in COMPARED:
        for who, where, piece in families.compare(family, training, name).extra:
            if families.kind_of(who, where, piece) == kind:
                yield family, name, piece


def test_every_difference_has_a_kind_and_a_reason():
    kinds = {kind for _, kinds in EXPECTED.values() for kind in kinds}
    assert kinds == set(families.REASONS)
    assert all(" is right" in reason for reason in families.REASONS.values())


def test_header_ours_is_right_the_generation_prompt_holds_what_trl_learns():
    found = list(differences(families.HEADER))
    assert len(found) > 200
    for family, name, piece in found:
        turns, tools = families.CONVERSATIONS[name]
        template = original(family)
        prompts = []
        for index, turn in enumerate(turns):
            if turn["role"] == "assistant":
                asked = template.text(turns[:index], tools=tools, add_generation_prompt=True)
                prompts.append(asked[-80:])
        assert any(piece in prompt for prompt in prompts), (family, name, piece)


def test_newline_ours_is_right_it_stands_after_the_token_that_ends_the_turn():
    found = list(differences(families.NEWLINE))
    assert {piece for _, _, piece in found} == {"\n"}
    for family, name in {(family, name) for family, name, _ in found}:
        turns, tools = families.CONVERSATIONS[name]
        rendered = original(family).render(turns, tools=tools)
        for start, end in rendered.spans:
            assert not rendered.text[end - 1].isspace() and rendered.text[start:end].rstrip(">|").strip()


def test_stop_trl_is_right_and_the_question_says_so():
    from sintonia.template_questions import trains_stop_token

    assert [found for found in differences(families.STOP)] == [("glm4moe", "last-is-user", "<|user|>")]
    answer = trains_stop_token((families.TEMPLATES / "glm4moe.jinja").read_text("utf-8"))
    assert not answer and "'<|user|>" in answer.evidence
    assert trains_stop_token((families.TEMPLATES / "glm4moe_training.jinja").read_text("utf-8"))


def test_handover_ours_ends_where_the_template_asks_for_the_tools_answer():
    assert list(differences(families.HANDOVER)) == [("diffusion_gemma", "tool-call-last", "<|tool_response>")]
    turns, tools = families.CONVERSATIONS["tool-call-last"]
    assert original("diffusion_gemma").text(turns, tools=tools).endswith("<|tool_response>")


def test_equal_families_have_equal_labels_token_by_token():
    for family, training, name in COMPARED:
        turns, tools = families.CONVERSATIONS[name]
        if tools or families.compare(family, training, name).outcome != "equal":
            continue
        sources = [(families.TEMPLATES / f"{name}.jinja").read_text("utf-8") for name in (family, training)]
        assert encode([turns], chat_template=sources[0]) == encode([turns], chat_template=sources[1])


@pytest.mark.parametrize("family", ["smolvlm", "idefics3", "qwen3_instruct_2507"])
def test_refused_where_the_text_lacks_what_was_said(family):
    name = "parts" if family.startswith("qwen") else "multi-turn"
    turns, _ = families.CONVERSATIONS[name]
    assert "Olá!" not in original(family).text(turns)
    with pytest.raises(InputError, match="its content is not in the text"):
        original(family).render(turns)


@pytest.mark.parametrize("family", ["gemma4", "gemma4_v3", "gemma4_v4", "gemma4_v5", "diffusion_gemma"])
def test_refused_where_the_tools_answer_stands_inside_the_assistants_turn(family):
    turns, tools = families.CONVERSATIONS["tool-call"]
    with pytest.raises(InputError, match="message 3 is printed inside it"):
        original(family).render(turns, tools=tools)


# Pieces that the derived spans of templates without a training variant are to be.
DERIVED = {
    ("llama3_1", "white-space"): ["b<|eot_id|>", "d<|eot_id|>"],
    ("llama3_1", "emoji"): ["ok 😀<|eot_id|>", "👍🏽<|eot_id|>"],
    ("llama3_2", "empty-answer"): ["<|eot_id|>", "Olá!<|eot_id|>"],
    ("gemma4_v2", "chinese"): ["你好世界<turn|>", "𠮷野家<turn|>"],
    ("lfm2_2_5", "multi-turn"): ["Olá!<|im_end|>\n", "Tudo.<|im_end|>\n"],
    ("qwen3", "thinking"): ["4<|im_end|>", "<think>\nTwo threes.\n</think>\n\n6<|im_end|>"],
    ("qwen3", "thinking-inline"): ["4<|im_end|>", "<think>\nTwo threes.\n</think>\n\n6<|im_end|>"],
    ("gemma3", "system"): ["Olá!<end_of_turn>", "Tudo.<end_of_turn>"],
    ("phi3", "multi-turn"): ["Olá!<|end|>", "Tudo.<|end|>\n<|the-eos|>"],
    ("glm4moe", "multi-turn"): ["\n<think></think>\nOlá!", "\n<think></think>\nTudo."],
    ("deepseek_r1_distill", "same-answers"): ["Oi<｜end▁of▁sentence｜>", "Oi<｜end▁of▁sentence｜>"],
}


@pytest.mark.parametrize(("family", "name"), DERIVED)
def test_derived_pieces(family, name):
    turns, tools = families.CONVERSATIONS[name]
    assert original(family).render(turns, tools=tools).assistant_texts == DERIVED[family, name]


# Ours, with markers, beside the original of the same family: one text and one set of spans.
OURS = {"gemma": "gemma3", "llama3": "llama3", "phi3": "phi3", "qwen": "qwen3"}


def outcome(template, turns, tools, prompt):
    try:
        return template.render(turns, tools=tools, add_generation_prompt=prompt)
    except InputError:
        return None


@pytest.mark.parametrize("name", OURS)
def test_our_template_is_the_familys_own_with_markers(name):
    mine, theirs = prepare(name, tokenizer=families.Tokens), original(OURS[name])
    assert mine.marked and not theirs.marked
    same = 0
    for turns, tools in families.CONVERSATIONS.values():
        if any(isinstance(turn.get("content"), list) for turn in turns):
            continue  # ours take text only, and say so
        for prompt in (False, True):
            mine_did, they_did = (outcome(each, turns, tools, prompt) for each in (mine, theirs))
            if name == "phi3" and any(turn["role"] == "tool" for turn in turns):
                assert mine_did is None  # the original leaves the tool's answer out and says nothing
                continue
            assert mine_did == they_did
            same += mine_did is not None
    assert same >= 26


PIECES = [
    "<think>",
    "</think>",
    "<think>\n\n</think>\n\n",
    "<|im_end|>",
    "<end_of_turn>",
    "<|end|>",
    "\n",
    " ",
]
TEXT = st.lists(st.one_of(st.sampled_from(PIECES), st.text(max_size=4)), max_size=4).map("".join)
TALKS = st.lists(TEXT, min_size=1, max_size=6).map(
    lambda said: [{"role": ("user", "assistant")[i % 2], "content": text} for i, text in enumerate(said)]
)


@pytest.mark.parametrize("name", OURS)
@given(turns=TALKS, system=st.booleans())
def test_marked_and_derived_agree_whatever_is_said(name, turns, system):
    if system:
        turns = [{"role": "system", "content": "S"}, *turns]
    mine, theirs = prepare(name, tokenizer=families.Tokens), original(OURS[name])
    assert mine.text(turns) == theirs.text(turns)
    derived = outcome(theirs, turns, None, False)
    if derived is not None:
        assert mine.render(turns) == derived
    else:  # Qwen's own takes what was said for thinking, and leaves it out
        assert name == "qwen" and any("</think>" in turn["content"] for turn in turns)


@settings(max_examples=15)
@given(turns=TALKS, system=st.booleans())
def test_no_family_differs_in_another_way_whatever_is_said(turns, system):
    families.CONVERSATIONS["made up"] = ([families.SYSTEM, *turns] if system else turns, None)
    try:
        for family, training in families.families().items():
            if training:
                case = families.compare.__wrapped__(family, training, "made up")
                assert all(families.kind_of(*piece) for piece in case.extra), (family, case)
    finally:
        del families.CONVERSATIONS["made up"]
