"""The masking ablation: the loss on all that the assistant wrote, on its last reply only, on everything.

    .venv/bin/python benchmarks/masking.py

Each cell tunes with one of the three masks and one seed: the same rows, batches, steps and learning rate.
Results go to `benchmarks/results/masking/`. Training losses of different masks are means over different
tokens and cannot be compared; what is measured afterwards can.
"""

from __future__ import annotations

import sys
from typing import Any

import trials

from sintonia import encode, labels, models
from sintonia.loss_masks import IGNORE_INDEX

MODES = ("assistant-only", "completion-only", "everything")


def main(arguments: list[str]) -> int:
    """Run what is missing, write everything."""
    chosen = trials.options(__doc__.splitlines()[0], "masking", arguments)
    trials.be_nice(chosen)
    cells = trials.Cells(chosen)
    name = trials.model_name(chosen)
    tokenizer = models.load_tokenizer(name)
    rows = trials.test_rows(chosen)
    examples = encode([row["messages"] for row in trials.train_rows(chosen)], tokenizer)
    base = cells.run("base", lambda: {"answers": trials.answers_of_base(name, tokenizer, rows, chosen)})

    def tuned(mode: str, seed: int) -> dict[str, Any]:
        model, facts = trials.tune(name, tokenizer, masked(examples, mode), chosen, seed)
        return {**facts, "answers": trials.answers(model, tokenizer, rows, chosen)}

    runs: dict[str, dict[str, Any]] = {mode: {} for mode in MODES}
    for seed in chosen.seeds:  # seed by seed, so that what is there at any time can be compared
        for mode in MODES:
            key = f"{mode}, seed {seed}"
            same = ("rank", f"rank 16, seed {seed}") if mode == MODES[0] else None
            runs[mode][key] = cells.run(key, lambda mode=mode, seed=seed: tuned(mode, seed), same)
    named = {
        mode: trials.beside(rows, base["answers"], {k: run["answers"] for k, run in found.items()}, chosen)
        for mode, found in runs.items()
    }
    lines = trials.opening(
        "Which tokens the loss counts",
        chosen,
        cells,
        "Three masks on the same rows, in the same batches, for the same steps. In rows of one turn, "
        "`assistant-only` and `completion-only` are the same.",
    )
    tokens = sum(len(example["input_ids"]) for example in examples)
    shares = []
    for mode in MODES:
        graded = sum(label != IGNORE_INDEX for row in masked(examples, mode) for label in row["labels"])
        last = [run["losses"][-1] for run in runs[mode].values()]
        shares.append([mode, str(graded), f"{graded / tokens:.0%}", ", ".join(f"{x:.2f}" for x in last if x)])
    lines += trials.table(
        ["mask", "tokens graded", "of all", "last training losses (not comparable)"], shares
    )
    for lang in named[MODES[0]].scores:
        lines += ["", f"## {lang}", "", *trials.side_figures(named, lang)]
    trials.put(chosen.out / "README.md", "\n".join(lines) + "\n")
    print("\n".join(lines))
    return 0


def masked(examples: list[dict[str, list[int]]], mode: str) -> list[dict[str, list[int]]]:
    """The examples with the labels of a mode; what a model reads is the same in all three."""
    return [{"input_ids": one["input_ids"], "labels": targets(one, mode)} for one in examples]


def targets(example: dict[str, list[int]], mode: str) -> list[int]:
    """The labels of one example.

    Example:
        >>> example = {"input_ids": [5, 6, 7, 8, 9], "assistant_mask": [0, 1, 0, 1, 1]}
        >>> [targets(example, mode) for mode in MODES]
        [[-100, 6, -100, 8, 9], [-100, -100, -100, 8, 9], [5, 6, 7, 8, 9]]
    """
    if mode == "everything":
        return list(example["input_ids"])
    wrote = list(example["assistant_mask"])
    if mode == "completion-only" and any(wrote):
        end = max(place for place, mine in enumerate(wrote) if mine)
        start = end
        while start and wrote[start - 1]:
            start -= 1
        wrote = [int(start <= place <= end) for place in range(len(wrote))]
    return labels({"input_ids": example["input_ids"], "assistant_mask": wrote})


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
