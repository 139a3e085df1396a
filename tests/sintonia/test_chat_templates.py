"""Rendered text to the byte, and the spans of it that the assistant wrote.

The texts in `snapshots/` are what each shipped template makes of one rich conversation. After a change
that is meant: `SINTONIA_REFRESH=1 python -m pytest tests/sintonia/test_chat_templates.py`, then read the
difference before it is committed.
"""

from __future__ import annotations

import importlib.util
import os
from pathlib import Path

import pytest
from hypothesis import given

from sintonia import InputError, render
from sintonia.chat_templates import (
    find_template,
    has_generation_markers,
    plain_messages,
    prepare,
    special_tokens,
    template_names,
)

_shared = importlib.util.spec_from_file_location("strategies", Path(__file__).with_name("conftest.py"))
_strategies = importlib.util.module_from_spec(_shared)
_shared.loader.exec_module(_strategies)
CONVERSATIONS, ANY_CONVERSATIONS = _strategies.CONVERSATIONS, _strategies.ANY_CONVERSATIONS

NAMES = [
    *("alpaca", "chatml", "gemma", "llama3", "mistral", "phi3", "qwen", "smollm2"),
    "smollm2-original",
]
RICH = [
    {"role": "system", "content": "Responda em português.\nSeja breve."},
    {"role": "user", "content": "Olá! O que é “ação”?\n\n- um\n- dois"},
    {"role": "assistant", "content": "Ação é o que se faz. 😀"},
    {"role": "user", "content": "用中文说:𠮷野家 👩‍👩‍👧‍👦"},
    {"role": "assistant", "content": "好的。\n第一行 <b>{{ x }}</b>\n第二行"},
]
SHORT = [{"role": "user", "content": "Oi"}, {"role": "assistant", "content": "Olá!"}]
HEAD = "{% for m in messages %}{{ m['role'] + ':' }}"
TAIL = "{{ ';' }}{% endfor %}"
IF = "{% if m['role'] == 'assistant' %}"
ELSE = "{% else %}{{ m['content'] }}{% endif %}"


def refused(conversation=SHORT, template=None, **options) -> str:
    with pytest.raises(InputError) as caught:
        render(conversation, template, **options)
    return str(caught.value)


# ------------------------------------------------------------------ text


def test_the_shipped_templates_are_these():
    assert template_names() == NAMES


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("prompt", [False, True], ids=["whole", "prompt"])
def test_snapshot(name, prompt, snapshots):
    turns = RICH[:4] if prompt else RICH
    text = render(turns, name, add_generation_prompt=prompt).text.encode("utf-8")
    path = snapshots / f"{name}{'.prompt' if prompt else ''}.txt"
    if os.environ.get("SINTONIA_REFRESH"):
        path.write_bytes(text)
    assert path.read_bytes() == text


@pytest.mark.parametrize(("name", "ends"), [("alpaca", "<|im_end|>"), ("chatml", "<|im_end|>")])
def test_supervised_pieces_of_the_rich_conversation(name, ends):
    said = [RICH[2]["content"] + ends, RICH[4]["content"] + ends]
    assert render(RICH, name).assistant_texts == said


def test_supervised_pieces_of_llama3_end_with_its_own_end_of_turn():
    said = [RICH[2]["content"] + "<|eot_id|>", RICH[4]["content"] + "<|eot_id|>"]
    assert render(RICH, "llama3").assistant_texts == said


def test_supervised_pieces_of_the_other_families():
    one, two = RICH[2]["content"], RICH[4]["content"]
    assert render(RICH, "gemma").assistant_texts == [one + "<end_of_turn>", two + "<end_of_turn>"]
    assert render(RICH, "mistral").assistant_texts == [f" {one}<|im_end|>", f" {two}<|im_end|>"]
    assert render(RICH, "phi3").assistant_texts == [one + "<|end|>", two + "<|end|>\n<|im_end|>"]
    assert render(RICH, "qwen").assistant_texts == [
        one + "<|im_end|>",
        f"<think>\n\n</think>\n\n{two}<|im_end|>",
    ]


def test_smollm2_small_conversation_to_the_character():
    rendered = render([{"role": "system", "content": "S"}, *SHORT], "smollm2")
    assert rendered.text == (
        "<|im_start|>system\nS<|im_end|>\n<|im_start|>user\nOi<|im_end|>\n"
        "<|im_start|>assistant\nOlá!<|im_end|>\n"
    )
    assert rendered.spans == [(83, 97)]
    assert rendered.assistant_texts == ["Olá!<|im_end|>"]


def test_our_template_is_the_models_own_in_text(course_conversations, embedded_tokenizer):
    own = find_template("smollm2-original")[1]
    assert own == embedded_file_template()
    for turns in course_conversations:
        expected = embedded_tokenizer.apply_chat_template(turns, chat_template=own, tokenize=False)
        assert render(turns).text == render(turns, "smollm2-original").text == expected


def embedded_file_template() -> str:
    """The template inside the GGUF, read without transformers."""
    from gguf import GGUFReader

    from sintonia import models

    return GGUFReader(models._weights_file()).fields["tokenizer.chat_template"].contents()


@given(ANY_CONVERSATIONS)
def test_our_template_is_the_models_own_in_text_whatever_is_said(embedded_tokenizer, turns):
    own = find_template("smollm2-original")[1]
    for prompt in (False, True):
        expected = embedded_tokenizer.apply_chat_template(
            turns, chat_template=own, tokenize=False, add_generation_prompt=prompt
        )
        assert render(turns, "smollm2", add_generation_prompt=prompt).text == expected


def test_the_embedded_tokenizer_carries_our_template(embedded_tokenizer):
    assert embedded_tokenizer.chat_template == find_template("smollm2")[1]
    assert render(RICH, tokenizer=embedded_tokenizer) == render(RICH)


# ------------------------------------------------------------------ spans


def test_end_of_turn_is_supervised_in_every_row(course_conversations):
    for turns in course_conversations:
        said = [turn["content"] + "<|im_end|>" for turn in turns if turn["role"] == "assistant"]
        assert render(turns).assistant_texts == said


def test_marked_and_derived_spans_agree_on_every_row(course_conversations):
    for turns in course_conversations:
        assert render(turns, "smollm2").spans == render(turns, "smollm2-original").spans


@given(CONVERSATIONS)
def test_marked_and_derived_spans_agree_whatever_is_said(turns):
    marked = render(turns, "smollm2")
    assert marked.spans == render(turns, "smollm2-original").spans
    said = [turn["content"] + "<|im_end|>" for turn in turns if turn["role"] == "assistant"]
    assert marked.assistant_texts == said


@given(ANY_CONVERSATIONS)
def test_spans_of_chatml_are_the_content_and_its_end(turns):
    rendered = render(turns, "chatml")
    said = [turn["content"] + "<|im_end|>" for turn in turns if turn["role"] == "assistant"]
    assert rendered.assistant_texts == said


def test_an_opening_assistant_turn_is_refused_without_markers():
    turns = [{"role": "assistant", "content": "Olá!"}]
    assert "message 1 is not rendered the same alone" in refused(turns, "smollm2-original")
    assert render(turns, "smollm2").assistant_texts == ["Olá!<|im_end|>"]


def test_a_prompt_has_no_span():
    rendered = render([SHORT[0]], add_generation_prompt=True)
    assert rendered.spans == []
    assert rendered.text.endswith("<|im_start|>assistant\n")


def test_markers_inside_a_macro():
    template = (
        "{% macro say(m) %}{{ m['role'] + ':' }}" + IF
        + "{% generation %}{{ m['content'] }}{% endgeneration %}"
        + ELSE + "{{ ';' }}{% endmacro %}{% for m in messages %}{{ say(m) }}{% endfor %}"
    )  # fmt: skip
    rendered = render(SHORT, template)
    assert (rendered.text, rendered.spans) == ("user:Oi;assistant:Olá!;", [(18, 22)])


def test_markers_inside_a_set_block():
    template = (
        "{% set all %}" + HEAD + IF + "{% generation %}{{ m['content'] }}{% endgeneration %}"
        + ELSE + TAIL + "{% endset %}{{ 'start ' + all }}"
    )  # fmt: skip
    rendered = render(SHORT, template)
    assert (rendered.text, rendered.spans) == ("start user:Oi;assistant:Olá!;", [(24, 28)])


def test_a_marker_in_a_comment_does_not_count():
    template = "{# {% generation %}x{% endgeneration %} #}" + HEAD + "{{ m['content'] }}" + TAIL
    assert not has_generation_markers(template)
    # Derived then: without a generation prompt the model begins to write at the header.
    assert render(SHORT, template).assistant_texts == ["assistant:Olá!;"]


@pytest.mark.parametrize("tag", ["{% generation %}", "{%+ generation %}", "{%- generation -%}"])
def test_each_way_to_write_a_marker_counts(tag):
    template = HEAD + IF + tag + "{{ m['content'] }}{% endgeneration %}" + ELSE + TAIL
    assert has_generation_markers(template)
    assert render(SHORT, template).assistant_texts == ["Olá!"]


def test_a_marker_in_a_string_does_not_count():
    assert not has_generation_markers("{{ '{% generation %}' }}")


def test_which_shipped_templates_have_markers():
    assert [name for name in NAMES if not has_generation_markers(name)] == ["smollm2-original"]


@pytest.mark.parametrize("filter_", ["trim", "upper | trim"])
def test_markers_whose_content_is_trimmed_outside_them(filter_):
    template = (
        HEAD + IF + "{% set said %}{% generation %}  {{ m['content'] }}  {% endgeneration %}{% endset %}"
        "{{ said | " + filter_ + " }}" + ELSE + TAIL
    )
    assert "found markers that change the text" in refused(SHORT, template)


def test_a_template_that_drops_what_it_wrote_is_refused():
    template = (
        "{% for m in messages %}{{ m['role'] + ':' }}{% if loop.last or m['role'] == 'user' %}"
        "{{ m['content'] }}{% endif %}{{ ';' }}{% endfor %}"
        "{% if add_generation_prompt %}{{ 'assistant:' }}{% endif %}"
    )
    found = refused([*SHORT, *SHORT], template)
    assert "no {% generation %} markers, and message 2 is not rendered the same alone" in found
    assert found.endswith("pass --template with one that has markers, such as chatml")
    assert render(SHORT, template).assistant_texts == ["Olá!;"]


def test_a_template_that_does_not_print_the_reply_is_refused():
    found = refused(SHORT, "{% for m in messages %}{{ m['role'] }}{% endfor %}")
    assert "message 2" in found


@given(ANY_CONVERSATIONS)
def test_spans_lie_in_order_inside_the_text(turns):
    rendered = render(turns)
    ends = [0]
    for start, end in rendered.spans:
        assert ends[-1] <= start < end <= len(rendered.text)
        ends.append(end)


# ------------------------------------------------------------------ templates that fail


ESCAPES = [
    "{{ messages.__class__.__mro__ }}",
    "{{ ''.__class__.__base__.__subclasses__() }}",
    "{{ raise_exception.__globals__ }}",
    "{{ self.__init__.__globals__ }}",
    "{{ cycler.__init__.__globals__.os }}",
    "{{ messages.append(1) }}",
    "{{ messages[0].update({'role': 'x'}) }}",
    "{{ '%s' | attr('__class__') }}{{ ('' | attr('__class__')).mro() }}",
    "{{ '{0.__class__.__mro__}'.format(messages) }}",
]


@pytest.mark.parametrize("source", ESCAPES)
def test_a_template_cannot_reach_python(source):
    before = [dict(turn) for turn in SHORT]
    try:
        text = render([SHORT[0]], source).text
    except InputError as error:
        assert "a template that fails on this conversation" in str(error)
    else:
        assert not any(sign in text for sign in ("class", "type", "function", "module"))
    assert before == SHORT


@pytest.mark.parametrize("source", ["{{ ''.__class__.mro() }}", "{{ messages.append(1) }}"])
def test_reaching_for_it_is_refused(source):
    assert "a template that fails on this conversation" in refused(SHORT, source)


@pytest.mark.parametrize(
    "source",
    [
        "{{ messages[9]['content'] + 'x' }}",
        "{{ nowhere.at.all }}",
        "{{ nowhere() }}",
        "{{ 1 / 0 }}",
        "{{ messages | nofilter }}",
        "{{ range(10 ** 9) | list }}",
        "{% macro f() %}{{ f() }}{% endmacro %}{{ f() }}",
    ],
    ids=["undefined", "attribute", "call", "division", "filter", "range", "recursion"],
)
def test_a_template_that_fails_is_one_clear_error(source):
    assert "; expected " in refused(SHORT, source)


def test_syntax_error_names_the_line():
    assert refused(SHORT, "{{ 'a' }}\n{% for %}\n") == (
        "the template, line 2: found Expected an expression, got 'end of statement block'; "
        "expected a valid Jinja template"
    )


def test_an_unclosed_marker():
    assert "expected a valid Jinja template" in refused(SHORT, "{% generation %}{{ 'a' }}")


def test_raise_exception_says_its_message():
    assert refused([{"role": "tool", "content": "x"}], "alpaca") == (
        "alpaca: found a template that fails on this conversation (Alpaca has no place for the role 'tool'; "
        "roles: tool); expected a conversation that the template accepts; change the conversation, "
        "or pass another --template"
    )


def test_no_such_template(tmp_path):
    names = ", ".join(NAMES)
    expected = f"expected one of {names}, or the path of a Jinja file"
    assert refused(SHORT, "chatlm") == f"chatlm: found no such template; {expected}"
    assert refused(SHORT, tmp_path) == f"{tmp_path}: found a directory; {expected}"


def test_a_template_file(tmp_path):
    path = tmp_path / "mine.jinja"
    path.write_bytes(b"{% for m in messages %}{{ m['content'] }}\r\n{% endfor %}{# \xe4\xb8\xad #}")
    assert render([SHORT[0]], path).text == "Oi\n"  # Jinja's own: one newline style
    path.write_bytes(b"\xff")
    assert "expected a Jinja template in UTF-8" in refused(SHORT, path)


# ------------------------------------------------------------------ a tokenizer's own


class Tokenizer:
    name_or_path = "some/model"
    bos_token, eos_token = "<s>", "</s>"

    def __init__(self, chat_template):
        self.chat_template = chat_template


OWN = HEAD + IF + "{% generation %}{{ m['content'] + eos_token }}{% endgeneration %}" + ELSE + "{% endfor %}"


@pytest.mark.parametrize("template", [OWN, {"default": OWN, "tool_use": "{{ 1 }}"}], ids=["text", "dict"])
def test_a_tokenizers_own_template_with_its_own_tokens(template):
    assert render(SHORT, tokenizer=Tokenizer(template)).assistant_texts == ["Olá!</s>"]


@pytest.mark.parametrize("template", [None, "", {}, {"tool_use": "{{ 1 }}"}])
def test_a_tokenizer_without_a_template(template):
    assert refused(tokenizer=Tokenizer(template)) == (
        "some/model: found no chat template; expected one; pass --template smollm2"
    )
    assert render(SHORT, "chatml", tokenizer=Tokenizer(template)).assistant_texts == ["Olá!<|im_end|>"]


def test_tokens_that_a_tokenizer_has_not_are_not_named():
    assert special_tokens(Tokenizer(None)) == {"bos_token": "<s>", "eos_token": "</s>"}
    more = Tokenizer("{{ image_token }}{{ pad_token }}")
    more.special_tokens_map = {"image_token": "<image>", "bos_token": "<s>", "more": ["<a>"]}
    assert special_tokens(more) == {"image_token": "<image>", "bos_token": "<s>", "eos_token": "</s>"}
    assert render([SHORT[0]], tokenizer=more).text == "<image>"


def test_tools_and_tojson_reach_the_template():
    source = "{{ tools | tojson }}{{ strftime_now('%Y')[:2] }}"
    assert render([SHORT[0]], source, tools=[{"name": "ação <b>"}]).text == '[{"name": "ação <b>"}]20'


# ------------------------------------------------------------------ one template, many conversations


def test_prepared_once_for_the_same_source_and_tokens():
    assert prepare("chatml") is prepare("chatml")
    assert prepare("llama3") is not prepare("llama3", tokenizer=Tokenizer(None))
    prepared = prepare("smollm2-original")
    assert (prepared.name, prepared.marked) == ("smollm2-original", False)
    assert prepared.source == find_template("smollm2-original")[1]


@given(ANY_CONVERSATIONS)
def test_prepared_renders_as_render_does(turns):
    for name in ("chatml", "llama3"):
        assert prepare(name).render(turns) == render(turns, name)
        assert prepare(name).text(turns) == render(turns, name).text


def test_one_rendering_where_the_markers_are_printed_directly(monkeypatch):
    from sintonia import template_program

    seen = []
    real = template_program.pieces
    monkeypatch.setattr(template_program, "pieces", lambda *args: seen.append(1) or real(*args))
    direct = HEAD + IF + "{% generation %}{{ m['content'] }}{% endgeneration %}" + ELSE + TAIL
    captured = "{% set all %}" + direct + "{% endset %}{{ all }}"
    assert render(SHORT, direct) == render(SHORT, captured)
    seen.clear()
    render(SHORT, direct)
    assert len(seen) == 1
    seen.clear()
    render(SHORT, captured)
    assert len(seen) == 2


@pytest.mark.parametrize(
    "captured",
    [
        "{% macro f() %}@{% endmacro %}{{ f() }}",
        "{% set x %}@{% endset %}{{ x }}",
        "{% filter string %}@{% endfilter %}",
        "{% macro f() %}{{ caller() }}{% endmacro %}{% call f() %}@{% endcall %}",
        "{% for x in [1] recursive %}@{% endfor %}",
        "{% block b %}@{% endblock %}",
    ],
    ids=["macro", "set", "filter", "call", "recursive", "block"],
)
def test_markers_that_are_captured_give_the_same_spans(captured):
    body = HEAD + IF + "{% generation %}{{ m['content'] }}{% endgeneration %}" + ELSE + TAIL
    template = "start " + captured.replace("@", body) + " end"
    assert render(SHORT, template).spans == [(24, 28)]
    assert render(SHORT, template).assistant_texts == ["Olá!"]


def test_a_marker_left_by_a_break_is_refused():
    template = (
        "{% for m in messages %}{% generation %}{{ m['content'] }}{% break %}{% endgeneration %}{% endfor %}"
    )
    assert "left by a break" in refused(SHORT, template)


def test_markers_inside_markers_are_refused():
    template = "{% generation %}a{% generation %}b{% endgeneration %}{% endgeneration %}"
    assert "{% generation %} inside {% generation %}" in refused(SHORT, template)


def test_template_kwargs_reach_the_template():
    turns = [SHORT[0]]
    text = render(turns, "qwen", add_generation_prompt=True, template_kwargs={"enable_thinking": False}).text
    assert text == "<|im_start|>user\nOi<|im_end|>\n<|im_start|>assistant\n<think>\n\n</think>\n\n"
    assert refused(turns, "qwen", template_kwargs={"messages": []}) == (
        "template_kwargs: found the name 'messages'; expected names that render does not set itself"
    )


def test_tools_are_schemas():
    assert "get_json_schema" in refused(SHORT, "qwen", tools=[len])
    assert "found something other than a list of JSON schemas" in refused(SHORT, "qwen", tools="[]")


# ------------------------------------------------------------------ what a message may hold


PARTS = [
    {"role": "user", "content": [{"type": "image"}, {"type": "text", "text": "Oi"}]},
    {"role": "assistant", "content": [{"type": "text", "text": "Olá!"}]},
]
WITH_PARTS = (
    HEAD + "{% for part in m['content'] %}{{ '<image>' if part.type == 'image' else part.text }}{% endfor %}"
    + TAIL
)  # fmt: skip


def test_content_in_parts_for_a_template_that_takes_parts():
    rendered = render(PARTS, WITH_PARTS)
    assert rendered.text == "user:<image>Oi;assistant:Olá!;"
    assert rendered.assistant_texts == ["assistant:Olá!;"]


@pytest.mark.parametrize(
    "printed",
    [
        "{{ m['content'] }}",
        "{{ 'x' ~ m['content'] }}",
        "{{ m['content'] | string }}",
        "{{ m['content'] | trim }}",
        "{{ '%s' % m['content'] }}",
        "{{ '{}'.format(m['content']) }}",
        "{{ m['content'][0] }}",
        "{{ m['content'] | join }}",
        "{{ m }}",
        "{{ messages }}",
    ],
)
def test_parts_are_never_printed_as_python(printed):
    template = "{% for m in messages %}" + printed + "{% endfor %}"
    assert "a list of content parts printed as Python's own notation" in refused(PARTS, template)
    assert "Oi" in prepare(template.replace("[0]", "")).text([SHORT[0]])


@pytest.mark.parametrize("name", NAMES)
def test_no_shipped_template_prints_parts_or_drops_them(name):
    assert "a template that fails on this conversation" in refused(PARTS, name)


@pytest.mark.parametrize("name", [name for name in NAMES if name != "qwen"])
def test_missing_content_is_no_text(name):
    turns = [SHORT[0], {"role": "assistant", "content": None, "tool_calls": []}]
    assert "a template that fails on this conversation" in refused(turns, name)


def test_thinking_goes_by_three_names():
    for name in ("reasoning_content", "thinking", "reasoning"):
        turns = [SHORT[0], {**SHORT[1], name: "Hm."}]
        assert render(turns, "qwen").assistant_texts == ["<think>\nHm.\n</think>\n\nOlá!<|im_end|>"]


def test_a_template_sees_plain_data_only():
    class Image:
        def save(self) -> str:
            raise AssertionError("a template may not call this")

    turns = [{"role": "user", "content": [{"type": "image", "image": Image()}]}]
    template = "{{ messages[0].content[0].image.save() }}"
    assert "no attribute 'save'" in refused(turns, template)
    assert plain_messages(turns)[0]["content"][0]["image"] == "<Image>"


def test_a_message_that_is_no_object():
    assert refused(["Oi"], "chatml") == (
        "message 1: found a str; expected an object with 'role' and 'content'"
    )


def test_one_message_twice_is_two_turns():
    turns = [*SHORT, *SHORT]
    assert render(turns, "smollm2-original").assistant_texts == ["Olá!<|im_end|>"] * 2


# ------------------------------------------------------------------ weight


WEIGHED = [SHORT[0], {**SHORT[1], "weight": 0}, SHORT[0], {**SHORT[1], "weight": 1}, SHORT[0], SHORT[1]]


@pytest.mark.parametrize("name", ["chatml", "smollm2-original", "llama3", "gemma", "mistral", "qwen", "phi3"])
def test_a_message_of_weight_0_is_printed_and_not_learned(name):
    plain = [{key: value for key, value in turn.items() if key != "weight"} for turn in WEIGHED]
    whole, some = render(plain, name), render(WEIGHED, name)
    assert some.text == whole.text
    assert len(whole.spans) == 3 and some.spans == whole.spans[1:]


def test_weight_0_needs_markers_that_belong_to_one_message():
    template = "{% generation %}" + HEAD + "{{ m['content'] }}" + TAIL + "{% endgeneration %}"
    assert "found a message with weight 0, and markers that do not say whose text" in refused(
        WEIGHED, template
    )
    assert len(render(SHORT, template).spans) == 1


def test_weight_of_a_user_says_nothing():
    turns = [{**SHORT[0], "weight": 0}, SHORT[1]]
    assert render(turns) == render(SHORT)


# ------------------------------------------------------------------ derived spans


def test_derived_where_earlier_turns_are_rewritten():
    """Thinking is left out of earlier turns: no prefix of the conversation is a prefix of the text."""
    template = (
        HEAD + IF + "{{ m['content'].split('|')[-1] if not loop.last else m['content'] }}{{ '<e>' }}"
        + ELSE + "{{ '\n' }}{% endfor %}{% if add_generation_prompt %}{{ 'assistant:' }}{% endif %}"
    )  # fmt: skip
    turns = [SHORT[0], {"role": "assistant", "content": "hm|a "}] * 2
    rendered = render(turns, template)
    assert rendered.text == "user:Oi\nassistant:a <e>\nuser:Oi\nassistant:hm|a <e>\n"
    assert rendered.assistant_texts == ["a <e>", "hm|a <e>"]


def test_derived_where_the_system_message_opens_the_users_turn():
    template = (
        "{% set first = messages[0]['role'] == 'system' %}"
        "{% for m in (messages[1:] if first else messages) %}"
        "{{ '[' }}{% if first and loop.first %}{{ messages[0]['content'] + '|' }}{% endif %}"
        "{{ m['content'] | trim + ']' }}{% endfor %}"
    )
    turns = [{"role": "system", "content": "S"}, *SHORT, SHORT[0], {"role": "assistant", "content": " x "}]
    rendered = render(turns, template)
    assert rendered.text == "[S|Oi][Olá!][Oi][x]"
    assert rendered.assistant_texts == ["[Olá!]", "[x]"]


def test_derived_without_an_end_of_turn_keeps_what_was_said_to_the_last_space():
    template = HEAD + "{{ m['content'] + '\n' }}{% endfor %}"
    turns = [SHORT[0], {"role": "assistant", "content": "Olá \n\n"}, SHORT[0], SHORT[1]]
    assert render(turns, template).assistant_texts == ["assistant:Olá \n\n", "assistant:Olá!"]


def test_derived_where_the_users_turn_ends_with_the_header():
    template = (
        "{% for m in messages %}{% if m['role'] == 'user' %}{{ '<u>' + m['content'] + '<a>' }}"
        "{% else %}{{ m['content'] + '</a>' }}{% endif %}{% endfor %}"
    )
    assert render([*SHORT, *SHORT], template).assistant_texts == ["Olá!</a>"] * 2


def test_derived_where_the_end_of_sequence_stands_once():
    template = (
        HEAD + "{{ m['content'] + '\n' }}{% endfor %}"
        "{% if add_generation_prompt %}{{ 'assistant:' }}{% else %}{{ eos_token }}{% endif %}"
    )
    rendered = render([*SHORT, *SHORT], template, tokenizer=Tokenizer(None))
    assert rendered.assistant_texts == ["Olá!", "Olá!\n</s>"]


def test_derived_without_a_loop_to_watch():
    template = (
        "{% macro all() %}" + HEAD + "{{ m['content'] + ';' }}{% endfor %}{% endmacro %}{{ all() }}"
        "{% if add_generation_prompt %}{{ 'assistant:' }}{% endif %}"
    )
    assert render([*SHORT, *SHORT], template).assistant_texts == ["Olá!;"] * 2


def test_refused_where_another_message_is_printed_inside():
    template = (
        HEAD + "{{ m['content'] }}{% if loop.nextitem and m['role'] == 'assistant' %}"
        "{{ loop.nextitem['content'] }}{% endif %}" + TAIL
    )
    assert "(message 3 is printed inside it)" in refused([*SHORT, {"role": "user", "content": "?"}], template)
    assert render(SHORT, template).assistant_texts == ["assistant:Olá!;"]


def test_refused_where_the_content_is_dropped():
    template = HEAD + "{% if m['role'] == 'user' %}{{ m['content'] }}{% endif %}" + TAIL
    assert "(its content is not in the text)" in refused(SHORT, template)


def test_refused_where_the_turn_has_another_header_than_the_prompt():
    template = HEAD + "{{ m['content'] }}" + TAIL + "{% if add_generation_prompt %}{{ 'bot>' }}{% endif %}"
    assert "it does not begin with the generation prompt 'bot>'" in refused(SHORT, template)
