"""Replies and losses become the numbers that a comparison shows."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cache
from typing import Any

from sintonia.conversations import Conversation
from sintonia.generation import Reply
from sintonia.loss_masks import IGNORE_INDEX, encode, labels, supervised_loss

LANGUAGES = ("pt", "es", "zh", "en")


@dataclass(frozen=True)
class Scores:
    """What one model did on a set of prompts.

    Args:
        prompts: how many were asked.
        stop_rate: share of replies that ended by themselves.
        in_language: share of replies in the prompt's language.
        response_loss: mean loss in nats over the supervised tokens of the reference replies.
    """

    prompts: int
    stop_rate: float
    in_language: float
    response_loss: float

    @property
    def perplexity(self) -> float:
        """`exp(response_loss)`: as unsure as if choosing between so many tokens."""
        return math.exp(self.response_loss)


def score(rows: list[dict[str, Any]], replies: list[Reply], losses: list[tuple[float, int]]) -> Scores:
    """Turn one model's replies and losses on `rows` into figures.

    Args:
        rows: conversations as `load_rows` yields them, with a `lang` column where it is known.
        replies: one a row, in the same order.
        losses: `(sum, tokens)` of the reference of each row, as `response_losses` returns them.

    Explained in: masks.md#run-it
    """
    known = [(row, reply) for row, reply in zip(rows, replies, strict=True) if row.get("lang")]
    adherent = [language_of(reply.text) == row["lang"] for row, reply in known]
    return Scores(
        prompts=len(rows),
        stop_rate=sum(reply.stopped for reply in replies) / len(replies),
        in_language=sum(adherent) / len(adherent) if adherent else math.nan,
        response_loss=mean_loss(losses),
    )


def mean_loss(losses: list[tuple[float, int]]) -> float:
    """The mean over all tokens, in nats: one sum and one divisor, so a long reply weighs what it is worth.

    Example:
        >>> mean_loss([(6.0, 3), (1.0, 1)])
        1.75

    Explained in: masks.md#divisor
    """
    count = sum(tokens for _, tokens in losses)
    return sum(total for total, _ in losses) / count if count else math.nan


def response_loss(
    model: Any, tokenizer: Any, conversations: list[Conversation], *, chat_template: str | None = None
) -> float:
    """Mean cross-entropy, in nats a token, over all tokens that the assistant wrote.

    Explained in: masks.md#divisor
    """
    return mean_loss(response_losses(model, tokenizer, conversations, chat_template=chat_template))


def response_losses(
    model: Any, tokenizer: Any, conversations: list[Conversation], *, chat_template: str | None = None
) -> list[tuple[float, int]]:
    """For each conversation, the summed loss of the tokens that the assistant wrote, and their number.

    Explained in: masks.md#divisor
    """
    import torch

    losses = []
    for example in encode(conversations, tokenizer, chat_template=chat_template):
        inputs = {
            "input_ids": torch.tensor([example["input_ids"]], device=model.device),
            "labels": torch.tensor([labels(example)], device=model.device),
        }
        with torch.inference_mode():
            total = supervised_loss(model, inputs, divisor=1).item()
        losses.append((total, sum(label != IGNORE_INDEX for label in labels(example)[1:])))
    return losses


def language_of(text: str) -> str | None:
    """`pt`, `es`, `zh` or `en`: the likeliest of the course's languages; `None` without any letter.

    Chinese is told by its script; the other three by py3langid (Lui and Baldwin 2012), held to them.

    Example:
        >>> [language_of(text) for text in ("A capital é Lima.", "La capital es Lima.", "首都是利马。")]
        ['pt', 'es', 'zh']

    Explained in: masks.md#run-it
    """
    letters = [character for character in text if character.isalpha()]
    if not letters:
        return None
    chinese = sum("\u4e00" <= character <= "\u9fff" for character in letters)
    if chinese * 3 >= len(letters):
        return "zh"
    return _identifier().classify(text)[0]


@cache
def _identifier() -> Any:
    from py3langid.langid import MODEL_FILE, LanguageIdentifier

    identifier = LanguageIdentifier.from_model_file(MODEL_FILE)
    identifier.set_languages(["pt", "es", "en"])
    return identifier
