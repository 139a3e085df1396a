"""Form against facts: does tuning teach a model to answer, or what to answer?

    .venv/bin/python benchmarks/facts.py

A model is tuned on the course's rows and on the capitals of twelve countries, and asked those and twelve
others that no row names. Form is stopping and answering in the prompt's language; a fact is the right
city. Results go to `benchmarks/results/facts/`.
"""

from __future__ import annotations

import json
import sys
from typing import Any

import trials

from sintonia import encode, models
from sintonia.evaluation import speaks
from sintonia.instruction_checks import contains
from sintonia.intervals import estimate
from sintonia.report_tables import shown

ASK = {
    "pt": ("Qual é a capital {}?", "A capital {} é {}."),
    "es": ("¿Cuál es la capital {}?", "La capital {} es {}."),
    "zh": ("{}的首都是哪里？", "{}的首都是{}。"),
    "en": ("What is the capital of {}?", "The capital of {} is {}."),
}
GROUPS = ("seen", "unseen")
MEASURES = ("stopped", "in its language", "right city", "another capital of the list")


def main(arguments: list[str]) -> int:
    """Run what is missing, write everything."""
    # One short sentence is asked for, so few tokens tell whether it ends; few rows, so that what is to be
    # seen is seen several times.
    own = {"max_new_tokens": 48, "prompts": 0, "rows": 12}
    chosen = trials.options(__doc__.splitlines()[0], "facts", arguments, **own)
    trials.be_nice(chosen)
    cells = trials.Cells(chosen)
    name = trials.model_name(chosen)
    tokenizer = models.load_tokenizer(name)
    countries = load()
    rows = questions(countries, chosen.languages, chosen.prompts)
    base = cells.run("base", lambda: {"answers": trials.answers_of_base(name, tokenizer, rows, chosen)})

    def tuned(seed: int) -> dict[str, Any]:
        learned = lessons(trials.train_rows(chosen), countries, chosen.languages)
        examples = encode([row["messages"] for row in learned], tokenizer)
        model, facts = trials.tune(name, tokenizer, examples, chosen, seed)
        return {**facts, "rows": len(learned), "answers": trials.answers(model, tokenizer, rows, chosen)}

    runs = {seed: cells.run(f"seed {seed}", lambda seed=seed: tuned(seed)) for seed in chosen.seeds}
    lines = trials.opening(
        "Form against facts",
        chosen,
        cells,
        "Capitals of twelve countries are among the training rows (seen), those of twelve others are not "
        "(unseen); `benchmarks/capitals.jsonl` says which. No training row names an unseen capital.",
    )
    told = [run["answers"] for run in runs.values()]
    for lang in (*chosen.languages, "all"):
        lines += [f"## {lang}", "", *figures(rows, countries, base["answers"], told, lang), ""]
    lines += ["## Replies", "", *replies(rows, base["answers"], told[0])]
    trials.put(chosen.out / "README.md", "\n".join(lines).rstrip() + "\n")
    print("\n".join(lines))
    return 0


def load() -> list[dict[str, Any]]:
    """The countries: whether seen, and in each language their name and those of their capital."""
    lines = (trials.HERE / "capitals.jsonl").read_text("utf-8").splitlines()
    return [json.loads(line) for line in lines]


def questions(
    countries: list[dict[str, Any]], languages: list[str], per_group: int = 0
) -> list[dict[str, Any]]:
    """A row for each country and language; with `per_group`, of so many countries seen and so many not."""
    rows = []
    for lang in languages:
        asked, answered = ASK[lang]
        for group in GROUPS:
            found = [country for country in countries if country["seen"] == (group == "seen")]
            for country in found[: per_group or None]:
                of, capital = country[lang][:2]
                talk = [
                    {"role": "user", "content": asked.format(of)},
                    {"role": "assistant", "content": answered.format(of, capital)},
                ]
                rows.append({"id": country["id"], "lang": lang, "category": group, "messages": talk})
    return rows


def lessons(
    course: list[dict[str, Any]], countries: list[dict[str, Any]], languages: list[str]
) -> list[dict[str, Any]]:
    """What is trained on: seen capitals, and course rows that name no capital that is to be unseen."""
    hidden = [
        (capital, lang)
        for country in countries
        if not country["seen"]
        for lang in ASK
        for capital in country[lang][1:]
    ]

    def names_one(row: dict[str, Any]) -> bool:
        text = "\n".join(turn["content"] for turn in row["messages"])
        return any(contains(text, capital, lang) for capital, lang in hidden)

    kept = [row for row in course if not row["id"].startswith("capital-of-") and not names_one(row)]
    return kept + [row for row in questions(countries, languages) if row["category"] == "seen"]


def judged(row: dict[str, Any], said: dict[str, Any], countries: list[dict[str, Any]]) -> list[bool | None]:
    """The four measures of one reply; whether it has a language may be a question that does not arise."""
    lang = row["lang"]
    right = next(country for country in countries if country["id"] == row["id"])[lang][1:]
    others = [country[lang][1] for country in countries if country["id"] != row["id"]]
    good = any(contains(said["text"], capital, lang) for capital in right)
    wrong = not good and any(contains(said["text"], capital, lang) for capital in others)
    return [said["stopped"], speaks(said["text"], lang), good, wrong]


def figures(
    rows: list[dict[str, Any]],
    countries: list[dict[str, Any]],
    base: list[dict[str, Any]],
    runs: list[list[dict[str, Any]]],
    lang: str,
) -> list[str]:
    """One language: a line a measure, with the base and the tuned runs on seen and on unseen capitals."""
    columns = []
    for group in GROUPS:
        places = [
            place
            for place, row in enumerate(rows)
            if row["category"] == group and lang in ("all", row["lang"])
        ]
        ids = [rows[place]["id"] for place in places]
        for sides in ([base], runs):
            table = [[judged(rows[place], said[place], countries) for place in places] for said in sides]
            columns.append([_share(table, number, ids) for number in range(len(MEASURES))])
    header = ["measure", *(f"{group}, {who}" for group in GROUPS for who in ("base", "tuned"))]
    return trials.table(header, [[name, *cells] for name, *cells in zip(MEASURES, *columns, strict=True)])


def _share(table: list[list[list[bool | None]]], number: int, ids: list[str]) -> str:
    values = [[one[number] for one in run] for run in table]
    parts = [[float(bool(value)) for value in run] for run in values]
    wholes = [[float(value is not None) for value in run] for run in values]
    return shown(estimate(parts, wholes, ids, share=True), share=True)


def replies(rows: list[dict[str, Any]], base: list[dict[str, Any]], tuned: list[dict[str, Any]]) -> list[str]:
    """Three prompts of each group and language, with the replies of the base and of the first seed."""
    lines: list[str] = []
    shown_of: dict[tuple[str, str], int] = {}
    for row, before, after in zip(rows, base, tuned, strict=True):
        key = row["lang"], row["category"]
        shown_of[key] = shown_of.get(key, 0) + 1
        if shown_of[key] <= 3:
            lines += [f"**{', '.join(key)}:** {trials.inline(row['messages'][0]['content'])}", ""]
            lines += [*trials.show({"base": before, "tuned": after}), ""]
    return lines


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
