"""Stopped and resumed: what comes back exactly, what is silently another run, what fails.

    .venv/bin/python benchmarks/resume.py

Trains a tiny model with dropout for 24 steps, with a checkpoint every 5, once in one piece. A second
process is killed with SIGKILL after step 13. From what it left, the run is resumed: as it is, with each
of two settings that save time, and with the last checkpoint damaged in several ways.
Results go to `benchmarks/results/resume/`.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from recorded import conditions, put

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent
RESULTS = HERE / "results" / "resume"
DATA = ROOT / "code" / "sintonia" / "data" / "train" / "en.jsonl"
PACKAGES = ("torch", "transformers", "trl", "accelerate")
STEPS, SAVE_EVERY, KILLED_AFTER, ROWS = 24, 5, 13, 44
LAST = f"checkpoint-{KILLED_AFTER // SAVE_EVERY * SAVE_EVERY}"
SETTINGS = {"as it is": {}, "save_only_model": {"save_only_model": True}}


def main(arguments: list[str]) -> int:
    """Train, kill, resume, write. Exit status 1: an undamaged run did not come back exactly."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, default=RESULTS)
    parser.add_argument("--die", type=Path, help="train in this folder and be killed")
    parser.add_argument("--setting", choices=SETTINGS, default="as it is")
    options = parser.parse_args(arguments)
    if options.die:
        train(options.die, die=True, **SETTINGS[options.setting])
        return 3  # not reached
    with tempfile.TemporaryDirectory() as scratch:
        result = measure(Path(scratch))
    put(options.out, result, as_markdown(result))
    return 0 if result["cases"][0].get("largest_difference") == 0 else 1


def measure(scratch: Path) -> dict[str, Any]:
    """The conditions, and what became of each case."""
    whole = train(scratch / "whole")
    stopped = {setting: kill(scratch / f"killed-{place}", setting) for place, setting in enumerate(SETTINGS)}
    cases = []
    for name, setting, options, damage in CASES:
        folder = scratch / "case"
        shutil.copytree(stopped[setting], folder)
        damage(folder / LAST)
        cases.append({"case": name, **outcome(folder, options, whole)})
        print(cases[-1])
        shutil.rmtree(folder)
    plan = {"steps": STEPS, "save_every": SAVE_EVERY, "killed_after": KILLED_AFTER}
    return {"conditions": conditions(PACKAGES), **plan, "cases": cases}


def kill(folder: Path, setting: str) -> Path:
    """The run folder of a process that SIGKILL ended."""
    command = [sys.executable, str(Path(__file__).resolve()), "--die", str(folder), "--setting", setting]
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "code")}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=600)
    if done.returncode != -signal.SIGKILL:
        found = f"{setting}: found exit status {done.returncode}; expected SIGKILL"
        raise RuntimeError(f"{found}\n{done.stderr[-2000:]}")
    return folder


def outcome(folder: Path, options: dict[str, Any], whole: list[dict[str, float]]) -> dict[str, Any]:
    """The error, or the differences from the run in one piece after the steps that are in the checkpoint."""
    try:
        log = train(folder, resume=True, **options)
    except Exception as error:  # what is raised is the result
        lines = [line for line in str(error).splitlines() if line.strip()]
        return {"error": type(error).__name__, "message": (lines or [""])[0].replace(str(folder), "RUN")}
    first = int(LAST.split("-")[1])
    pairs = list(zip(log[first:], whole[first:], strict=True))
    return {
        "largest_difference": max(abs(one["loss"] - two["loss"]) for one, two in pairs),
        "first_learning_rate": pairs[0][0]["learning_rate"],
        "expected_learning_rate": pairs[0][1]["learning_rate"],
    }


def train(folder: Path, *, resume: bool = False, die: bool = False, **options: Any) -> list[dict[str, float]]:
    """A run of 24 steps; what it logged at each."""
    from datasets import Dataset
    from transformers import TrainerCallback
    from trl import SFTConfig, SFTTrainer

    import sintonia
    from sintonia.small_model import Making, course_text, train_tokenizer, untrained_model

    class Die(TrainerCallback):
        """No clean-up of any kind: what a machine does that loses its power."""

        def on_step_end(self, args: Any, state: Any, control: Any, **_: Any) -> None:
            if state.global_step == KILLED_AFTER:
                os.kill(os.getpid(), signal.SIGKILL)

    tokenizer = train_tokenizer(course_text(["en"]), 600)
    examples = sintonia.encode(list(sintonia.load_conversations(DATA))[:ROWS], tokenizer)
    model = untrained_model(len(tokenizer), Making(hidden=64, layers=2))
    model.config.attention_dropout = 0.1
    for layer in model.model.layers:
        layer.self_attn.attention_dropout = 0.1
    config = SFTConfig(
        output_dir=str(folder),
        per_device_train_batch_size=2,
        gradient_accumulation_steps=2,
        max_steps=STEPS,
        learning_rate=1e-3,
        max_length=96,
        save_steps=SAVE_EVERY,
        logging_steps=1,
        report_to="none",
        disable_tqdm=True,
        use_cpu=True,
        bf16=False,
        gradient_checkpointing=False,
        dataloader_pin_memory=False,
        seed=7,
        **options,
    )
    rows = {
        "input_ids": [example["input_ids"] for example in examples],
        "labels": [sintonia.labels(example) for example in examples],
    }
    with contextlib.redirect_stdout(sys.stderr):
        trainer = SFTTrainer(
            model=model,
            args=config,
            train_dataset=Dataset.from_dict(rows),
            processing_class=tokenizer,
            callbacks=[Die()] if die else [],
        )
        trainer.train(resume_from_checkpoint=resume)
    log = [entry for entry in trainer.state.log_history if "loss" in entry]
    return [{key: float(entry[key]) for key in ("loss", "learning_rate")} for entry in log]


def nothing(checkpoint: Path) -> None:
    """No damage."""


def remove(name: str) -> Callable[[Path], None]:
    """Damage: a file is missing."""
    return lambda checkpoint: (checkpoint / name).unlink()


def cut(name: str) -> Callable[[Path], None]:
    """Damage: a file ends in the middle."""
    return lambda checkpoint: os.truncate(checkpoint / name, (checkpoint / name).stat().st_size // 2)


def zero_tail(name: str) -> Callable[[Path], None]:
    """Damage: the second half of a file is zeros, its size is right."""

    def damage(checkpoint: Path) -> None:
        size = (checkpoint / name).stat().st_size
        os.truncate(checkpoint / name, size // 2)
        os.truncate(checkpoint / name, size)

    return damage


def newer_and_empty(checkpoint: Path) -> None:
    """Damage: the process died when the next checkpoint's folder was there and nothing in it."""
    (checkpoint.parent / f"checkpoint-{KILLED_AFTER + 2}").mkdir()


def no_checkpoint(checkpoint: Path) -> None:
    """Damage: nothing has been saved."""
    for folder in checkpoint.parent.glob("checkpoint-*"):
        shutil.rmtree(folder)


CASES: list[tuple[str, str, dict[str, Any], Callable[[Path], None]]] = [
    ("intact", "as it is", {}, nothing),
    ("ignore_data_skip=True", "as it is", {"ignore_data_skip": True}, nothing),
    ("save_only_model=True", "save_only_model", {"save_only_model": True}, nothing),
    ("optimizer.pt missing", "as it is", {}, remove("optimizer.pt")),
    ("model.safetensors, tail zeroed", "as it is", {}, zero_tail("model.safetensors")),
    ("model.safetensors cut in half", "as it is", {}, cut("model.safetensors")),
    ("model.safetensors missing", "as it is", {}, remove("model.safetensors")),
    ("trainer_state.json missing", "as it is", {}, remove("trainer_state.json")),
    ("empty newer folder", "as it is", {}, newer_and_empty),
    ("no checkpoint", "as it is", {}, no_checkpoint),
]


def as_markdown(result: dict[str, Any]) -> str:
    """The table of `results/resume/README.md`."""
    lines = [
        "# Stopped and resumed",
        "",
        f"`benchmarks/resume.py`; a tiny model with dropout and gradient accumulation, {STEPS} steps of 4",
        f"of {ROWS} rows, a checkpoint every {SAVE_EVERY}, SIGKILL after step {KILLED_AFTER}.",
        "Difference: the largest of a step's loss from the run in one piece. Learning rate: of the first",
        "step after resuming.",
        "",
        "| Case | Difference | Learning rate | Expected | Error |",
        "|---|---:|---:|---:|---|",
    ]
    for case in result["cases"]:
        if "error" in case:
            lines.append(f"| {case['case']} | | | | {case['error']}: {case['message'][:110]} |")
        else:
            rates = f"{case['first_learning_rate']:.6f} | {case['expected_learning_rate']:.6f}"
            lines.append(f"| {case['case']} | {case['largest_difference']:.4f} | {rates} | |")
    conditions = ", ".join(f"{key} {value}" for key, value in result["conditions"].items())
    return "\n".join([*lines, "", f"Conditions: {conditions}.", ""])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
