"""Each question, on templates of which the answer is known, and its evidence."""

from __future__ import annotations

import pytest

from sintonia import InputError
from sintonia import template_questions as ask

HEAD = "{% for m in messages %}{{ '<|' + m['role'] + '|>' }}"
ASSISTANT = "{% if m['role'] == 'assistant' %}{% generation %}{{ m['content'] }}{% endgeneration %}"
REST = "{% else %}{{ m['content'] }}{% endif %}{{ '<|end|>' }}{% endfor %}"
PROMPT = "{% if add_generation_prompt %}{{ '<|assistant|>' }}{% endif %}"
OUTSIDE = HEAD + ASSISTANT + REST + PROMPT
BARE = HEAD + "{{ m['content'] + '<|end|>' }}{% endfor %}" + PROMPT
ENDLESS = HEAD + "{{ m['content'] }}{% endfor %}" + PROMPT
REFUSES_SYSTEM = "{% if messages[0]['role'] == 'system' %}{{ raise_exception('no') }}{% endif %}" + BARE
DROPS_SYSTEM = BARE.replace("{{ m['content'] +", "{{ ('' if m['role'] == 'system' else m['content']) +")
NOT_THE_SAME = HEAD + "{{ m['content'] ~ ('!' if loop.last else '') }}{% endfor %}"
NEEDS_SYSTEM = "{% if messages[0]['role'] != 'system' %}{{ raise_exception('no') }}{% endif %}" + BARE
PARTS = HEAD + "{% for p in m['content'] %}{{ p['text'] }}{% endfor %}{{ '<|end|>' }}{% endfor %}" + PROMPT
FAILS = "{{ raise_exception('never') }}"
SILENT = "{{ 'nothing' }}"
FAMILIES = ["alpaca", "chatml", "gemma", "llama3", "mistral", "phi3", "qwen", "smollm2", "smollm2-original"]


def check(question, template, yes, *evidence, tokenizer=None):
    answer = question(template, tokenizer=tokenizer)
    assert answer.yes is bool(answer) is yes, answer.evidence
    assert all(part in answer.evidence for part in evidence), answer.evidence
    return answer


@pytest.mark.parametrize(
    ("template", "yes", "evidence"),
    [
        ("chatml", True, "none changed what stood before"),
        ("smollm2-original", True, "none changed"),
        ("qwen", False, "with message 3 (user) added, '|>assistant\\n<think>"),
        ("phi3", False, "with message 2 (assistant) added"),
        (NOT_THE_SAME, False, "became"),
        (PARTS, True, "none changed"),
    ],
)
def test_is_prefix_preserving(template, yes, evidence):
    check(ask.is_prefix_preserving, template, yes, evidence)


@pytest.mark.parametrize(
    ("template", "yes", "evidence", "stop"),
    [
        ("chatml", True, "'Two metres.' is learned together with '<|im_end|>'", "<|im_end|>"),
        ("smollm2-original", True, "together with '<|im_end|>'", "<|im_end|>"),
        ("phi3", True, "together with '<|end|>'", "<|end|>"),
        (BARE, True, "together with '<|end|>'", "<|end|>"),
        (PARTS, True, "together with '<|end|>'", "<|end|>"),
        (OUTSIDE, False, "'<|end|><|user|>And the l' follows it and is not learned", ""),
        (ENDLESS, False, "of 'Two metres.' nothing after the words is learned", ""),
        (OUTSIDE.replace("{{ m['content'] }}{% endgen", "{% endgen"), False, "marks nothing", ""),
        (NEEDS_SYSTEM, True, "together with '<|end|>'", "<|end|>"),
    ],
)
def test_trains_stop_token(template, yes, evidence, stop):
    answer = check(ask.trains_stop_token, template, yes, evidence)
    assert answer.data.get("stop") == stop


def test_trains_stop_token_where_the_spans_are_refused():
    template = HEAD + "{% if m['role'] == 'user' or not loop.last %}{{ m['content'] }}{% endif %}{% endfor %}"
    check(ask.trains_stop_token, template + "{{ 'Nine metres.' }}", False, "does not say what the assistant")


@pytest.mark.parametrize(
    ("template", "yes", "evidence"),
    [
        ("smollm2", True, "'You are a helpful AI assistant named SmolLM, trained by Hugging Face'"),
        ("smollm2-original", True, "named SmolLM"),
        ("chatml", False, "no sentence"),
        ("alpaca", False, "no sentence"),
        ("gemma", False, "no sentence"),
        (REFUSES_SYSTEM, False, "no sentence"),
        ("{{ '<|sys|>你是一个有用的助手<|end|>' }}" + BARE, True, "你是一个有用的助手"),
    ],
)
def test_adds_default_system(template, yes, evidence):
    check(ask.adds_default_system, template, yes, evidence)


@pytest.mark.parametrize(
    ("template", "yes", "evidence"),
    [
        ("qwen", False, "the tool stands in the text"),
        ("chatml", True, "'river_depth' was given and its name is nowhere"),
        ("{{ raise_exception('no tools') if tools }}" + BARE, True, "fails when it is given tools"),
    ],
)
def test_ignores_tools(template, yes, evidence):
    check(ask.ignores_tools, template, yes, evidence)


@pytest.mark.parametrize(
    ("template", "yes", "evidence"),
    [
        ("qwen", False, "a call of 'river_depth' stands in the text"),
        ("chatml", True, "was made and does not stand"),
        (
            HEAD + "{{ raise_exception('no') if m.tool_calls }}{{ m['content'] }}{% endfor %}",
            True,
            "fails on a message with tool calls",
        ),
    ],
)
def test_drops_tool_calls(template, yes, evidence):
    check(ask.drops_tool_calls, template, yes, evidence)


@pytest.mark.parametrize(
    ("template", "yes", "evidence"),
    [
        ("chatml", False, "it stands in the text"),
        ("gemma", False, "it stands in the text"),
        (REFUSES_SYSTEM, True, "fails on a conversation with a system message"),
        (DROPS_SYSTEM, True, "'Speak plainly.' was given and is nowhere"),
    ],
)
def test_drops_system(template, yes, evidence):
    check(ask.drops_system, template, yes, evidence)


@pytest.mark.parametrize(
    ("template", "yes", "evidence"),
    [
        ("chatml", True, "the reasoning of the earlier and the last turn"),
        ("qwen", True, "the reasoning of the earlier turn"),
        (
            BARE.replace("{{ m['content']", "{{ (m.thinking or '') + m['content']"),
            False,
            "stands in the text",
        ),
    ],
)
def test_strips_thinking(template, yes, evidence):
    check(ask.strips_thinking, template, yes, evidence)


@pytest.mark.parametrize(
    ("template", "yes", "roles"),
    [
        ("chatml", False, None),
        ("smollm2-original", False, None),
        (PARTS, False, None),
        ("llama3", True, ["user", "assistant"]),
        ("mistral", True, ["assistant"]),
        (BARE.replace("m['content']", "m['content'].rstrip()"), True, ["user", "assistant"]),
    ],
)
def test_trims_content(template, yes, roles):
    assert check(ask.trims_content, template, yes).data.get("roles") == roles


class Tokenizer:
    """A tokenizer that writes a BOS by itself, as Llama's does."""

    bos_token, chat_template, name_or_path = "<s>", None, "bos"

    def __call__(self, text):
        return {"input_ids": [1, *(1 if piece == "<s>" else 7 for piece in text.partition("<s>") if piece)]}

    def convert_tokens_to_ids(self, token):
        return 1


def test_doubles_bos():
    check(
        ask.doubles_bos, "{{ bos_token }}" + BARE, True, "adds it again: ids [1, 1, 7]", tokenizer=Tokenizer()
    )
    check(ask.doubles_bos, BARE, False, "the template does not write it", tokenizer=Tokenizer())
    twice = check(ask.doubles_bos, "{{ bos_token + bos_token }}" + BARE, True, "the template itself begins")
    assert twice.data == {"by": "template"}
    check(ask.doubles_bos, "llama3", False, "the template writes it")
    nobos = type("NoBos", (), {"chat_template": None})
    check(ask.doubles_bos, BARE, False, "has no BOS token", tokenizer=nobos)


QUESTIONS = [
    ask.is_prefix_preserving,
    ask.trains_stop_token,
    ask.adds_default_system,
    ask.ignores_tools,
    ask.drops_tool_calls,
    ask.drops_system,
    ask.strips_thinking,
    ask.trims_content,
    ask.doubles_bos,
]
MUST_RENDER = [q for q in QUESTIONS if q.__name__[:5] not in ("drops", "strip")]


@pytest.mark.parametrize("question", MUST_RENDER, ids=lambda q: q.__name__)
def test_a_template_that_prints_nothing_has_no_answer(question):
    with pytest.raises(InputError, match="never"):
        question(FAILS)


@pytest.mark.parametrize("question", QUESTIONS, ids=lambda q: q.__name__)
@pytest.mark.parametrize("template", FAMILIES)
def test_every_question_has_an_answer_for_every_shipped_template(question, template):
    answer = question(template)
    assert answer.evidence and "\n" not in answer.evidence
    assert answer.yes in (True, False)


def test_a_template_that_prints_something_else():
    with pytest.raises(InputError, match="prints nothing of a small conversation"):
        ask.adds_default_system(SILENT)
    with pytest.raises(InputError, match="prints nothing of a small conversation"):
        ask.trims_content(SILENT)
