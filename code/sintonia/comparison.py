"""A base and a tuned model answer the same prompts; a person reads the difference.

What comes out is a `Comparison`; `reports` prints it.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sintonia.conversations import Conversation, load_rows
from sintonia.errors import Fault, InputError
from sintonia.evaluation import LANGUAGES, Scores, response_losses, score
from sintonia.generation import Reply, generate

DATA = Path(__file__).parent / "data"
ALL = "all"


@dataclass(frozen=True)
class Exchange:
    """One prompt, the reply that the data holds, and what the two models wrote."""

    id: str
    lang: str
    prompt: Conversation
    reference: str
    base: Reply
    tuned: Reply

    @property
    def question(self) -> str:
        """The last thing the user said."""
        return (self.prompt[-1]["content"] or "") if self.prompt else ""


@dataclass(frozen=True)
class Comparison:
    """Everything that a report shows.

    Args:
        base_name: and `tuned_name`, the models as a person calls them.
        exchanges: the prompts with both replies.
        scores: language (or `all`) -> (base, tuned).
        losses: `(step, training loss)`, where the tuned model's run recorded them.
        provenance: name -> value: versions, data, machine, seed, time.
    """

    base_name: str
    tuned_name: str
    exchanges: list[Exchange]
    scores: dict[str, tuple[Scores, Scores]]
    losses: list[tuple[int, float]] = field(default_factory=list)
    provenance: dict[str, str] = field(default_factory=dict)


def course_rows(split: str, languages: Iterable[str] = LANGUAGES) -> list[dict[str, Any]]:
    """Rows of the course's own data, one language after the other.

    Example:
        >>> {row["lang"] for row in course_rows("test", ["pt"])}
        {'pt'}

    Explained in: masks.md#run-it
    """
    return [row for lang in languages for row in load_rows(DATA / split / f"{lang}.jsonl")]


def compare(
    base: tuple[str, Any, Any],
    tuned: tuple[str, Any, Any],
    rows: list[dict[str, Any]],
    *,
    chat_template: str | None = None,
    max_new_tokens: int = 64,
    losses: list[tuple[int, float]] | None = None,
    provenance: dict[str, str] | None = None,
    on_batch: Callable[[int], None] | None = None,
) -> Comparison:
    """Ask both models the last user turn of each row, and measure both.

    Args:
        base: `(name, model, tokenizer)`; likewise `tuned`.
        rows: conversations with an assistant turn, which is the reference, as `load_rows` yields them.
        on_batch: called with the number of replies just made, of twice as many as there are rows.

    Raises:
        InputError: there are no rows.

    Explained in: masks.md#run-it
    """
    if not rows:
        raise InputError(Fault("compare", "no rows", "at least one conversation"))
    prompts, references = zip(*(_split_reply(row["messages"]) for row in rows), strict=True)
    options = {"chat_template": chat_template}
    answered = [
        generate(
            model,
            tokenizer,
            list(prompts),
            max_new_tokens=max_new_tokens,
            on_batch=on_batch,
            **options,
        )
        for _, model, tokenizer in (base, tuned)
    ]
    exchanges = [
        Exchange(str(row.get("id", number)), str(row.get("lang", "")), prompt, reference, before, after)
        for number, (row, prompt, reference, before, after) in enumerate(
            zip(rows, prompts, references, *answered, strict=True), start=1
        )
    ]
    losses_of = [
        response_losses(model, tokenizer, [row["messages"] for row in rows], **options)
        for _, model, tokenizer in (base, tuned)
    ]
    scores = {}
    present = [lang for lang in dict.fromkeys(row.get("lang") for row in rows) if lang]
    for group in (*present, ALL):
        places = [i for i, row in enumerate(rows) if group in (ALL, row.get("lang"))]
        scores[group] = tuple(
            score([rows[i] for i in places], [replies[i] for i in places], [sums[i] for i in places])
            for replies, sums in zip(answered, losses_of, strict=True)
        )
    return Comparison(base[0], tuned[0], exchanges, scores, losses or [], provenance or {})


def _split_reply(conversation: Conversation) -> tuple[Conversation, str]:
    """The conversation up to its last assistant turn, and that turn."""
    last = max(i for i, turn in enumerate(conversation) if turn["role"] == "assistant")
    return conversation[:last], conversation[last]["content"] or ""


def run_facts(folder: str | Path) -> dict[str, Any]:
    """`losses` and `provenance` of the run that wrote a folder; both empty where it says nothing.

    Explained in: masks.md#run-it
    """
    try:
        record = json.loads((Path(folder) / "run.json").read_text("utf-8"))
        losses = [(int(step), float(loss)) for step, loss in record["losses"]]
        facts = {"data": record["data"], "seed": record["seed"], "machine": record["machine"]}
        facts |= {name: version for name, version in record["versions"].items() if version}
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return {"losses": [], "provenance": {}}
    return {"losses": losses, "provenance": {name: str(value) for name, value in facts.items()}}
