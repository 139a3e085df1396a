"""How fast a CPU trains: the trainer of `sintonia sft` beside TRL's own, whole steps, on the same rows.

    .venv/bin/python benchmarks/train.py                        both kinds of rows, two rounds
    .venv/bin/python benchmarks/train.py --rows 8 --rounds 1    shorter
    ONEDNN_MAX_CPU_ISA=AVX2 ATEN_CPU_CAPABILITY=avx2 MKL_ENABLE_INSTRUCTIONS=AVX2 \\
        .venv/bin/python benchmarks/train.py --out benchmarks/results/train-avx2    as on an older processor

The embedded model with the LoRA of code/recipes/cpu-lora.yaml, one thread. A cell is one setting that goes
once over the rows: batches, forward, backward and optimizer. The settings take turns, so that whatever else
the machine does falls on all of them. Time is processor time, which other programs change little. Only real
tokens are counted, never padding. Every finished cell is written down; a run that was stopped goes on.
Results go to `benchmarks/results/train/`.
"""

from __future__ import annotations

import argparse
import gc
import json
import os
import random
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from recorded import conditions, put

from sintonia import models, sft, training_data
from sintonia.chat_templates import find_template
from sintonia.comparison import course_rows
from sintonia.run_watch import StopRequest

HERE = Path(__file__).resolve().parent
RESULTS = HERE / "results" / "train"
PACKAGES = ("torch", "transformers", "trl", "peft")
OURS = "sintonia sft"
DEFAULTS = "TRL, its defaults"
FP32 = {"bf16": False, "activation_checkpointing": False}
LORA = {"r": 16, "lora_alpha": 32, "target_modules": "all-linear", "task_type": "CAUSAL_LM"}
STOCK: dict[str, dict[str, Any]] = {
    DEFAULTS: {},
    "TRL, float32, no checkpointing": FP32,
    "TRL, the same, group_by_length": {**FP32, "train_sampling_strategy": "group_by_length"},
    "TRL, the same, packing at 512": {
        **FP32,
        "packing": True,
        "max_length": 512,
        "per_device_train_batch_size": 1,
        "gradient_accumulation_steps": 2,
    },
}
PACKED = ("--packing", "true", "--max_length", "512", "--train_sampling_strategy", "random")
PACKED += ("--per_device_train_batch_size", "1", "--gradient_accumulation_steps", "2")
OUR_FLAGS: dict[str, tuple[str, ...]] = {
    OURS: (),
    f"{OURS}, packing at 512": PACKED,
    f"{OURS} --bf16 true": ("--bf16", "true"),
    f"{OURS} --bf16 true, packing at 512": (*PACKED, "--bf16", "true"),
}
SETTINGS = [*STOCK, *OUR_FLAGS]
KINDS = {"short": "short questions and answers", "prompt-heavy": "long prompts, short answers"}
LIMITS = ("ONEDNN_MAX_CPU_ISA", "ATEN_CPU_CAPABILITY", "MKL_ENABLE_INSTRUCTIONS")
SLOW_ROWS = 4  # of which TRL's defaults, some four times slower, see one batch


def main(arguments: list[str]) -> int:
    """Train the cells that are not measured yet, in turns; write after each."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, default=RESULTS)
    parser.add_argument("--rows", type=int, default=16, help="conversations of a cell")
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--kinds", nargs="+", choices=KINDS, default=list(KINDS))
    parser.add_argument("--settings", nargs="+", choices=SETTINGS, default=SETTINGS)
    parser.add_argument("--model", default=None, help="the embedded model if left out")
    options = parser.parse_args(arguments)
    path = options.out / "results.json"
    result: dict[str, Any] = json.loads(path.read_text("utf-8")) if path.is_file() else {"cells": []}
    result["conditions"] = conditions(PACKAGES, f"{processor()}, one thread")
    tokenizer = models.load_tokenizer(options.model)
    done = {(cell["kind"], cell["setting"], cell["round"]) for cell in result["cells"]}
    for turn in range(options.rounds):
        for kind in options.kinds:
            rows = rows_of(kind, options.rows)
            for setting in options.settings:
                if (kind, setting, turn) in done or (setting == DEFAULTS and turn):
                    continue
                some = rows[:SLOW_ROWS] if setting == DEFAULTS else rows
                cell = {"kind": kind, "setting": setting, "round": turn, "rows": len(some)}
                result["cells"].append({**cell, **measure(setting, some, tokenizer, options.model)})
                print(result["cells"][-1], flush=True)
                put(options.out, result, as_markdown(result))
    return 0


def processor() -> str:
    """The processor's name, and whether it has instructions for bfloat16, which decides a good part."""
    try:
        lines = Path("/proc/cpuinfo").read_text("utf-8").splitlines()
    except OSError:
        return "CPU"
    fields = dict(part.split("\t", 1) for part in lines if "\t" in part)
    name = fields.get("model name", ": CPU").lstrip("\t: ")
    flags = fields.get("flags", "").split()
    with_bf16 = any(flag in flags for flag in ("avx512_bf16", "amx_bf16"))
    held = " ".join(f"{limit}={os.environ[limit]}" for limit in LIMITS if limit in os.environ)
    if held:
        return f"{name}, held by {held}"
    return f"{name} {'with' if with_bf16 else 'without'} bfloat16 instructions"


def rows_of(kind: str, count: int) -> list[dict[str, Any]]:
    """Rows of the course, one language after the other; with a long text before each question, if asked."""
    by_language = [course_rows("train", [lang])[:count] for lang in ("pt", "es", "zh", "en")]
    rows = [row for together in zip(*by_language, strict=True) for row in together][:count]
    if kind == "short":
        return rows
    dice = random.Random(7)
    others = [row["messages"][-1]["content"] for row in course_rows("train", ["en"])]
    long_rows = []
    for row in rows:
        first, *rest = [turn for turn in row["messages"] if turn["role"] != "system"]
        text = "\n\n".join(dice.sample(others, 4))
        asked = {"role": "user", "content": f"{text}\n\n{first['content']}"}
        long_rows.append({**row, "messages": [asked, *rest]})
    return long_rows


def measure(setting: str, rows: list[dict[str, Any]], tokenizer: Any, name: Any = None) -> dict[str, Any]:
    """One epoch over the rows: real tokens, processor seconds, the loss of each step."""
    import torch
    from transformers import TrainerCallback

    class Clock(TrainerCallback):
        """Processor time between the first batch's request and the last step's end."""

        def on_train_begin(self, *_: Any, **__: Any) -> None:
            self.began = time.process_time()

        def on_step_end(self, *_: Any, **__: Any) -> None:
            self.ended = time.process_time()

    dataset = training_data.build_dataset(rows, tokenizer, find_template(None, tokenizer)[1])
    tokens = sum(len(ids) for ids in dataset["input_ids"])
    graded = sum(label != -100 for labels in dataset["labels"] for label in labels)
    clock = Clock()
    with tempfile.TemporaryDirectory() as folder:
        make = stock if setting in STOCK else ours
        trainer = make(setting, dataset, tokenizer, name, folder)
        torch.set_num_threads(1)
        trainer.add_callback(clock)
        trainer.train()
    losses = [entry["loss"] for entry in trainer.state.log_history if "loss" in entry]
    del trainer
    gc.collect()
    seconds = clock.ended - clock.began
    return {
        "tokens": tokens,
        "graded": graded,
        "cpu_seconds": round(seconds, 2),
        "tokens_per_cpu_second": round(tokens / seconds, 1),
        "losses": losses,
    }


def ours(setting: str, dataset: Any, tokenizer: Any, name: Any, folder: str) -> Any:
    """The trainer that `sintonia sft` makes of its default recipe and the setting's flags."""
    argv = ["--output_dir", folder, *(["--model", str(name)] if name else [])]
    argv += ["--logging_steps", "1", "--save_strategy", "no", "--disable_tqdm", "true"]
    argv += OUR_FLAGS[setting]
    mine, config, model_config = sft.parse(argv)
    return sft._trainer(mine.model, config, model_config, dataset, tokenizer, StopRequest())


def stock(setting: str, dataset: Any, tokenizer: Any, name: Any, folder: str) -> Any:
    """TRL's own trainer, fed the same ids and labels."""
    from peft import LoraConfig
    from transformers import set_seed
    from trl import SFTConfig, SFTTrainer

    options = {"per_device_train_batch_size": 8, **STOCK[setting]}
    config = SFTConfig(
        output_dir=folder,
        use_cpu=True,
        num_train_epochs=1,
        learning_rate=1e-3,
        lr_scheduler_type="cosine",
        warmup_steps=0.05,
        logging_steps=1,
        logging_first_step=True,
        save_strategy="no",
        report_to="none",
        disable_tqdm=True,
        seed=42,
        **options,
    )
    set_seed(42)  # as ours does, before the adapter is drawn
    model = models.load_model(name)
    model.config.use_cache = False
    return SFTTrainer(
        model=model,
        args=config,
        train_dataset=dataset,
        processing_class=tokenizer,
        peft_config=LoraConfig(**LORA),
    )


def rates(result: dict[str, Any]) -> dict[str, dict[str, float]]:
    """Tokens a CPU-second of each kind of rows and setting, the median of its rounds."""
    found: dict[str, dict[str, list[float]]] = {}
    for cell in result["cells"]:
        of_kind = found.setdefault(cell["kind"], {})
        of_kind.setdefault(cell["setting"], []).append(cell["tokens_per_cpu_second"])
    return {
        kind: {setting: statistics.median(values) for setting, values in of_kind.items()}
        for kind, of_kind in found.items()
    }


def as_markdown(result: dict[str, Any]) -> str:
    """The page of `results/train/README.md`."""
    lines = [
        "# How fast a CPU trains",
        "",
        "`benchmarks/train.py`; the embedded model, LoRA of rank 16 on all linear matrices, 8 rows a batch.",
        "Real tokens for each second of processor time, whole steps, the median of the rounds. Ours is",
        "`sintonia sft` with its default recipe; the last column says how many times faster it is.",
    ]
    for kind, of_kind in rates(result).items():
        cells = [cell for cell in result["cells"] if cell["kind"] == kind]
        whole = max(cells, key=lambda cell: cell["tokens"])
        share = whole["graded"] / whole["tokens"]
        lines += ["", f"## {KINDS[kind].capitalize()}", ""]
        lines += [f"{whole['rows']} rows, {whole['tokens']} tokens, {share:.0%} of them graded.", ""]
        lines += ["| Trainer | Rounds | Tokens a CPU-second | Ours is |", "|---|---:|---:|---:|"]
        for setting, rate in of_kind.items():
            rounds = sum(cell["setting"] == setting for cell in cells)
            ratio = f"{of_kind[OURS] / rate:.2f} times" if OURS in of_kind and setting != OURS else ""
            lines.append(f"| {setting} | {rounds} | {rate:.1f} | {ratio} |")
    lines += ["", f"TRL's defaults (bfloat16, recomputed activations) saw {SLOW_ROWS} rows in one step."]
    where = ", ".join(f"{key} {value}" for key, value in result["conditions"].items())
    return "\n".join([*lines, "", f"Conditions: {where}.", ""])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
