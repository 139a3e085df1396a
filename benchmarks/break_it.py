"""The break-it lab: five failures that train without an error, by their symptoms.

    .venv/bin/python benchmarks/break_it.py

Each cell tunes for the same steps with one thing wrong; a sound run is the control, and the base is there
too. Beside the figures stands what the doctor says of the same rows, template and settings. Results go to
`benchmarks/results/break-it/`.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from statistics import median
from typing import Any

import trials

from sintonia import diagnose, encode, labels, models
from sintonia.comparison import Comparison
from sintonia.loss_masks import IGNORE_INDEX
from sintonia.report_tables import rows_of
from sintonia.truncation import truncate

OTHER_TEMPLATE = "llama3"
STOP = "<|im_end|>"
WHAT = {
    "sound": "nothing is wrong",
    "missing EOS": "the template writes no end-of-turn token after the assistant",
    "pad = EOS": "the collator masks padding by its id, which is that of the end-of-turn token",
    "double shift": "labels are shifted in the data, and by the model once more",
    "wrong template": f"the sound run, asked in the template `{OTHER_TEMPLATE}`",
    "truncation": "conversations are cut after so many tokens that replies lose their end",
}
Examples = list[dict[str, Any]]


def main(arguments: list[str]) -> int:
    """Run what is missing, write everything."""

    def extra(parser: Any) -> None:
        parser.add_argument("--max-length", type=int, default=72, metavar="N", help="of the truncation cell")

    chosen = trials.options(__doc__.splitlines()[0], "break-it", arguments, extra=extra, seeds=[42])
    trials.be_nice(chosen)
    cells = trials.Cells(chosen, "max_length")
    name = trials.model_name(chosen)
    tokenizer = models.load_tokenizer(name)
    asked, learned = trials.test_rows(chosen), trials.train_rows(chosen)
    base = cells.run("base", lambda: {"answers": trials.answers_of_base(name, tokenizer, asked, chosen)})
    made = setups(tokenizer, learned, chosen.max_length)

    def tuned(fault: str, seed: int) -> dict[str, Any]:
        model, facts = trials.tune(name, tokenizer, made[fault](), chosen, seed)
        facts["answers"] = trials.answers(model, tokenizer, asked, chosen)
        if fault == "sound":
            other = trials.answers(model, tokenizer, asked, chosen, chat_template=OTHER_TEMPLATE)
            facts["answers in another template"] = other
        return facts

    found: dict[str, dict[str, Any]] = {}
    for fault in made:
        found[fault] = {}
        for seed in chosen.seeds:
            key = f"{fault}, seed {seed}"
            found[fault][key] = cells.run(key, lambda fault=fault, seed=seed: tuned(fault, seed))
    found["wrong template"] = {
        key: {**run, "answers": run["answers in another template"]} for key, run in found["sound"].items()
    }
    named = {
        fault: trials.beside(
            asked, base["answers"], {k: run["answers"] for k, run in found[fault].items()}, chosen
        )
        for fault in WHAT
    }
    told = codes(tokenizer, learned, chosen)
    lines = trials.opening(
        "Five ways to break a run",
        chosen,
        cells,
        f"The truncation cell keeps {chosen.max_length} tokens of a conversation. Perplexity is that of the "
        "references in the template that the model is asked in, whole.",
    )
    lines += symptoms(named, found, told, base["answers"])
    lines += [
        "",
        "Codes are those of errors and warnings. The doctor looks at data, template, tokenizer and ",
    ]
    lines[-1] += (
        "settings; what a loop does to labels is out of its sight, and the first loss is what shows it."
    )
    lines += ["", "## What is wrong in each", "", *(f"- {fault}: {words}" for fault, words in WHAT.items())]
    for lang in named["sound"].scores:
        lines += ["", f"## {lang}", "", *trials.side_figures(named, lang)]
    lines += ["", "## Replies", "", *replies(named)]
    trials.put(chosen.out / "README.md", "\n".join(lines).rstrip() + "\n")
    print("\n".join(lines[: lines.index("## Replies")]))
    return 0


def setups(tokenizer: Any, rows: list[dict[str, Any]], limit: int) -> dict[str, Callable[[], Examples]]:
    """What each run is fed."""
    talks = [row["messages"] for row in rows]

    def sound() -> Examples:
        return encode(talks, tokenizer)

    def endless() -> Examples:
        return encode(talks, tokenizer, chat_template=without_stop(tokenizer.chat_template))

    def by_id() -> Examples:
        stop = tokenizer.convert_tokens_to_ids(STOP)
        made = [{"input_ids": one["input_ids"], "labels": labels(one)} for one in sound()]
        for one in made:
            one["labels"] = [IGNORE_INDEX if label == stop else label for label in one["labels"]]
        return made

    def twice() -> Examples:
        return [
            {"input_ids": one["input_ids"], "labels": [*labels(one)[1:], IGNORE_INDEX]} for one in sound()
        ]

    def cut() -> Examples:
        kept, _ = truncate(sound(), limit, "keep_start")
        return [one for one in kept if any(one["assistant_mask"])]

    return {
        "sound": sound,
        "missing EOS": endless,
        "pad = EOS": by_id,
        "double shift": twice,
        "truncation": cut,
    }


def without_stop(template: str) -> str:
    """A template that no longer writes the end-of-turn token between its markers."""
    opened, closed = template.index("generation"), template.index("endgeneration")
    inside = template[opened:closed]
    bare = inside.replace(f" + '{STOP}'", "")
    if bare == inside:
        raise ValueError(
            f"template: found no + '{STOP}' between the markers; expected one; use chatml or smollm2"
        )
    return template[:opened] + bare + template[closed:]


def codes(tokenizer: Any, rows: list[dict[str, Any]], chosen: Any) -> dict[str, list[str]]:
    """What the doctor says of each setup: codes and names of errors and warnings, the gravest first."""
    limit = chosen.max_length
    settings = {"use_peft": True, "learning_rate": 1e-3, "max_length": 512, "use_cpu": True, "bf16": False}
    settings["max_steps"] = chosen.steps or -1
    by_id = {**settings, "data_collator": "DataCollatorForLanguageModeling"}
    asked: dict[str, dict[str, Any]] = {
        "sound": {"recipe": settings},
        "missing EOS": {"recipe": settings, "chat_template": without_stop(tokenizer.chat_template)},
        "pad = EOS": {"recipe": by_id},
        "double shift": {"recipe": settings},
        "wrong template": {"recipe": settings, "chat_template": OTHER_TEMPLATE},
        "truncation": {"recipe": {**settings, "max_length": limit}, "max_length": limit},
    }
    return {
        fault: [
            f"{finding.code} {finding.name}"
            for finding in diagnose(rows, tokenizer=tokenizer, **options)
            if finding.severity != "note"
        ]
        for fault, options in asked.items()
    }


def symptoms(
    named: dict[str, Comparison],
    found: dict[str, dict[str, Any]],
    told: dict[str, list[str]],
    base: list[dict[str, Any]],
) -> list[str]:
    """One line a failure."""
    measures = ("stopped", "in its language", "perplexity")
    header = ["run", "the doctor", "first loss", "last loss", *measures, "tokens a reply (median)"]
    plain = _of_all(named["sound"], "base")
    rows = [["base", "", "", "", *(plain.get(key, "–") for key in measures), _length([{"answers": base}])]]
    for fault, comparison in named.items():
        runs = list(found[fault].values())
        ends = [_losses(runs, place) for place in (0, -1)]
        figures = _of_all(comparison, "tuned")
        cells = [
            fault,
            ", ".join(told[fault]) or "nothing",
            *ends,
            *(figures.get(key, "–") for key in measures),
        ]
        rows.append([*cells, _length(runs)])
    return trials.table(header, rows)


def _of_all(comparison: Comparison, side: str) -> dict[str, str]:
    return {row.measure.label: getattr(row, side) for row in rows_of(comparison) if row.lang == "all"}


def _losses(runs: list[dict[str, Any]], place: int) -> str:
    return ", ".join("–" if run["losses"][place] is None else f"{run['losses'][place]:.2f}" for run in runs)


def _length(runs: list[dict[str, Any]]) -> str:
    return f"{median(one['tokens'] for run in runs for one in run['answers']):.0f}"


def replies(named: dict[str, Comparison]) -> list[str]:
    """The first prompt of each language, with what every run says."""
    lines, seen = [], set()
    for number, one in enumerate(named["sound"].exchanges):
        if one.lang in seen:
            continue
        seen.add(one.lang)
        said = {"base": one.base} | {fault: c.exchanges[number].tuned for fault, c in named.items()}
        lines += [f"**{one.lang}:** {trials.inline(one.question)}", ""]
        lines += trials.show({k: {"text": v.text, "stopped": v.stopped} for k, v in said.items()})
        lines.append("")
    return lines


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
