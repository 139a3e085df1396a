"""Replies and losses become the numbers that a comparison shows, each with its interval."""

from __future__ import annotations

import math
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import numpy as np

from sintonia.conversations import Conversation
from sintonia.generation import Reply
from sintonia.instruction_checks import match_json, obeys, read_json, spoken_values
from sintonia.intervals import Estimate, difference, estimate
from sintonia.loss_masks import IGNORE_INDEX, encode, labels, supervised_loss

LANGUAGES = ("pt", "es", "zh", "en")
FEWEST_WORDS = 3  # in fewer, Portuguese, Spanish and English cannot be told apart


@dataclass(frozen=True)
class Outcome:
    """One reply, judged. `None` where a question does not arise.

    Args:
        stopped: it ended by itself.
        in_language: it is in the prompt's language.
        loss: summed over the tokens of the reference, in nats.
        tokens: of the reference.
        follows: it obeys the row's `check`.
        json_parses: it is JSON, where the reference is.
        json_keys: it has the reference's keys, too.
        json_equal: it has the reference's values, too.
    """

    stopped: bool
    in_language: bool | None
    loss: float
    tokens: int
    follows: bool | None = None
    json_parses: bool | None = None
    json_keys: bool | None = None
    json_equal: bool | None = None


@dataclass(frozen=True)
class Measure:
    """One column of a comparison: a field of `Outcome`, how it is called, and whether it is a share."""

    name: str
    field: str
    label: str
    share: bool = True


MEASURES = (
    Measure("stop_rate", "stopped", "stopped"),
    Measure("in_language", "in_language", "in its language"),
    Measure("follows", "follows", "follows the instruction"),
    Measure("json_parses", "json_parses", "JSON that parses"),
    Measure("json_keys", "json_keys", "JSON with the keys"),
    Measure("json_equal", "json_equal", "JSON, all equal"),
    Measure("perplexity", "loss", "perplexity", share=False),
)


@dataclass(frozen=True)
class Scores:
    """What one model did on a set of prompts. A share of nothing is NaN.

    Args:
        prompts: how many were asked.
        stop_rate: share of replies that ended by themselves.
        in_language: share of replies in the prompt's language, of those that are words.
        response_loss: mean loss in nats over the supervised tokens of the reference replies.
        follows: share of replies that obey, of prompts with an instruction that a program can check.
        json_parses: share of replies that are JSON, of prompts whose reference is; `json_keys` and
            `json_equal`, those with its keys, and with its values too.
        intervals: measure -> (low, high), of 95 %; of `perplexity` and not of its logarithm.
        counted: measure -> prompts that it is a share of.
    """

    prompts: int
    stop_rate: float
    in_language: float
    response_loss: float
    follows: float = math.nan
    json_parses: float = math.nan
    json_keys: float = math.nan
    json_equal: float = math.nan
    intervals: dict[str, tuple[float, float]] = field(default_factory=dict)
    counted: dict[str, int] = field(default_factory=dict)

    @property
    def perplexity(self) -> float:
        """`exp(response_loss)`: as unsure as if choosing between so many tokens."""
        return math.exp(self.response_loss)


def judge(row: dict[str, Any], reply: Reply, loss: tuple[float, int]) -> Outcome:
    """What there is to say of one reply.

    A reply that did not stop obeys no instruction and is no JSON: how it would have gone on nobody knows.

    Args:
        row: a conversation as `load_rows` yields it; its `lang` and its `check` are looked at if there.
        loss: `(sum, tokens)` of the row's reference, as `response_losses` returns it.

    Explained in: masks.md#run-it
    """
    lang, check = row.get("lang") or "", row.get("check")
    reference = next(turn for turn in reversed(row["messages"]) if turn["role"] == "assistant")
    found = match_json(reply.text, reference["content"] or "")
    return Outcome(
        stopped=reply.stopped,
        in_language=speaks(reply.text, lang) if lang else None,
        loss=loss[0],
        tokens=loss[1],
        follows=reply.stopped and obeys(reply.text, check, lang) if check else None,
        json_parses=found and reply.stopped and found.parses,
        json_keys=found and reply.stopped and found.keys,
        json_equal=found and reply.stopped and found.equal,
    )


def score(rows: list[dict[str, Any]], replies: list[Reply], losses: list[tuple[float, int]]) -> Scores:
    """Turn one model's replies and losses on `rows` into figures.

    Args:
        rows: conversations as `load_rows` yields them, with a `lang` column where it is known.
        replies: one a row, in the same order.
        losses: `(sum, tokens)` of the reference of each row, as `response_losses` returns them.

    Explained in: masks.md#run-it
    """
    judged = [judge(*each) for each in zip(rows, replies, losses, strict=True)]
    return scores([judged], [row.get("id", number) for number, row in enumerate(rows)])


def scores(runs: list[list[Outcome]], clusters: Sequence[Hashable] | None = None) -> Scores:
    """The figures of one model, or of several seeds taken together, with intervals.

    Args:
        runs: for each seed the outcomes on the same prompts, in the same order.
        clusters: one a prompt; prompts of one cluster (translations) are drawn together.

    Explained in: masks.md#run-it
    """
    values: dict[str, float] = {}
    intervals, counted = {}, {}
    for measure in MEASURES:
        parts, wholes = _sums(runs, measure)
        change = None if measure.share else np.exp
        found = estimate(parts, wholes, clusters, share=measure.share, transform=change)
        values[measure.name] = found.value
        intervals[measure.name] = (found.low, found.high)
        counted[measure.name] = int((wholes.sum(axis=0) > 0).sum())
    values["response_loss"] = math.log(values.pop("perplexity"))
    return Scores(prompts=len(runs[0]), intervals=intervals, counted=counted, **values)


def changes(
    base: list[Outcome], runs: list[list[Outcome]], clusters: Sequence[Hashable] | None = None
) -> dict[str, Estimate]:
    """What tuning changed, on prompts that both models were counted on: measure -> paired difference.

    Shares are subtracted; `perplexity` is the ratio of the tuned model's to the base's, so 0.5 is half.

    Explained in: masks.md#run-it
    """
    found = {}
    for measure in MEASURES:
        before, after = _sums([base], measure), _sums(runs, measure)
        change = None if measure.share else np.exp
        found[measure.name] = difference(before, after, clusters, transform=change)
    return found


def _sums(runs: list[list[Outcome]], measure: Measure) -> tuple[np.ndarray, np.ndarray]:
    """`(parts, wholes)`, each (runs, prompts): hits of counted prompts, or nats of tokens."""
    read: Callable[[Outcome], tuple[float, float]]
    if measure.share:

        def read(outcome: Outcome) -> tuple[float, float]:
            value = getattr(outcome, measure.field)
            return (0.0, 0.0) if value is None else (float(value), 1.0)

    else:

        def read(outcome: Outcome) -> tuple[float, float]:
            return outcome.loss, float(outcome.tokens)

    pairs = np.array([[read(outcome) for outcome in run] for run in runs], dtype=float)
    return pairs[..., 0], pairs[..., 1]


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


def speaks(reply: str, lang: str) -> bool | None:
    """Whether a reply is in a language; `None` where it has none to be in.

    Of JSON only the values speak. A bare number has no language, nor have fewer than three words in
    Latin letters, be they a name or a label, where any of the course's three such languages is asked for.
    A reply of nothing, or of signs alone, is in no language.

    Example:
        >>> [speaks(text, "pt") for text in ("A capital é Lima.", "La capital es Lima.", "42", "Lima", "")]
        [True, False, None, None, False]
        >>> speaks('{"place": "o jardim da cidade"}', "pt"), speaks('{"name": "Laura"}', "zh")
        (True, None)

    Explained in: masks.md#run-it
    """
    value = read_json(reply)
    spoken = reply if value is None else spoken_values(value)
    if not any(character.isalpha() for character in spoken):
        return None if value is not None or any(character.isdigit() for character in reply) else False
    found = language_of(spoken)
    few = found != "zh" and len(spoken.split()) < FEWEST_WORDS
    if few and (lang != "zh" or value is not None):
        return None
    return found == lang


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
