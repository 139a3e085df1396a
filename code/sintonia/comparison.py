"""A base and a tuned model answer the same prompts; a person reads the difference.

What comes out is a `Comparison`; `reports` prints it. A recipe may have been run with several seeds: then
the tuned figures are those of all runs together, and their intervals are over seeds and prompts.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sintonia.answers import MAX_NEW_TOKENS, Answer, ask, split_reply
from sintonia.conversations import Conversation, load_rows
from sintonia.errors import Fault, InputError
from sintonia.evaluation import LANGUAGES, Outcome, Scores, changes, judge, scores
from sintonia.generation import Reply
from sintonia.intervals import DRAWS, Estimate

DATA = Path(__file__).parent / "data"
ALL = "all"


@dataclass(frozen=True)
class Exchange:
    """One prompt, the reply that the data holds, and what the models wrote.

    Args:
        tuned: the first tuned model's reply; `others`, those of further seeds.
    """

    id: str
    lang: str
    prompt: Conversation
    reference: str
    base: Reply
    tuned: Reply
    others: tuple[Reply, ...] = ()

    @property
    def question(self) -> str:
        """The last thing the user said."""
        return (self.prompt[-1]["content"] or "") if self.prompt else ""


@dataclass(frozen=True)
class Comparison:
    """Everything that a report shows.

    Args:
        base_name: and `tuned_name`, the models as a person calls them.
        exchanges: the prompts with the replies.
        scores: language (or `all`) -> (base, tuned); several tuned runs are taken together.
        losses: `(step, training loss)`, where the tuned model's run recorded them; of the first of several.
        provenance: name -> value: versions, data, machine, seeds, time.
        changes: language (or `all`) -> measure -> paired difference, as `evaluation.changes` has it.
        runs: name of a tuned run -> language (or `all`) -> its own figures, where there are several.
    """

    base_name: str
    tuned_name: str
    exchanges: list[Exchange]
    scores: dict[str, tuple[Scores, Scores]]
    losses: list[tuple[int, float]] = field(default_factory=list)
    provenance: dict[str, str] = field(default_factory=dict)
    changes: dict[str, dict[str, Estimate]] = field(default_factory=dict)
    runs: dict[str, dict[str, Scores]] = field(default_factory=dict)


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
    tuned: tuple[str, Any, Any] | Sequence[tuple[str, Any, Any]],
    rows: list[dict[str, Any]],
    *,
    chat_template: str | None = None,
    max_new_tokens: int = MAX_NEW_TOKENS,
    losses: list[tuple[int, float]] | None = None,
    provenance: dict[str, str] | None = None,
    on_batch: Callable[[int], None] | None = None,
) -> Comparison:
    """Ask all models the last user turn of each row, and measure them.

    Args:
        base: `(name, model, tokenizer)`; likewise `tuned`, or a list of such, one a seed.
        rows: conversations with an assistant turn, which is the reference, as `load_rows` yields them.
        on_batch: called with the number of replies just made, of as many a model as there are rows.

    Raises:
        InputError: there are no rows.

    Explained in: masks.md#run-it
    """
    check_rows(rows)
    every = [base, *([tuned] if isinstance(tuned[0], str) else tuned)]
    options = {"chat_template": chat_template, "max_new_tokens": max_new_tokens, "on_batch": on_batch}
    answered = [(name, ask(model, tokenizer, rows, **options)) for name, model, tokenizer in every]
    facts = {"losses": losses or [], "provenance": provenance or {}}
    return set_side_by_side(rows, answered[0], answered[1:], max_new_tokens=max_new_tokens, **facts)


def check_rows(rows: list[dict[str, Any]]) -> None:
    """Nothing can be compared on nothing.

    Raises:
        InputError: there are no rows.

    Explained in: masks.md#run-it
    """
    if not rows:
        raise InputError(Fault("compare", "no rows", "at least one conversation"))


def set_side_by_side(
    rows: list[dict[str, Any]],
    base: tuple[str, list[Answer]],
    tuned: list[tuple[str, list[Answer]]],
    *,
    max_new_tokens: int = MAX_NEW_TOKENS,
    losses: list[tuple[int, float]] | None = None,
    provenance: dict[str, str] | None = None,
) -> Comparison:
    """The comparison of models that were asked one after the other, and need not be in memory together.

    Args:
        rows: what they were asked.
        base: `(name, answers)`, as `ask` returns them; `tuned`, one such a seed.

    Explained in: masks.md#run-it
    """
    first, *others = [answers for _, answers in tuned]
    exchanges = []
    for number, row in enumerate(rows):
        prompt, reference = split_reply(row["messages"])
        exchanges.append(
            Exchange(
                str(row.get("id", number + 1)),
                str(row.get("lang", "")),
                prompt,
                reference,
                base[1][number].reply,
                first[number].reply,
                tuple(answers[number].reply for answers in others),
            )
        )
    # A prompt and its translations share an id; rows without one are each their own.
    ids = [row.get("id", number) for number, row in enumerate(rows)]
    before = _judged(rows, base[1])
    after = [_judged(rows, answers) for _, answers in tuned]
    names = _different([name for name, _ in tuned])
    pairs, differences, runs = {}, {}, {name: {} for name in names}
    present = [lang for lang in dict.fromkeys(row.get("lang") for row in rows) if lang]
    for group in (*present, ALL):
        places = [i for i, row in enumerate(rows) if group in (ALL, row.get("lang"))]
        clusters = [ids[i] for i in places]
        one, *seeds = [[outcomes[i] for i in places] for outcomes in (before, *after)]
        pairs[group] = (scores([one], clusters), scores(seeds, clusters))
        differences[group] = changes(one, seeds, clusters)
        for name, outcomes in zip(names, seeds, strict=True):
            runs[name][group] = scores([outcomes], clusters)
    facts = dict(provenance or {})
    facts["prompts"] = f"{len(rows)}, at most {max_new_tokens} new tokens a reply, greedy"
    over = "prompts" if len(tuned) == 1 else f"{len(tuned)} seeds and prompts"
    facts["intervals"] = f"95 %, {DRAWS} bootstrap draws over {over}"
    return Comparison(
        base[0],
        names[0] if len(names) == 1 else f"{_common(names)} ({len(names)} runs)",
        exchanges,
        pairs,
        losses or [],
        facts,
        differences,
        runs if len(names) > 1 else {},
    )


def _judged(rows: list[dict[str, Any]], answers: list[Answer]) -> list[Outcome]:
    return [
        judge(row, answer.reply, (answer.loss, answer.tokens))
        for row, answer in zip(rows, answers, strict=True)
    ]


def _different(names: list[str]) -> list[str]:
    """The names, numbered where two are the same."""
    return [f"{name} ({n})" if names.count(name) > 1 else name for n, name in enumerate(names, start=1)]


def _common(names: list[str]) -> str:
    """The words that the names of several runs begin with, or all names where they share none."""
    shared = os.path.commonprefix(names)
    if any(name[len(shared) :][:1].isalnum() for name in names):
        shared = re.sub(r"\w+$", "", shared)  # half a word, or half a number
    return shared.rstrip(" -_,.(") or ", ".join(names)


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


def facts_of_runs(folders: Sequence[str | Path]) -> dict[str, Any]:
    """`losses` of the first of several runs, and what they say of where they come from, differences listed.

    Explained in: masks.md#run-it
    """
    told = [run_facts(folder) for folder in folders]
    provenance: dict[str, str] = {}
    for name in dict.fromkeys(name for facts in told for name in facts["provenance"]):
        values = [facts["provenance"][name] for facts in told if name in facts["provenance"]]
        provenance[name] = ", ".join(dict.fromkeys(values))
    return {"losses": told[0]["losses"], "provenance": provenance}
