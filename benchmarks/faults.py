"""What becomes of a run that is killed at random moments, damaged, or out of disk.

    .venv/bin/python benchmarks/faults.py

A small model trains with dropout for 24 steps, once in one piece. Then the same command is started and killed
with SIGKILL, again and again at random moments, until it has been killed so often; the last start ends it.
Then each damage is done to what a killed run left. Results go to `benchmarks/results/faults/`.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import platform
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent
RESULTS = HERE / "results" / "faults"
PACKAGES = ("torch", "transformers", "trl", "accelerate")
STEPS = 24
RECIPE = {
    "max_steps": STEPS,
    "per_device_train_batch_size": 2,
    "languages": "en",
    "max_length": 64,
    "logging_steps": 1,
    "save_steps": 3,
    "save_total_limit": 2,
    "learning_rate": 0.01,
    "lora_dropout": 0.1,
    "compare_prompts": 1,
    "doctor": "false",
}
Folder = Path


def main(arguments: list[str]) -> int:
    """Kill, damage, measure, write. Exit status 1: something was lost that should not have been."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--seed", type=int, default=0, help="of the moments")
    parser.add_argument("--out", type=Path, default=RESULTS)
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as scratch:
        result = measure(Path(scratch), options.kills, options.seed)
    options.out.mkdir(parents=True, exist_ok=True)
    (options.out / "results.json").write_text(json.dumps(result, indent=2) + "\n", encoding="utf-8")
    (options.out / "README.md").write_text(as_markdown(result), encoding="utf-8")
    return 0 if all(case["as_expected"] for case in result["cases"]) else 1


def measure(scratch: Path, kills: int, seed: int) -> dict[str, Any]:
    """The conditions, and a line for each fault."""
    model = tiny(scratch / "tiny")
    sft(model, scratch / "first")  # what is read from the disk is then in memory
    began = time.monotonic()
    sft(model, scratch / "whole")
    seconds = time.monotonic() - began
    whole = record(scratch / "whole")
    cases = [killed_often(model, scratch / "often", kills, random.Random(seed), seconds, whole)]
    print(cases[-1], flush=True)
    left = scratch / "left"
    kill_at(model, left, lambda folder: (folder / "checkpoint-9" / "manifest.json").exists())
    for name, damage, more, expected in DAMAGES:
        cases.append(damaged(name, damage, more, expected, model, scratch, left, whole))
        print(cases[-1], flush=True)
    cases.append(full_disk(model, scratch, whole))
    print(cases[-1], flush=True)
    packages = {package: version(package) for package in PACKAGES}
    machine = f"{platform.machine()}, {os.cpu_count()} cores, CPU"
    conditions = {"machine": machine, "python": platform.python_version(), **packages}
    return {"conditions": conditions, "seconds_in_one_piece": round(seconds, 1), "seed": seed, "cases": cases}


def tiny(folder: Path) -> Path:
    """A model small enough to be trained in a second, with a tokenizer of its own."""
    from sintonia import small_model

    tokenizer = small_model.train_tokenizer(small_model.course_text(["en"]), 600)
    making = small_model.Making(vocabulary=600, hidden=32, layers=2)
    small_model.untrained_model(len(tokenizer), making).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


def command(model: Path, target: Path, more: Sequence[str] = ()) -> list[str]:
    """The command line that all of it is about."""
    flags = [part for name, value in RECIPE.items() for part in (f"--{name}", str(value))]
    line = [sys.executable, "-m", "sintonia", "sft", "--model", str(model), "--output_dir", str(target)]
    return [*line, *flags, *more]


def start(line: list[str]) -> subprocess.Popen:
    """The command, started."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "code"), "OMP_NUM_THREADS": "1"}
    environment["SINTONIA_LANG"] = "en"
    return subprocess.Popen(
        line, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace"
    )


def sft(model: Path, target: Path, more: Sequence[str] = ()) -> tuple[int, str]:
    """Exit status and words of a run that nobody disturbs."""
    process = start(command(model, target, more))
    said = process.communicate(timeout=900)[0]
    return process.returncode, said


def kill_at(model: Path, target: Path, when: Callable[[Folder], bool]) -> None:
    """Start a run and kill it when its folder says so."""
    process = start(command(model, target))
    hidden = unfinished(target)
    while process.poll() is None and not when(hidden):
        time.sleep(0.005)
    process.send_signal(signal.SIGKILL)
    process.communicate()


def killed_often(
    model: Path, target: Path, kills: int, chance: random.Random, seconds: float, whole: dict[str, Any]
) -> dict[str, Any]:
    """Kill the same command `kills` times, each after a random share of what a whole run takes."""
    resumed, half, faster, killed = 0, 0, 0, 0
    while killed < kills:
        began = time.monotonic()
        process = start(command(model, target))
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(timeout=chance.uniform(0.5, 1.0) * seconds)
        if process.poll() is not None:  # it was done: begin another
            process.communicate()
            faster += 1
            seconds = min(seconds, time.monotonic() - began)
            shutil.rmtree(target)
            continue
        process.send_signal(signal.SIGKILL)
        killed += 1
        resumed += "going on after step" in process.communicate()[0]
        found = unfinished(target).glob("checkpoint-*")
        half += any(not (checkpoint / "manifest.json").exists() for checkpoint in found)
    code, _ = sft(model, target)
    same = code == 0 and equal(record(target), whole)
    return {
        "fault": f"SIGKILL at a random moment, {kills} times",
        "what": f"{resumed} of the killed runs had gone on from a checkpoint, {half} left one half-written; "
        f"{faster} runs were done first",
        "outcome": "losses and weights equal those of one piece" if same else "another run",
        "as_expected": same,
    }


def damaged(
    name: str,
    damage: Callable[[Folder], None],
    more: Sequence[str],
    expected: str,
    model: Path,
    scratch: Path,
    left: Path,
    whole: dict[str, Any],
) -> dict[str, Any]:
    """One damage to a copy of what a killed run left, and what the same command then says."""
    target = scratch / "case"
    shutil.rmtree(unfinished(target), ignore_errors=True)
    shutil.rmtree(target, ignore_errors=True)
    shutil.copytree(unfinished(left), unfinished(target))
    damage(unfinished(target))
    code, said = sft(model, target, more)
    words = [
        line
        for line in said.splitlines()
        if line.startswith(("warning:", "sintonia:", "going on", "no whole"))
    ]
    same = code == 0 and equal(record(target), whole)
    outcome = "losses and weights equal" if same else f"exit {code}"
    fits = expected in said and (same if not more else code == 2)
    told = " / ".join(words).replace(str(unfinished(target)), "RUN")
    return {"fault": name, "what": told[:400], "outcome": outcome, "as_expected": fits}


def full_disk(model: Path, scratch: Path, whole: dict[str, Any]) -> dict[str, Any]:
    """A file system that is too small for the second checkpoint; then it has room again."""
    place = scratch / "small"
    place.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=512k", "tmpfs", str(place)]
    if subprocess.run(mount, capture_output=True).returncode:
        what = "needs the right to mount a small file system; not tried here"
        return {"fault": "disk full", "what": what, "outcome": "not tried", "as_expected": True}
    try:
        code, said = sft(model, place / "out")
        told = next((line for line in said.splitlines() if "no space left" in line), said[-300:])
        clear = code == 2 and "no space left on the disk" in said and "Traceback" not in said
        subprocess.run(["mount", "-o", "remount,size=64m", str(place)], check=True)
        again, _ = sft(model, place / "out")
        same = again == 0 and equal(record(place / "out"), whole)
        outcome = "exit 2, then with room: losses and weights equal" if same else f"exit {code}, then {again}"
        told = told.replace(str(unfinished(place / "out")), "RUN")
        return {"fault": "disk full", "what": told, "outcome": outcome, "as_expected": clear and same}
    finally:
        subprocess.run(["umount", str(place)], check=False)


def unfinished(target: Path) -> Path:
    """Where a run is while it is not done."""
    return target.with_name(f".{target.name}.unfinished")


def record(folder: Path) -> dict[str, Any]:
    """What a run left of its losses and weights."""
    losses = json.loads((folder / "run.json").read_text("utf-8"))["losses"]
    return {"losses": losses, "weights": (folder / "adapter_model.safetensors").read_bytes()}


def equal(one: dict[str, Any], two: dict[str, Any]) -> bool:
    """Whether two runs are the same, bit by bit."""
    return one == two


def newest(folder: Path) -> Path:
    """The last checkpoint."""
    return max(folder.glob("checkpoint-*"), key=lambda path: int(path.name.split("-")[1]))


def cut(path: Path) -> None:
    """Lose the second half of a file."""
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def zero_tail(path: Path) -> None:
    """Zeros where the end was; the size stays."""
    content = path.read_bytes()
    path.write_bytes(content[: len(content) // 2] + bytes(len(content) - len(content) // 2))


def nothing(folder: Path) -> None:
    """Leave the run as it is; what differs is in the command."""


DAMAGES: list[tuple[str, Callable[[Folder], None], tuple[str, ...], str]] = [
    ("nothing but the kill", nothing, (), "going on after step 9"),
    (
        "weights cut in half",
        lambda f: cut(newest(f) / "adapter_model.safetensors"),
        (),
        "going on after step 6",
    ),
    (
        "weights' tail zeroed",
        lambda f: zero_tail(newest(f) / "adapter_model.safetensors"),
        (),
        "other content",
    ),
    ("optimizer missing", lambda f: (newest(f) / "optimizer.pt").unlink(), (), "no such file"),
    ("random state missing", lambda f: (newest(f) / "rng_state.pth").unlink(), (), "no such file"),
    ("manifest missing", lambda f: (newest(f) / "manifest.json").unlink(), (), "no manifest.json"),
    ("an empty newer folder", lambda f: (f / "checkpoint-12").mkdir(), (), "going on after step 9"),
    ("another learning rate", nothing, ("--learning_rate", "0.02"), "expected 0.02"),
    ("other data", nothing, ("--languages", "pt"), "an unfinished run with data"),
]


def as_markdown(result: dict[str, Any]) -> str:
    """The table and its conditions."""
    conditions = ", ".join(
        f"{name} {value}" if name != "machine" else value for name, value in result["conditions"].items()
    )
    lines = [
        "# Faults",
        "",
        f"`benchmarks/faults.py`; a small model with dropout, {STEPS} steps, a checkpoint every "
        f"{RECIPE['save_steps']}, the same command again after each fault.",
        f"Moments drawn with seed {result['seed']}; one piece took {result['seconds_in_one_piece']} s.",
        "",
        "| Fault | What was said or seen | Outcome | As it should be |",
        "|---|---|---|---|",
    ]
    for case in result["cases"]:
        what = case["what"].replace("|", "¦")
        lines.append(
            f"| {case['fault']} | {what} | {case['outcome']} | {'yes' if case['as_expected'] else 'NO'} |"
        )
    return "\n".join([*lines, "", f"Conditions: {conditions}.", ""])


if __name__ == "__main__":
    sys.path.insert(0, str(ROOT / "code"))
    sys.exit(main(sys.argv[1:]))
