"""The loss is the one a person computes by hand; the language is the one a reader sees."""

from __future__ import annotations

import math

import pytest

from sintonia import encode
from sintonia.evaluation import Scores, language_of, response_loss, response_losses, score
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
    scores = score(rows, replies, response_losses(*tiny, [row["messages"] for row in rows]))
    assert (scores.prompts, scores.stop_rate, scores.in_language) == (3, 2 / 3, 1 / 2)
    assert scores.response_loss == response_loss(*tiny, [TURNS, SHORT, SHORT])


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
