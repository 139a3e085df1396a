"""From scratch, measured: what a small model remembers, and what it has learned.

    .venv/bin/python benchmarks/from_scratch.py

Makes the base model and tunes it as `code/recipes/from-scratch.yaml` says, in a cache of its own so that
the time counts. Then base and tuned model answer prompts that were trained on, the same questions in
other words (`paraphrases.jsonl`), the test prompts, none of which was ever read, and drills: repeat these
words, in a row that was drilled, in a new row of drilled words, and with words that no drill held.
Each reply is

    right    the reference, word for word
    copied   a training reply, word for word, to another question
    new      neither

Right on what was trained on is memory. Right on words that were never drilled is something learned.
Results go to `benchmarks/results/from-scratch/`.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Any

import torch

from sintonia import models, training_loop
from sintonia.comparison import course_rows
from sintonia.evaluation import language_of, mean_loss, response_losses
from sintonia.generation import Reply, generate
from sintonia.loop_recipes import parse
from sintonia.small_model import DRILLS, drills

HERE = Path(__file__).parent
RESULTS = HERE / "results" / "from-scratch"
RECIPE = HERE.parent / "code" / "recipes" / "from-scratch.yaml"
PACKAGES = ("sintonia", "torch", "transformers")
SHOWN = ("capital-of-peru", "why-bread-rises", "capital-of-portugal", "extract-booking")


def main(arguments: list[str]) -> int:
    """Run, measure, write."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, default=RESULTS)
    parser.add_argument("--run", type=Path, help="a run folder that is there already; its time is in it")
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as scratch:
        os.environ["SINTONIA_CACHE"] = scratch
        folder, started = options.run or Path(scratch) / "run", time.monotonic()
        if not options.run:
            training_loop.main(["--config", str(RECIPE), "--output_dir", str(folder)])
        took = None if options.run else (time.monotonic() - started, time.process_time())
        record = json.loads((folder / models.RUN_FILE).read_text("utf-8"))
        base = models.base_of(folder)
        curves = json.loads((Path(base) / "pretraining.json").read_text("utf-8"))["losses"]
        curves = {name: [round(loss, 3) for loss in losses] for name, losses in curves.items()}
        result = {"conditions": conditions(record, took), **measure(folder, base)}
        result["losses"] = {**curves, "tuning": record["losses"]}
    options.out.mkdir(parents=True, exist_ok=True)
    (options.out / "results.json").write_text(as_json(result), encoding="utf-8")
    (options.out / "README.md").write_text(as_markdown(result), encoding="utf-8")
    print(as_markdown(result))
    return 0


def conditions(record: dict[str, Any], took: tuple[float, float] | None) -> dict[str, Any]:
    """What has to be known to read the figures; `took` is wall-clock seconds and CPU seconds of the run."""
    return {
        "command": "python benchmarks/from_scratch.py",
        "seconds": took and round(took[0], 1),
        "cpu_seconds": took and round(took[1], 1),
        "seed": record["seed"],
        "machine": f"{platform.machine()}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f} at the end",
        "threads": torch.get_num_threads(),
        "python": platform.python_version(),
        "versions": {name: number for name, number in record["versions"].items() if name in PACKAGES},
    }


def groups() -> dict[str, list[dict[str, Any]]]:
    """Rows whose last turn is the reference, by what the model has read of them."""
    arguments = parse(["--config", str(RECIPE)])
    train = {(row["id"], row["lang"]): row for row in course_rows("train")}
    asked = [json.loads(line) for line in (HERE / "paraphrases.jsonl").read_text("utf-8").splitlines()]
    langs = list(dict.fromkeys(lang for _, lang in train))
    paraphrased = []
    for lang in langs:
        for row in asked:
            original = train[row["id"], lang]
            messages = [{"role": "user", "content": row[lang]}, original["messages"][-1]]
            paraphrased.append({**original, "messages": messages})
    known = {row["id"] for row in asked}
    seen = [row for (name, _), row in train.items() if name in known]
    return {
        "trained on": seen,
        "the same in other words": paraphrased,
        "test prompts, never read": course_rows("test"),
        "repeat: rows trained on": drills(DRILLS, langs, arguments.seed)[:: DRILLS // 10],
        "repeat: new rows": drills(10, langs, arguments.seed + 1),
        "repeat: words never drilled": drills(10, langs, arguments.seed + 1, held_out=True),
    }


def measure(tuned_folder: Path, base_folder: str) -> dict[str, Any]:
    """The counts of each group for base and tuned, and the replies that a reader is shown."""
    tokenizer = models.load_tokenizer(tuned_folder)
    answers = {row["messages"][-1]["content"] for row in course_rows("train")}
    table, shown = {}, []
    pair = {"base": models.load_model(base_folder), "tuned": models.load_model(tuned_folder)}
    for group, rows in groups().items():
        table[group] = {}
        replies = {}
        for name, model in pair.items():
            prompts = [row["messages"][:-1] for row in rows]
            replies[name] = generate(model, tokenizer, prompts, max_new_tokens=64, batch_size=48)
            losses = response_losses(model, tokenizer, [row["messages"] for row in rows])
            table[group][name] = count(rows, replies[name], answers) | {"response_loss": mean_loss(losses)}
        for row, base, tuned in zip(rows, *replies.values(), strict=True):
            if row["id"] in SHOWN or group.startswith("repeat: words"):
                texts = {"base": base.text, "tuned": tuned.text, "reference": row["messages"][-1]["content"]}
                asked = row["messages"][-2]["content"]
                shown.append({"group": group, "lang": row["lang"], "id": row["id"], "asked": asked, **texts})
    return {"groups": table, "replies": shown}


def count(rows: list[dict[str, Any]], replies: list[Reply], answers: set[str]) -> dict[str, Any]:
    """How many replies are right, copied and new, stop, and are in the prompt's language."""
    right = [reply.text == row["messages"][-1]["content"] for row, reply in zip(rows, replies, strict=True)]
    copied = [reply.text in answers and not good for good, reply in zip(right, replies, strict=True)]
    spoken = [language_of(reply.text) == row["lang"] for row, reply in zip(rows, replies, strict=True)]
    return {
        "prompts": len(rows),
        "right": sum(right),
        "copied": sum(copied),
        "new": len(rows) - sum(right) - sum(copied),
        "stopped": sum(reply.stopped for reply in replies),
        "in_language": sum(spoken),
    }


def as_json(result: dict[str, Any]) -> str:
    """The result with one line a part: losses are long lists."""
    parts = [f"{json.dumps(name)}: {json.dumps(part, ensure_ascii=False)}" for name, part in result.items()]
    return "{\n" + ",\n".join(parts) + "\n}\n"


def as_markdown(result: dict[str, Any]) -> str:
    """The result as a person reads it."""
    facts = result["conditions"]
    took = ""
    if facts["seconds"]:
        took = f"{facts['seconds']:.0f} s, {facts['cpu_seconds']:.0f} CPU-seconds; "
    versions = ", ".join(f"{name} {number}" for name, number in facts["versions"].items() if number)
    lines = [
        "# A small model from scratch: remembered or learned?",
        "",
        f"`{facts['command']}`; {took}{facts['machine']}; threads: {facts['threads']}; seed {facts['seed']}; "
        + versions,
        "",
        "| Prompts | Model | Asked | Right | Copied | New | Stopped | In its language | Loss |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    for group, pair in result["groups"].items():
        for name, found in pair.items():
            numbers = [found[key] for key in ("prompts", "right", "copied", "new", "stopped", "in_language")]
            cells = [group, name, *map(str, numbers), f"{found['response_loss']:.2f}"]
            lines.append(f"| {' | '.join(cells)} |")
    lines += [
        "",
        "Right: the reference, word for word. Copied: the training reply to another question, word for word.",
        "Right on what was trained on is memory; right on words never drilled is something learned.",
        "Loss is in nats a token of the reference.",
        "",
    ]
    shown: Counter[tuple[str, str]] = Counter()
    for row in result["replies"]:
        shown[row["group"], row["lang"]] += 1
        if shown[row["group"], row["lang"]] > 3:
            continue
        lines += [f"**{row['group']}, {row['lang']}:** {_inline(row['asked'])}", ""]
        lines += [f"- {name}: {_inline(row[name])}" for name in ("base", "tuned", "reference")] + [""]
    return "\n".join(lines)


def _inline(text: str) -> str:
    """Text that a model wrote, as one line of code: it is never markup."""
    flat = " ".join(text.replace("`", "'").split())
    return f"`{flat[:120]}{' …' * (len(flat) > 120)}`" if flat else "(nothing)"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
