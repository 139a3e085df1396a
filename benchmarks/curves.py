"""Curves to learn reading on: one small base model, tuned well and badly, with a held-out loss beside.

    .venv/bin/python benchmarks/curves.py

The base reads the course's text and no echoes, so it is made in a minute and copies nothing. Each run
starts from the same weights. Now and then the loss is taken on rows that were trained on and on
validation rows, both by the same rule, with the share of tokens that are the model's first choice; and
the model is asked a prompt of each kind. Results go to `benchmarks/results/curves/`.
"""

from __future__ import annotations

import argparse
import copy
import json
import math
import os
import platform
import sys
import time
from importlib import metadata
from pathlib import Path
from typing import Any

import torch

from sintonia import encode, small_model, training_loop
from sintonia.collation import collate
from sintonia.comparison import course_rows
from sintonia.generation import generate
from sintonia.loop_recipes import LoopArguments
from sintonia.loss_masks import IGNORE_INDEX

RESULTS = Path(__file__).parent / "results" / "curves"
PACKAGES = ("torch", "transformers", "sintonia")
SEED = 42
BATCH = 16
MAKING = small_model.Making(steps=450, echo_steps=0)
# Rows a language (0 takes all), learning rate, steps, steps between two measurements.
RUNS: dict[str, tuple[int, float, int, int]] = {
    "good": (0, 2e-3, 138, 6),
    "under-fit": (0, 2e-5, 138, 6),
    "over-fit": (0, 2e-3, 460, 20),
    "memorised": (4, 2e-3, 160, 8),
    "diverged": (0, 0.3, 60, 4),
}


def main(arguments: list[str]) -> int:
    """Make the base, run what is asked for, write everything."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, default=RESULTS)
    parser.add_argument("--runs", nargs="+", default=list(RUNS), choices=RUNS)
    options = parser.parse_args(arguments)
    wall, cpu = time.monotonic(), time.process_time()
    learned, held_out = course_rows("train"), course_rows("validation")
    tokenizer, base = make_base()
    print(f"base: {time.process_time() - cpu:.0f} CPU-seconds", flush=True)
    runs = {}
    for name in options.runs:
        began = time.process_time()
        runs[name] = run(name, copy.deepcopy(base), tokenizer, learned, held_out)
        runs[name]["cpu_seconds"] = round(time.process_time() - began, 1)
        last = runs[name]["history"][-1]
        print(f"{name}: {last}, {runs[name]['cpu_seconds']} CPU-seconds", flush=True)
    result = {
        "command": "python benchmarks/curves.py",
        "conditions": conditions(),
        "seconds": round(time.monotonic() - wall, 1),
        "cpu_seconds": round(time.process_time() - cpu, 1),
        "seed": SEED,
        "held_out": len(held_out),
        "vocabulary": len(tokenizer),
        "runs": runs,
    }
    options.out.mkdir(parents=True, exist_ok=True)
    put(options.out / "results.json", as_json(result))
    put(options.out / "README.md", as_markdown(result))
    return 0


def make_base() -> tuple[Any, Any]:
    """Tokenizer and model of the small base, without its lessons in copying."""
    paragraphs = small_model.course_text()
    tokenizer = small_model.train_tokenizer(paragraphs, MAKING.vocabulary)
    model = small_model.untrained_model(len(tokenizer), MAKING)
    small_model.pretrain(model, small_model.token_stream(tokenizer, paragraphs), MAKING)
    return tokenizer, model


def run(
    name: str, model: Any, tokenizer: Any, learned: list[dict[str, Any]], held_out: list[dict[str, Any]]
) -> dict[str, Any]:
    """Tune and measure: `history` holds step, both losses and both accuracies; `replies` what was said."""
    rows, rate, steps, every = RUNS[name]
    if rows:
        learned = [row for lang in small_model.LANGUAGES for row in of_language(learned, lang)[:rows]]
    examples = encode([row["messages"] for row in learned], tokenizer)
    same_size = learned[:: max(1, len(learned) // len(held_out))][: len(held_out)]
    sides = [encode([row["messages"] for row in some], tokenizer) for some in (same_size, held_out)]
    asked = {
        "trained on": of_language(learned, "en")[0],
        "held out": of_language(held_out, "en")[0],
    }
    history: list[list[float | None]] = []
    replies: list[dict[str, Any]] = []

    def look(step: int) -> None:
        figures = [figure for side in sides for figure in measure(model, side, tokenizer.pad_token_id)]
        losses, accuracies = figures[::2], figures[1::2]
        history.append([step, *(rounded(figure) for figure in (*losses, *accuracies))])
        if all(math.isfinite(loss) for loss in losses) and len(history) % 3 == 1:
            said = generate(
                model, tokenizer, [row["messages"][:-1] for row in asked.values()], max_new_tokens=32
            )
            replies.append({"step": step} | {k: r.text for k, r in zip(asked, said, strict=True)})

    def on_step(number: int, _: int, loss: float) -> None:
        if number % every == 0 or number == steps:
            model.eval()
            look(number)
            model.train()

    look(0)
    arguments = LoopArguments(
        learning_rate=rate,
        lr_scheduler_type="constant_with_warmup",
        warmup_steps=5,
        adam_beta2=0.95,
        per_device_train_batch_size=min(BATCH, len(examples)),
        max_steps=steps,
        train_sampling_strategy="group_by_length",
        seed=SEED,
    )
    losses = training_loop.train(model, examples, arguments, tokenizer.pad_token_id, on_step)
    return {
        "conversations": len(learned),
        "learning_rate": rate,
        "batch": arguments.per_device_train_batch_size,
        "steps": steps,
        "questions": {kind: row["messages"][-2]["content"] for kind, row in asked.items()},
        "step_losses": [rounded(loss) for loss in losses],
        "columns": ["step", "trained on", "held out", "accuracy, trained on", "accuracy, held out"],
        "history": history,
        "replies": replies,
    }


def of_language(rows: list[dict[str, Any]], lang: str) -> list[dict[str, Any]]:
    """The rows of one language."""
    return [row for row in rows if row["lang"] == lang]


@torch.inference_mode()
def measure(model: Any, examples: list[dict[str, list[int]]], pad: int) -> tuple[float, float]:
    """Loss in nats a supervised token, and the share of these tokens that are the model's first choice."""
    examples = sorted(examples, key=lambda example: len(example["input_ids"]))
    total = right = count = 0.0
    for first in range(0, len(examples), 20):
        batch = collate(examples[first : first + 20], pad)
        read = {name: tensor for name, tensor in batch.items() if name != "labels"}
        guesses, targets = model(**read).logits[:, :-1], batch["labels"][:, 1:]
        graded = targets != IGNORE_INDEX
        guesses, targets = guesses[graded], targets[graded]
        total += torch.nn.functional.cross_entropy(guesses, targets, reduction="sum").item()
        right += (guesses.argmax(-1) == targets).sum().item()
        count += len(targets)
    return total / count, right / count


def rounded(value: float) -> float | None:
    """For JSON, which knows no NaN."""
    return round(value, 4) if math.isfinite(value) else None


def conditions() -> dict[str, Any]:
    """What has to be known to read the figures."""
    return {
        "machine": f"{platform.machine()}, {os.cpu_count()} cores, CPU, {torch.get_num_threads()} threads",
        "python": platform.python_version(),
        **{package: metadata.version(package) for package in PACKAGES if found(package)},
    }


def found(package: str) -> bool:
    """Whether a package is installed as one."""
    try:
        metadata.version(package)
    except metadata.PackageNotFoundError:
        return False
    return True


def as_json(result: dict[str, Any]) -> str:
    """One line a field, one a run's field."""
    runs = []
    for name, one in result["runs"].items():
        parts = [f"  {json.dumps(key)}: {json.dumps(part, ensure_ascii=False)}" for key, part in one.items()]
        runs.append(f"{json.dumps(name)}: {{\n" + ",\n".join(parts) + "\n}")
    head = [f"{json.dumps(k)}: {json.dumps(v, ensure_ascii=False)}" for k, v in result.items() if k != "runs"]
    return "{\n" + ",\n".join(head) + ',\n"runs": {\n' + ",\n".join(runs) + "\n}\n}\n"


def as_markdown(result: dict[str, Any]) -> str:
    """A table, a line a run."""
    machine, *versions = result["conditions"].items()
    facts = ", ".join([machine[1], *(f"{name} {number}" for name, number in versions)])
    seconds, used = result["seconds"], result["cpu_seconds"]
    lines = [
        "# Curves, good and bad",
        "",
        "One small base model of the course's text, tuned from the same weights. Losses in nats a token that",
        f"the assistant wrote; held out: the {result['held_out']} validation rows.",
        "",
        f"`{result['command']}`  ",
        f"One seed, {result['seed']}; {seconds:.0f} s, {used:.0f} CPU-seconds. {facts}.",
        "",
        "| run | conversations | learning rate | steps | trained on | held out | lowest held out, at step |",
        "| --- | --- | --- | --- | --- | --- | --- |",
    ]
    for name, one in result["runs"].items():
        history = [point for point in one["history"] if point[2] is not None]
        lowest = min(history, key=lambda point: point[2])
        ends = [f"{history[0][side]:.2f} → {history[-1][side]:.2f}" for side in (1, 2)]
        cells = [name, one["conversations"], f"{one['learning_rate']:g}", one["steps"], *ends]
        cells.append(f"{lowest[2]:.2f}, {lowest[0]}")
        lines.append(f"| {' | '.join(map(str, cells))} |")
    return "\n".join(lines) + "\n"


def put(path: Path, text: str) -> None:
    """Write a file whole or not at all."""
    unfinished = path.with_name(f".{path.name}.unfinished")
    unfinished.write_text(text, encoding="utf-8")
    unfinished.replace(path)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
