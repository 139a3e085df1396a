"""The loss is the one a person computes by hand; the language is the one a reader sees."""

from __future__ import annotations

import math

import pytest

from sintonia import encode
from sintonia.evaluation import (
    MEASURES,
    Outcome,
    Scores,
    changes,
    judge,
    language_of,
    response_loss,
    response_losses,
    score,
    scores,
    speaks,
)
from sintonia.generation import Reply

TURNS = [{"role": "user", "content": "Oi"}, {"role": "assistant", "content": "Olá! Tudo bem?"}]
SHORT = [{"role": "user", "content": "Say a."}, {"role": "assistant", "content": "a"}]


def by_hand(model, tokenizer, conversations) -> float:
    import torch

    losses = []
    for example in encode(conversations, tokenizer):
        ids = example["input_ids"]
        logits = model(input_ids=torch.tensor([ids])).logits[0].detach().double()
        for place in range(1, len(ids)):
            if example["assistant_mask"][place]:
                before = logits[place - 1]
                losses.append(float(torch.logsumexp(before, 0) - before[ids[place]]))
    return sum(losses) / len(losses)


def test_response_loss_by_hand(tiny):
    assert response_loss(*tiny, [TURNS]) == pytest.approx(by_hand(*tiny, [TURNS]), rel=1e-5)


def test_a_long_reply_weighs_what_it_is_worth(tiny):
    together = response_loss(*tiny, [TURNS, SHORT])
    assert together == pytest.approx(by_hand(*tiny, [TURNS, SHORT]), rel=1e-5)
    apart = [response_loss(*tiny, [turns]) for turns in (TURNS, SHORT)]
    assert together != pytest.approx(sum(apart) / 2, rel=1e-3)


def test_response_loss_is_that_of_transformers_on_our_labels(tiny):
    import torch

    from sintonia import labels

    model, tokenizer = tiny
    example = encode([TURNS], tokenizer)[0]
    ids, target = torch.tensor([example["input_ids"]]), torch.tensor([labels(example)])
    assert response_loss(model, tokenizer, [TURNS]) == pytest.approx(
        model(input_ids=ids, labels=target).loss.item(), rel=1e-5
    )


def test_nothing_supervised_has_no_loss(tiny):
    assert math.isnan(response_loss(*tiny, [TURNS[:1]]))


def test_scores(tiny):
    rows = [{"lang": "pt", "messages": TURNS}, {"lang": "en", "messages": SHORT}, {"messages": SHORT}]
    replies = [
        Reply("A capital de Portugal é Lisboa.", True, 5),
        Reply("La capital de España es Madrid.", False, 5),
        Reply("x", True, 1),
    ]
    found = score(rows, replies, response_losses(*tiny, [row["messages"] for row in rows]))
    assert (found.prompts, found.stop_rate, found.in_language) == (3, 2 / 3, 1 / 2)
    assert found.response_loss == pytest.approx(response_loss(*tiny, [TURNS, SHORT, SHORT]))
    assert found.counted == {
        **{"stop_rate": 3, "in_language": 2, "perplexity": 3},
        **{"follows": 0, "json_parses": 0, "json_keys": 0, "json_equal": 0},
    }
    low, high = found.intervals["perplexity"]
    assert low <= found.perplexity <= high
    assert math.isnan(found.follows) and math.isnan(found.json_equal)


def test_without_languages_there_is_no_share_in_language(tiny):
    assert math.isnan(score([{"messages": SHORT}], [Reply("x", True, 1)], [(1.0, 1)]).in_language)


def test_perplexity():
    assert Scores(1, 1.0, 1.0, math.log(8)).perplexity == pytest.approx(8)


@pytest.mark.parametrize(
    ("text", "lang"),
    [
        ("A capital de Portugal é Lisboa, às margens do Tejo.", "pt"),
        ("Você pode guardar o arquivo na pasta.", "pt"),
        ("La capital de España es Madrid, en el centro del país.", "es"),
        ("Puedes guardar el archivo en la carpeta.", "es"),
        ("The capital of France is Paris.", "en"),
        ("You can keep the file in the folder.", "en"),
        ("法国的首都是巴黎。", "zh"),
        ("Python 里用 print 函数输出。", "zh"),
        ("葡萄牙 Portugal 首都", "zh"),
        ("The word 你 means you in Chinese.", "en"),
        ("", None),
        ("42 + 1 = 43 !? 😀", None),
    ],
)
def test_language_of(text, lang):
    assert language_of(text) == lang


@pytest.mark.parametrize(
    ("reply", "lang", "said"),
    [
        ("A capital de Portugal é Lisboa.", "pt", True),
        ("A capital de Portugal é Lisboa.", "es", False),
        ("首都是里斯本。", "pt", False),
        ("首都是里斯本。", "zh", True),
        ("Lisbon is the capital.", "zh", False),
        ("Positive", "zh", False),  # a label in Latin letters is not Chinese
        ("positivo", "pt", None),  # nor can one word tell Portuguese from Spanish
        ("42", "en", None),
        ("3 × 4 = 12", "zh", None),
        ("", "en", False),
        ("!!! ...", "pt", False),
        ('{"name": "Laura", "people": 4}', "pt", None),
        ('{"people": 4}', "es", None),
        ("{}", "zh", None),
        ('{"place": "the old garden by the river"}', "pt", False),
        ('{"place": "o velho jardim perto do rio"}', "pt", True),
        ('{"place": "植物园", "time": "20:00"}', "zh", True),
        ('{"place": "植物园"}', "es", False),
    ],
)
def test_speaks(reply, lang, said):
    assert speaks(reply, lang) is said


def test_no_reference_of_the_test_rows_is_in_another_language(course):
    """What people wrote must pass, or the measure would blame models for its own mistakes."""
    for (split, lang), rows in course.items():
        if split == "test":
            said = [speaks(row["messages"][-1]["content"], lang) for row in rows]
            wrong = [row["id"] for row, good in zip(rows, said, strict=True) if good is False]
            assert len(wrong) <= 0.03 * len(rows), (lang, wrong)
            assert sum(good is True for good in said) >= 0.7 * len(rows)


JSON_ROW = {"lang": "en", "messages": [TURNS[0], {"role": "assistant", "content": '{"a": 1, "b": "x"}'}]}
ASKED_TO_END = {"lang": "en", "messages": SHORT, "check": {"kind": "ends", "text": "a"}}


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ('{"b": "x", "a": 1}', (True, True, True)),
        ('{"b": "y", "a": 1}', (True, True, False)),
        ('{"b": "x"}', (True, False, False)),
        ('Sure: {"b": "x", "a": 1}', (False, False, False)),
        ("1", (False, False, False)),
    ],
)
def test_json_step_by_step(text, found):
    outcome = judge(JSON_ROW, Reply(text, True, 3), (1.0, 1))
    assert (outcome.json_parses, outcome.json_keys, outcome.json_equal) == found


def test_what_was_not_asked_is_not_judged():
    outcome = judge({"messages": SHORT}, Reply("a", True, 1), (1.0, 1))
    assert outcome == Outcome(True, None, 1.0, 1)


def test_a_reply_that_never_stops_obeys_nothing():
    assert judge(ASKED_TO_END, Reply("a", True, 1), (1.0, 1)).follows is True
    assert judge(ASKED_TO_END, Reply("a", False, 1), (1.0, 1)).follows is False
    assert judge(JSON_ROW, Reply('{"b": "x", "a": 1}', False, 9), (1.0, 1)).json_parses is False


def outcomes(*stops, loss=1.0):
    return [Outcome(stop, None, loss * place, place) for place, stop in enumerate(stops, start=1)]


def test_seeds_are_pooled():
    found = scores([outcomes(True, True), outcomes(True, False, loss=3.0)])
    assert found.stop_rate == 0.75
    assert found.response_loss == pytest.approx(2.0)  # (1 + 2 + 3 + 6) nats of 6 tokens
    assert found.prompts == 2


def test_changes_are_paired_and_perplexity_is_a_factor():
    found = changes(outcomes(True, False, loss=3.0), [outcomes(True, True, loss=1.0)])
    assert set(found) == {measure.name for measure in MEASURES}
    assert found["stop_rate"].value == 0.5
    assert found["perplexity"].value == pytest.approx(math.exp(-2))
    assert found["perplexity"].low == pytest.approx(found["perplexity"].high)  # every prompt gained as much
    assert math.isnan(found["json_equal"].value)
