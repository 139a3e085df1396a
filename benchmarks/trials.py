"""What the scripts of the measured results share: training, asking, and tables of figures with intervals."""

from __future__ import annotations

import argparse
import contextlib
import math
import time
from collections.abc import Iterator
from dataclasses import asdict
from typing import Any
from unittest import mock

from trial_cells import HERE, TINY, Cells, be_nice, conditions, options, put

from sintonia import models, small_model, training_loop
from sintonia.answers import Answer, ask, choose
from sintonia.comparison import Comparison, course_rows, set_side_by_side
from sintonia.generation import Reply
from sintonia.loop_recipes import LoopArguments, parse
from sintonia.loss_masks import supervised_loss
from sintonia.report_tables import HEADER, rows_of
from sintonia.run_comparisons import base_answers, label

__all__ = ["HERE", "Cells", "be_nice", "conditions", "options", "put"]

RECIPE = HERE.parent / "code" / "recipes" / "cpu-lora.yaml"


def model_name(chosen: argparse.Namespace) -> str:
    """A name for `load_model`; the tiny model is made on first use and answers nonsense in no time."""
    if chosen.model != TINY:
        return chosen.model
    folder = chosen.out / ".tiny"
    if not (folder / "model.safetensors").is_file():
        texts = [turn["content"] for row in course_rows("train") for turn in row["messages"]]
        tokenizer = small_model.train_tokenizer(texts, 600)
        making = small_model.Making(vocabulary=600, hidden=32, layers=2)
        small_model.untrained_model(len(tokenizer), making).save_pretrained(folder)
        tokenizer.save_pretrained(folder)
    return str(folder)


def train_rows(chosen: argparse.Namespace, languages: list[str] | None = None) -> list[dict[str, Any]]:
    """The course's training rows, as many a language as `--rows` says, from all categories."""
    return choose(course_rows("train", languages or chosen.languages), chosen.rows)


def test_rows(chosen: argparse.Namespace, languages: list[str] | None = None) -> list[dict[str, Any]]:
    """The course's test rows, as many a language as `--prompts` says, from all categories."""
    return choose(course_rows("test", languages or chosen.languages), chosen.prompts)


def tune(
    name: str,
    tokenizer: Any,
    examples: list[dict[str, Any]],
    chosen: argparse.Namespace,
    seed: int,
    rank: int | None = None,
) -> tuple[Any, dict[str, Any]]:
    """A fresh model, tuned as the default recipe says, and what there is to tell of it.

    Args:
        examples: with `assistant_mask`, or with `labels` of one's own.
        rank: of the adapter; the recipe's if left out. Alpha stays twice the rank, as in the recipe, so
            that the update is scaled alike.
    """
    import torch
    from peft import LoraConfig
    from tqdm import tqdm

    arguments = recipe(chosen, seed, rank)
    torch.manual_seed(seed)  # of the adapter's first weights
    config = LoraConfig(
        task_type="CAUSAL_LM",
        r=arguments.lora_r,
        lora_alpha=arguments.lora_alpha,
        lora_dropout=arguments.lora_dropout,
        target_modules="all-linear",
    )
    model = models.attach_lora(models.load_model(name), config)
    model = model.to("cuda" if torch.cuda.is_available() else "cpu")
    trained = sum(weight.numel() for weight in model.parameters() if weight.requires_grad)
    wall, cpu = time.monotonic(), time.process_time()
    with graded_only(), tqdm(desc=f"seed {seed}", disable=None) as bar:

        def on_step(number: int, steps: int, loss: float) -> None:
            bar.total = steps
            bar.set_postfix(loss=f"{loss:.3f}", refresh=False)
            bar.update()

        losses = training_loop.train(model, examples, arguments, tokenizer.pad_token_id or 0, on_step)
    facts = {
        "trained": trained,
        "weights": sum(weight.numel() for weight in model.parameters()) - trained,
        "train_seconds": round(time.monotonic() - wall, 1),
        "train_cpu_seconds": round(time.process_time() - cpu, 1),
        "losses": [round(loss, 4) if math.isfinite(loss) else None for loss in losses],
    }
    return model, facts


def recipe(chosen: argparse.Namespace, seed: int, rank: int | None = None) -> LoopArguments:
    """The default recipe with this script's budget."""
    argv = ["--config", str(RECIPE), "--seed", str(seed), "--per_device_train_batch_size", str(chosen.batch)]
    argv += ["--max_steps", str(chosen.steps or -1)]
    argv += ["--lora_r", str(rank), "--lora_alpha", str(2 * rank)] if rank else []
    return parse(argv)


@contextlib.contextmanager
def graded_only() -> Iterator[None]:
    """The loop with logits only where some label grades: the same loss, in two thirds of the time."""
    with mock.patch.object(training_loop, "next_token_loss", supervised_loss):
        yield


def answers(
    model: Any, tokenizer: Any, rows: list[dict[str, Any]], chosen: argparse.Namespace, **more: Any
) -> list[dict[str, Any]]:
    """What a model says, as JSON holds it."""
    found = ask(model, tokenizer, rows, max_new_tokens=chosen.max_new_tokens, **more)
    return as_records(found)


def answers_of_base(
    name: str, tokenizer: Any, rows: list[dict[str, Any]], chosen: argparse.Namespace, **more: Any
) -> list[dict[str, Any]]:
    """What the base says, from the cache where some script has asked it before."""
    return as_records(base_answers(name, tokenizer, rows, max_new_tokens=chosen.max_new_tokens, **more))


def as_records(found: list[Answer]) -> list[dict[str, Any]]:
    """Answers as JSON holds them."""
    return [{**asdict(answer.reply), "loss": round(answer.loss, 4), "of": answer.tokens} for answer in found]


def as_answers(records: list[dict[str, Any]]) -> list[Answer]:
    """The answers that `answers` wrote down; a loss that was none is NaN again."""
    return [
        Answer(
            Reply(one["text"], one["stopped"], one["tokens"]),
            math.nan if one["loss"] is None else one["loss"],
            one["of"],
        )
        for one in records
    ]


def beside(
    rows: list[dict[str, Any]],
    base: list[dict[str, Any]],
    tuned: dict[str, list[dict[str, Any]]],
    chosen: argparse.Namespace,
    **facts: Any,
) -> Comparison:
    """The comparison of a base's answers with those of one recipe's seeds, by name."""
    return set_side_by_side(
        rows,
        (label(chosen.model), as_answers(base)),
        [(name, as_answers(records)) for name, records in tuned.items()],
        max_new_tokens=chosen.max_new_tokens,
        **facts,
    )


def table(header: list[str], rows: list[list[str]]) -> list[str]:
    """Lines of a Markdown table."""
    return [f"| {' | '.join(row)} |" for row in (header, ["---"] * len(header), *rows)]


def figures(comparison: Comparison, languages: list[str] | None = None) -> list[str]:
    """The measures of a comparison as a Markdown table; with `languages`, only theirs."""
    rows = [
        [row.measure.label, row.lang, row.prompts, row.base, row.tuned, row.change]
        for row in rows_of(comparison)
        if languages is None or row.lang in languages
    ]
    return table(list(HEADER), rows)


def side_figures(named: dict[str, Comparison], lang: str = "all") -> list[str]:
    """Several comparisons with one base: a row a measure, a column each, with intervals."""
    columns: dict[str, dict[str, str]] = {}
    for name, comparison in named.items():
        for row in rows_of(comparison):
            if row.lang == lang:
                cells = columns.setdefault(row.measure.label, {"base": row.base})
                cells[name] = row.tuned
    header = ["measure", "base", *named]
    return table(
        header, [[name, *(cells.get(key, "–") for key in header[1:])] for name, cells in columns.items()]
    )


def opening(title: str, chosen: argparse.Namespace, cells: Cells, *sentences: str) -> list[str]:
    """The head of a README: what was done, with what, and what it took."""
    seconds, used = (sum(cells.done[name][key] for name in cells.used) for key in ("seconds", "cpu_seconds"))
    facts = ", ".join(
        f"{name} {value}" if name != "machine" else value for name, value in conditions().items()
    )
    budget = f"{chosen.steps} steps" if chosen.steps else "the recipe's epochs"
    rows = f"{chosen.rows} training rows" if chosen.rows else "all training rows"
    asked = f"{chosen.prompts} test prompts" if chosen.prompts else "all test prompts"
    return [
        f"# {title}",
        "",
        *(line for sentence in sentences for line in (sentence, "")),
        f"`{cells.command}`  ",
        f"Model: {label(chosen.model)}. {budget} of {chosen.batch} conversations, {rows} and {asked} a "
        f"language; seeds {', '.join(map(str, chosen.seeds))}; at most {chosen.max_new_tokens} new tokens, "
        "greedy.  ",
        f"{len(cells.used)} cells, {seconds:.0f} s, {used:.0f} CPU-seconds. {facts}.",
        "",
        "In brackets: an interval of 95 %, by bootstrap over prompts and, where there are several, seeds; a "
        "prompt and its translations are drawn together. Changes are paired: points of per cent, or a factor "
        "for perplexity.",
        "",
    ]


def inline(text: str, length: int = 160) -> str:
    """Text that a model wrote, as one line of code: it is never markup."""
    flat = " ".join(text.replace("`", "'").replace("|", "¦").split())
    return f"`{flat[:length]}{' …' * (len(flat) > length)}`" if flat else "(nothing)"


def show(replies: dict[str, dict[str, Any]]) -> list[str]:
    """A list of replies by name, with a sign where one did not stop."""
    return [
        f"- {name}: {inline(reply['text'])}{'' if reply['stopped'] else ' (did not stop)'}"
        for name, reply in replies.items()
    ]
