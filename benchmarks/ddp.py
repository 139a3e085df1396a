"""Two processes against one: the same losses, and the launches that only look like two.

    .venv/bin/python benchmarks/ddp.py

Trains one tiny model for one epoch of 44 rows, eight rows a step, started in six ways on a CPU. Each
worker writes down what it found itself in: how many processes, in which wrapper, with which losses.
Five steps have eight rows; for the sixth only four are left, and there the launches differ, because
accelerate gives every process a whole batch and takes the missing rows from the epoch's beginning.
Results go to `benchmarks/results/ddp/`.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from recorded import conditions, put

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent
RESULTS = HERE / "results" / "ddp"
DATA = ROOT / "code" / "sintonia" / "data" / "train" / "en.jsonl"
CONFIGS = ROOT / "code" / "recipes" / "accelerate"
PACKAGES = ("torch", "transformers", "trl", "accelerate")
ROWS, ROWS_A_STEP = 44, 8
FULL_STEPS = ROWS // ROWS_A_STEP


def main(arguments: list[str]) -> int:
    """Launch every way, compare, write. Exit status 1: two processes did not train as one does."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, default=RESULTS)
    parser.add_argument("--worker", type=Path, help="train here and write what was found to this file")
    parser.add_argument("--model", type=Path)
    parser.add_argument("--batch", type=int, default=4)
    options = parser.parse_args(arguments)
    if options.worker:
        worker(options.model, options.batch, options.worker)
        return 0
    with tempfile.TemporaryDirectory() as scratch:
        make_model(Path(scratch) / "model")
        runs = [run(name, command, batch, Path(scratch)) for name, command, batch in ways(Path(scratch))]
    result = {"conditions": conditions(PACKAGES), "runs": runs}
    put(options.out, result, as_markdown(result))
    return 0 if all(difference(runs[0], two) < 1e-5 for two in runs[1:3]) else 1


def ways(scratch: Path) -> list[tuple[str, list[str], int]]:
    """Name, launcher and rows per process of every launch; the first is what the others are held against."""
    python = [sys.executable, "-m"]
    accelerate = [*python, "accelerate.commands.launch"]
    torchrun = [*python, "torch.distributed.run", "--standalone", "--nproc_per_node", "2"]
    by_hand = ["--multi_gpu", "--num_processes", "2", "--num_machines", "1"]
    by_hand += ["--mixed_precision", "no", "--dynamo_backend", "no"]
    sharded = (CONFIGS / "fsdp2.yaml").read_text("utf-8")
    for line, on_cpu in (
        ("use_cpu: false", "use_cpu: true"),
        ("mixed_precision: bf16", "mixed_precision: 'no'"),
    ):
        assert line in sharded, f"fsdp2.yaml: no line {line!r}"
        sharded = sharded.replace(line, on_cpu)
    (scratch / "fsdp2-cpu.yaml").write_text(sharded, encoding="utf-8")
    return [
        ("python", [sys.executable], ROWS_A_STEP),
        ("torchrun --standalone --nproc_per_node 2", torchrun, ROWS_A_STEP // 2),
        (
            "accelerate launch --config_file ddp-cpu.yaml",
            [*accelerate, "--config_file", str(CONFIGS / "ddp-cpu.yaml")],
            ROWS_A_STEP // 2,
        ),
        ("accelerate launch " + " ".join(by_hand), [*accelerate, *by_hand], ROWS_A_STEP // 2),
        (
            "accelerate launch --cpu --num_processes 2",
            [*accelerate, "--cpu", "--num_processes", "2"],
            ROWS_A_STEP // 2,
        ),
        (
            "accelerate launch --config_file fsdp2.yaml, use_cpu: true",
            [*accelerate, "--config_file", str(scratch / "fsdp2-cpu.yaml")],
            ROWS_A_STEP // 2,
        ),
    ]


def run(name: str, launcher: list[str], batch: int, scratch: Path) -> dict[str, Any]:
    """Start the workers one way; what the first process wrote down."""
    found = scratch / "found.json"
    found.unlink(missing_ok=True)
    command = [*launcher, str(Path(__file__).resolve()), "--worker", str(found), "--batch", str(batch)]
    environment = {
        **os.environ,
        "PYTHONPATH": str(ROOT / "code"),
        "HF_HUB_OFFLINE": "1",
        "TOKENIZERS_PARALLELISM": "false",
        "OMP_NUM_THREADS": "1",
        "ACCELERATE_LOG_LEVEL": "ERROR",
    }
    started = time.monotonic()
    command += ["--model", str(scratch / "model")]
    done = subprocess.run(command, cwd=scratch, env=environment, capture_output=True, text=True, timeout=180)
    if done.returncode:
        raise RuntimeError(f"{name}: found exit status {done.returncode}; expected 0\n{done.stderr[-3000:]}")
    record = {"launch": name, "rows_per_process": batch, **json.loads(found.read_text("utf-8"))}
    print(f"{name}: {record['processes']} x {batch}, {record['wrapper']}, {time.monotonic() - started:.0f} s")
    return record


def make_model(folder: Path) -> None:
    """A random two-layer Llama with a vocabulary of 1,000: a large one would spend the time on its logits."""
    from sintonia.small_model import Making, course_text, train_tokenizer, untrained_model

    tokenizer = train_tokenizer(course_text(["en"]), 1000)
    untrained_model(len(tokenizer), Making(hidden=64, layers=2)).save_pretrained(folder)
    tokenizer.save_pretrained(folder)


def worker(folder: Path, batch: int, out: Path) -> None:
    """One epoch of SFT, and what this process found."""
    from transformers import AutoModelForCausalLM
    from trl import SFTConfig, SFTTrainer

    import sintonia
    from sintonia.models import load_tokenizer

    tokenizer = load_tokenizer(folder)
    conversations = list(sintonia.load_conversations(DATA))[:ROWS]
    examples = sintonia.encode(conversations, tokenizer)
    rows = {
        "input_ids": [example["input_ids"] for example in examples],
        "labels": [sintonia.labels(example) for example in examples],
    }
    from datasets import Dataset

    config = SFTConfig(
        output_dir=str(out.parent / "run"),
        per_device_train_batch_size=batch,
        num_train_epochs=1,
        learning_rate=1e-2,
        max_length=256,
        logging_steps=1,
        save_strategy="no",
        report_to="none",
        disable_tqdm=True,
        use_cpu=True,
        bf16=False,
        gradient_checkpointing=False,
        dataloader_pin_memory=False,
        seed=7,
    )
    trainer = SFTTrainer(
        model=AutoModelForCausalLM.from_pretrained(folder, dtype="float32"),
        args=config,
        train_dataset=Dataset.from_dict(rows),
        processing_class=tokenizer,
    )
    trainer.train()
    if trainer.is_world_process_zero():
        log = [entry for entry in trainer.state.log_history if "loss" in entry]
        found = {
            "processes": trainer.accelerator.num_processes,
            "distributed_type": trainer.accelerator.distributed_type.value,
            "wrapper": type(trainer.model_wrapped).__name__,
            "sharded": any(hasattr(p, "placements") for p in trainer.model.parameters()),
            "tokens": log[-1]["num_tokens"],
            "losses": [float(entry["loss"]) for entry in log],
        }
        whole = out.with_suffix(".whole")
        whole.write_text(json.dumps(found), encoding="utf-8")
        whole.rename(out)
    while not out.is_file():
        time.sleep(0.1)
    # gloo's threads sometimes abort or hang when the interpreter takes itself apart, with all the work done.
    sys.stdout.flush()
    os._exit(0)


def difference(one: dict[str, Any], two: dict[str, Any]) -> float:
    """The largest difference between two runs' losses, over the steps for which there were eight rows."""
    pairs = zip(one["losses"][:FULL_STEPS], two["losses"][:FULL_STEPS], strict=True)
    return max(abs(a - b) for a, b in pairs)


def as_markdown(result: dict[str, Any]) -> str:
    """The table of `results/ddp/README.md`."""
    lines = [
        "# Two processes against one",
        "",
        f"`benchmarks/ddp.py`; a random two-layer Llama, one epoch of {ROWS} English rows of the course.",
        f"Difference: the largest of a step's loss from the first line's, over the {FULL_STEPS} steps of"
        f" {ROWS_A_STEP} rows.",
        f"For the last step {ROWS % ROWS_A_STEP} rows are left; two processes fill them up with rows they"
        " have seen.",
        "",
        "| Launch | Processes | Rows each | Wrapper | Sharded | Tokens | Steps | Difference | Last loss |",
        "|---|---:|---:|---|---|---:|---:|---:|---:|",
    ]
    for found in result["runs"]:
        cells = [
            f"`{found['launch']}`",
            found["processes"],
            found["rows_per_process"],
            found["wrapper"],
            "yes" if found["sharded"] else "no",
            f"{found['tokens']:,.0f}",
            len(found["losses"]),
            f"{difference(result['runs'][0], found):.1e}",
            f"{found['losses'][-1]:.5f}",
        ]
        lines.append("| " + " | ".join(map(str, cells)) + " |")
    conditions = ", ".join(f"{key} {value}" for key, value in result["conditions"].items())
    return "\n".join([*lines, "", f"Conditions: {conditions}.", ""])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
