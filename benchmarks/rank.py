"""The rank of LoRA: what 2, 8, 16 and 64 cost, and what they give.

    .venv/bin/python benchmarks/rank.py

Each cell tunes with one rank and one seed; alpha is twice the rank, so that the update is scaled alike.
Results go to `benchmarks/results/rank/`.
"""

from __future__ import annotations

import sys
from statistics import mean
from typing import Any

import trials

from sintonia import encode, models

RECIPE_RANK = 16  # the masking ablation has run this one


def main(arguments: list[str]) -> int:
    """Run what is missing, write everything."""

    def extra(parser: Any) -> None:
        parser.add_argument("--ranks", type=int, nargs="+", default=[2, 8, 16, 64], metavar="R")

    chosen = trials.options(__doc__.splitlines()[0], "rank", arguments, extra=extra)
    trials.be_nice(chosen)
    cells = trials.Cells(chosen)
    name = trials.model_name(chosen)
    tokenizer = models.load_tokenizer(name)
    rows = trials.test_rows(chosen)
    examples = encode([row["messages"] for row in trials.train_rows(chosen)], tokenizer)
    base = cells.run("base", lambda: {"answers": trials.answers_of_base(name, tokenizer, rows, chosen)})

    def tuned(rank: int, seed: int) -> dict[str, Any]:
        model, facts = trials.tune(name, tokenizer, examples, chosen, seed, rank)
        return {**facts, "answers": trials.answers(model, tokenizer, rows, chosen)}

    runs: dict[int, dict[str, Any]] = {rank: {} for rank in chosen.ranks}
    for seed in chosen.seeds:
        for rank in chosen.ranks:
            key = f"rank {rank}, seed {seed}"
            same = ("masking", f"assistant-only, seed {seed}") if rank == RECIPE_RANK else None
            runs[rank][key] = cells.run(key, lambda rank=rank, seed=seed: tuned(rank, seed), same)
    lines = trials.opening("The rank of LoRA", chosen, cells, "All linear layers; alpha is twice the rank.")
    header = [
        "rank",
        "weights trained",
        "of the model's",
        "adapter",
        "CPU-seconds of training",
        "last losses",
    ]
    lines += trials.table(header, [cost(rank, list(found.values())) for rank, found in runs.items()])
    named = {
        f"rank {rank}": trials.beside(
            rows, base["answers"], {k: run["answers"] for k, run in found.items()}, chosen
        )
        for rank, found in runs.items()
    }
    for lang in next(iter(named.values())).scores:
        lines += ["", f"## {lang}", "", *trials.side_figures(named, lang)]
    trials.put(chosen.out / "README.md", "\n".join(lines) + "\n")
    print("\n".join(lines))
    return 0


def cost(rank: int, runs: list[dict[str, Any]]) -> list[str]:
    """What a rank costs; an adapter is saved with four bytes a weight."""
    trained, weights = runs[0]["trained"], runs[0]["weights"]
    losses = ", ".join(f"{run['losses'][-1]:.2f}" for run in runs if run["losses"][-1] is not None)
    seconds = mean(run["train_cpu_seconds"] for run in runs)
    size = f"{4 * trained / 2**20:.1f} MiB"
    return [str(rank), f"{trained:,}", f"{trained / weights:.2%}", size, f"{seconds:.0f}", losses]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
