"""The embedded model before and after tuning, in four languages, with several seeds.

    .venv/bin/python benchmarks/before_after.py
    .venv/bin/python benchmarks/before_after.py --rank 64 --steps 360 --seeds 42 --prompts 0 --out FOLDER

Each cell tunes with the default recipe, or another rank, and one seed, and asks the test prompts. Results go
to `benchmarks/results/before-after/`, with a report that shows every reply.
"""

from __future__ import annotations

import argparse
import sys

import trials

from sintonia import encode, models
from sintonia.comparison import Comparison
from sintonia.reports import write_report

GOALS = (("stop_rate", 0.95, "at least"), ("in_language", 0.95, "at least"), ("perplexity", 0.5, "at most"))


def main(arguments: list[str]) -> int:
    """Run what is missing, write everything."""

    def extra(parser: argparse.ArgumentParser) -> None:
        parser.add_argument("--rank", type=int, metavar="R", help="of LoRA; the recipe's if left out")

    chosen = trials.options(__doc__.splitlines()[0], "before-after", arguments, extra=extra)
    trials.be_nice(chosen)
    cells = trials.Cells(chosen)
    name = trials.model_name(chosen)
    tokenizer = models.load_tokenizer(name)
    rows = trials.test_rows(chosen)
    base = cells.run("base", lambda: {"answers": trials.answers_of_base(name, tokenizer, rows, chosen)})

    def tuned(seed: int) -> dict:
        examples = encode([row["messages"] for row in trials.train_rows(chosen)], tokenizer)
        model, facts = trials.tune(name, tokenizer, examples, chosen, seed, chosen.rank)
        return {**facts, "answers": trials.answers(model, tokenizer, rows, chosen)}

    runs = {seed: cells.run(f"seed {seed}", lambda seed=seed: tuned(seed)) for seed in chosen.seeds}
    losses = [(step, loss) for step, loss in enumerate(runs[chosen.seeds[0]]["losses"], start=1) if loss]
    result = trials.beside(
        rows,
        base["answers"],
        {f"tuned, seed {seed}": run["answers"] for seed, run in runs.items()},
        chosen,
        losses=losses,
        provenance={"command": cells.command, **{k: str(v) for k, v in trials.conditions().items()}},
    )
    write_report(result, chosen.out / "report.html")
    lines = trials.opening(
        "Before and after, in four languages",
        chosen,
        cells,
        "The default recipe, `code/recipes/cpu-lora.yaml`, with the budget below"
        + (f" and LoRA at rank {chosen.rank}." if chosen.rank else "."),
    )
    lines += [*trials.figures(result), "", "## The goals that were set", "", *goals(result), ""]
    lines += ["## Replies", "", *replies(result)]
    trials.put(chosen.out / "README.md", "\n".join(lines).rstrip() + "\n")
    print("\n".join(lines[: lines.index("## Replies")]))
    return 0


def goals(result: Comparison) -> list[str]:
    """Goal by goal and language by language, whether it was reached."""
    rows = []
    for lang, (_, tuned) in result.scores.items():
        for measure, limit, way in GOALS:
            factor = measure == "perplexity"
            value = result.changes[lang][measure].value if factor else getattr(tuned, measure)
            reached = value <= limit if way == "at most" else value >= limit
            what = "perplexity, tuned over base" if factor else measure.replace("_", " ")
            rows.append([lang, what, f"{way} {limit:g}", f"{value:.2f}", "yes" if reached else "no"])
    return trials.table(["language", "measure", "goal", "found", "reached"], rows)


def replies(result: Comparison) -> list[str]:
    """Three prompts of each language with the replies of the base and of the first seed."""
    lines, shown = [], {}
    for one in result.exchanges:
        shown[one.lang] = shown.get(one.lang, 0) + 1
        if shown[one.lang] <= 3:
            said = {"base": one.base, "tuned": one.tuned}
            lines += [f"**{one.lang}:** {trials.inline(one.question)}", ""]
            lines += trials.show({k: {"text": v.text, "stopped": v.stopped} for k, v in said.items()})
            lines += [f"- reference: {trials.inline(one.reference)}", ""]
    return lines


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
