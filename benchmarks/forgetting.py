"""Forgetting: what becomes of English when a model is tuned in Portuguese, Spanish and Chinese only.

    .venv/bin/python benchmarks/forgetting.py

Two recipes, as many steps: one without English rows, one with them. Before and after, the loss on running
text of the course's pages, which no run is tuned on, and all measures on the test rows, English and the
others. Results go to `benchmarks/results/forgetting/`.
"""

from __future__ import annotations

import sys
from typing import Any

import numpy as np
import trials

from sintonia import encode, models
from sintonia.comparison import DATA
from sintonia.evaluation import LANGUAGES
from sintonia.intervals import difference, estimate
from sintonia.loss_masks import supervised_loss
from sintonia.report_tables import shown, shown_change

RECIPES = {"without English": ["pt", "es", "zh"], "with English": ["pt", "es", "zh", "en"]}
SHORTEST = 80  # characters; a title or a list's line is not running text


def main(arguments: list[str]) -> int:
    """Run what is missing, write everything."""

    def extra(parser: Any) -> None:
        parser.add_argument("--paragraphs", type=int, default=24, metavar="N", help="of prose a language")

    chosen = trials.options(__doc__.splitlines()[0], "forgetting", arguments, extra=extra)
    trials.be_nice(chosen)
    cells = trials.Cells(chosen, "paragraphs")
    name = trials.model_name(chosen)
    tokenizer = models.load_tokenizer(name)
    rows = trials.test_rows(chosen)
    prose = {lang: paragraphs(lang, chosen.paragraphs) for lang in LANGUAGES}

    def measured(model: Any) -> dict[str, Any]:
        return {lang: prose_losses(model, tokenizer, texts) for lang, texts in prose.items()}

    def before() -> dict[str, Any]:
        said = trials.answers_of_base(name, tokenizer, rows, chosen)
        return {"answers": said, "prose": measured(models.load_model(name))}

    def tuned(languages: list[str], seed: int) -> dict[str, Any]:
        learned = trials.train_rows(chosen, languages)
        examples = encode([row["messages"] for row in learned], tokenizer)
        model, facts = trials.tune(name, tokenizer, examples, chosen, seed)
        return {**facts, "answers": trials.answers(model, tokenizer, rows, chosen), "prose": measured(model)}

    base = cells.run("base", before)
    runs: dict[str, dict[str, Any]] = {recipe: {} for recipe in RECIPES}
    for seed in chosen.seeds:
        for recipe, languages in RECIPES.items():
            key = f"{recipe}, seed {seed}"
            runs[recipe][key] = cells.run(key, lambda languages=languages, seed=seed: tuned(languages, seed))
    lines = trials.opening(
        "Forgetting",
        chosen,
        cells,
        "Tuned on Portuguese, Spanish and Chinese, without English rows and with them, for the same steps.",
    )
    lines += ["## Running text", "", "Perplexity of the course's own prose, without a chat template.", ""]
    lines += prose_table(
        base["prose"], {key: [run["prose"] for run in found.values()] for key, found in runs.items()}
    )
    for recipe, found in runs.items():
        told = {key: run["answers"] for key, run in found.items()}
        result = trials.beside(rows, base["answers"], told, chosen)
        lines += ["", f"## Test rows, tuned {recipe}", "", *trials.figures(result)]
        lines += ["", *english(result)]
    trials.put(chosen.out / "README.md", "\n".join(lines).rstrip() + "\n")
    print("\n".join(lines))
    return 0


def paragraphs(lang: str, count: int) -> list[str]:
    """So many paragraphs of running text, from all over the course's pages."""
    lines = (DATA / "prose" / f"{lang}.txt").read_text("utf-8").splitlines()
    long = [line for line in lines if len(line) >= (SHORTEST // 3 if lang == "zh" else SHORTEST)]
    return [long[int(place * len(long) / count)] for place in range(min(count, len(long)))]


def prose_losses(model: Any, tokenizer: Any, texts: list[str]) -> list[list[float]]:
    """For each text, the summed loss of its tokens but the first, in nats, and their number."""
    import torch

    found = []
    for text in texts:
        ids = tokenizer(text, add_special_tokens=False)["input_ids"]
        tensor = torch.tensor([ids], device=model.device)
        with torch.inference_mode():
            total = supervised_loss(model, {"input_ids": tensor, "labels": tensor}, divisor=1).item()
        found.append([round(total, 4), len(ids) - 1])
    return found


def prose_table(base: dict[str, Any], runs: dict[str, list[dict[str, Any]]]) -> list[str]:
    """Perplexity on prose by language: base, and each recipe with the factor by which it changed."""
    header = ["language", "paragraphs", "base"]
    header += [column for recipe in runs for column in (f"tuned {recipe}", "change")]
    rows = []
    for lang, losses in base.items():
        before = np.array(losses).T
        cells = [lang, str(len(losses)), shown(estimate(*before, transform=np.exp), share=False)]
        for found in runs.values():
            after = np.array([run[lang] for run in found])
            pair = after[..., 0], after[..., 1]
            cells.append(shown(estimate(*pair, transform=np.exp), share=False))
            cells.append(shown_change(difference(tuple(before), pair, transform=np.exp), share=False))
        rows.append(cells)
    return trials.table(header, rows)


def english(result: Any) -> list[str]:
    """Two English prompts with the replies of the base and of the first seed."""
    lines = []
    for one in [one for one in result.exchanges if one.lang == "en"][:2]:
        said = {"base": one.base, "tuned": one.tuned}
        lines += [f"**en:** {trials.inline(one.question)}", ""]
        lines += [*trials.show({k: {"text": v.text, "stopped": v.stopped} for k, v in said.items()}), ""]
    return lines


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
