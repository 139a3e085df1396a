"""What becomes of a run that is killed at random moments, damaged, or out of disk.

    .venv/bin/python benchmarks/faults.py

A small model trains with dropout for 240 steps, is compared with its base and saved, once in one piece. Then
the same command is started and killed with SIGKILL at random moments; the clock runs from the first step of
each start. After some kills a start is left to end, and another run begins. Then runs are killed at moments
too short for chance, and each damage is done to what a killed run left. Results: `benchmarks/results/faults`.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import random
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent
RESULTS = HERE / "results" / "faults"
PACKAGES = ("torch", "transformers", "trl", "accelerate")
STEPS = 240
IN_A_ROW = 2  # random kills of one run before it is left to end
RECIPE = {
    "max_steps": STEPS,
    "per_device_train_batch_size": 2,
    "languages": "en",
    "max_length": 64,
    "logging_steps": 1,
    "save_steps": 10,
    "save_total_limit": 2,
    "learning_rate": 0.01,
    "lora_dropout": 0.1,
    "compare_prompts": 3,
    "doctor": "false",
}
Folder = Path
PHASES = (
    "before the first step",
    "training",
    "writing a checkpoint",
    "removing an old checkpoint",
    "comparing",
    "saving the result",
)


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
    training, after = paced(model, scratch / "whole")
    whole = record(scratch / "whole")
    killed = Kills(model, scratch / "often", training, after, random.Random(seed))
    cases = [killed.often(kills, whole), *killed_exactly(model, scratch, whole)]
    print(*cases, sep="\n", flush=True)
    left = scratch / "left"
    kill_at(model, left, lambda folder: (folder / "checkpoint-30" / "manifest.json").exists())
    for name, damage, more, expected in DAMAGES:
        cases.append(damaged(name, damage, more, expected, model, scratch, left, whole))
        print(cases[-1], flush=True)
    cases.append(full_disk(model, scratch, whole))
    print(cases[-1], flush=True)
    packages = {package: version(package) for package in PACKAGES}
    machine = f"{platform.machine()}, {os.cpu_count()} cores, CPU"
    conditions = {"machine": machine, "python": platform.python_version(), **packages}
    seconds = {"training": round(training, 1), "comparing and saving": round(after, 1)}
    return {
        "conditions": conditions,
        "seconds_in_one_piece": seconds,
        "seed": seed,
        "kills": killed.all,
        "cases": cases,
    }


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


def start(line: list[str], words: Any = subprocess.PIPE) -> subprocess.Popen:
    """The command, started; what it says goes to a pipe or a file."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "code"), "OMP_NUM_THREADS": "1"}
    environment |= {"SINTONIA_LANG": "en", "TQDM_MININTERVAL": "0"}  # the bar then shows each step
    return subprocess.Popen(
        line, env=environment, stdout=words, stderr=subprocess.STDOUT, text=True, errors="replace"
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


class Heard:
    """A start of the command, and what it has said so far."""

    def __init__(self, model: Path, target: Path) -> None:
        self.path = target.with_name("words")
        self.began = time.time()
        with self.path.open("w") as file:
            self.process = start(command(model, target), file)

    def wait(self, words: str) -> None:
        """Wait until a pattern is in what was said, or the run has ended."""
        while not re.search(words, self.said()) and self.process.poll() is None:
            time.sleep(0.002)

    def said(self) -> str:
        """All of it."""
        return self.path.read_text("utf-8", errors="replace")

    def step(self) -> int:
        """The last step that the progress bar shows."""
        return max((int(step) for step in re.findall(STEP, self.said())), default=0)

    def gone_on_after(self) -> int | None:
        """The step of the checkpoint that this start went on from."""
        found = re.search(r"going on after step (\d+)", self.said())
        return int(found[1]) if found else None


STEP = rf"\b([1-9]\d*)/{STEPS} "  # of the progress bar
COMPARING = r"replies: "  # the bar of the comparison


def paced(model: Path, target: Path) -> tuple[float, float]:
    """Seconds from the first step to the comparison, and from there to the end, of a whole run."""
    run = Heard(model, target)
    moments = []
    for words in (STEP, COMPARING):
        run.wait(words)
        moments.append(time.monotonic())
    while not target.exists():
        time.sleep(0.002)
    moments.append(time.monotonic())
    run.process.wait()
    return moments[1] - moments[0], moments[2] - moments[1]


class Kills:
    """Kills at random moments, `IN_A_ROW` of each run; `all` says where each fell."""

    def __init__(
        self, model: Path, target: Path, training: float, after: float, chance: random.Random
    ) -> None:
        self.model, self.target = model, target
        self.training, self.after, self.chance = training, after, chance
        self.all: list[dict[str, Any]] = []

    def often(self, kills: int, whole: dict[str, Any]) -> dict[str, Any]:
        """Kill runs until there are enough kills; every run must end as the one in one piece."""
        same, done_first = [], 0
        while len(self.all) < kills:
            for _ in range(min(IN_A_ROW, kills - len(self.all))):
                if not self.one(len(same) + 1):
                    done_first += 1
                    break
            else:
                sft(self.model, self.target)
            same.append(self.target.exists() and equal(record(self.target), whole))
            shutil.rmtree(self.target, ignore_errors=True)
            shutil.rmtree(unfinished(self.target), ignore_errors=True)
        gone_on = sum(kill["gone_on_after"] is not None for kill in self.all)
        return {
            "fault": f"SIGKILL at a random moment, {kills} times, in {len(same)} runs",
            "what": f"{gone_on} killed starts had gone on from a checkpoint; {done_first} were done first",
            "outcome": f"losses, weights and file names equal in {sum(same)} of {len(same)} runs",
            "as_expected": all(same),
        }

    def one(self, number: int) -> bool:
        """Start, wait for a step, kill at a moment of what is left; false if the run was done first."""
        run = Heard(self.model, self.target)
        run.wait(f"{STEP}|{COMPARING}")
        steps_left = 0 if re.search(COMPARING, run.said()) else 1 - run.step() / STEPS
        left = self.training * steps_left + self.after
        began, wait = time.monotonic(), self.chance.uniform(0, left)
        while time.monotonic() < began + wait and not self.target.exists():
            time.sleep(0.002)
        if run.process.poll() is not None or self.target.exists():
            shrunk = (time.monotonic() - began) / left  # the machine has become faster
            self.training, self.after = shrunk * self.training, shrunk * self.after
            run.process.wait()
            return False
        run.process.send_signal(signal.SIGKILL)
        run.process.wait()
        where = {"phase": phase(run, unfinished(self.target)), "step": run.step() or run.gone_on_after()}
        self.all.append({"run": number, **where, "gone_on_after": run.gone_on_after()})
        print(self.all[-1], flush=True)
        return True


def phase(run: Heard, folder: Folder) -> str:
    """What a killed start was doing, by what it had said and left."""
    result = folder / "adapter_model.safetensors"
    if not folder.exists() or result.exists() and result.stat().st_mtime >= run.began:
        return "saving the result"
    if re.search(COMPARING, run.said()):
        return "comparing"
    if not run.step():
        return "before the first step"
    sealed = {path: (path / "manifest.json").exists() for path in folder.glob("checkpoint-*")}
    if all(sealed.values()):
        return "training"
    return "removing an old checkpoint" if sealed[newest(folder)] else "writing a checkpoint"


# The same command, which kills itself just before Python does this, the first time, to such a path.
KILLED_BY_ITSELF = """
import os, re, signal, sys
def heard(event, found, name=sys.argv.pop(1), where=re.compile(sys.argv.pop(1))):
    if event == name and where.search(str(found[0])):
        os.kill(os.getpid(), signal.SIGKILL)
sys.addaudithook(heard)
from sintonia.cli import main
sys.exit(main(sys.argv[1:]))
"""
# When; what Python is about to do, to which path; what the next start says.
MOMENTS = [
    ("before a checkpoint's trainer_state.json", "open", r"checkpoint-30/trainer_state", "after step 20"),
    ("before a manifest is in its place", "os.rename", r"checkpoint-60/\.manifest", "after step 50"),
    ("while an old checkpoint is removed", "os.remove", r"^optimizer\.pt$", "after step 30"),
    ("before the result's recipe.yaml", "open", r"unfinished/recipe\.yaml", "after step 240"),
    ("before run.json", "open", r"unfinished/run\.json", "after step 240"),
    ("before the finished folder moves", "os.rename", r"\.unfinished$", "after step 240"),
    ("just after it has moved", "os.remove", r"/plan\.json$", "found a run that is done"),
]


def killed_exactly(model: Path, scratch: Path, whole: dict[str, Any]) -> list[dict[str, Any]]:
    """A run for each of the `MOMENTS`, killed at it: what the next start says, and what is there then."""
    cases = []
    for name, event, path, expected in MOMENTS:
        target = scratch / "exactly"
        line = command(model, target)
        killer = start([line[0], "-c", KILLED_BY_ITSELF, event, path, *line[3:]])
        killer.communicate()
        code, said = sft(model, target)
        same = code == (2 if "done" in expected else 0) and equal(record(target), whole)
        told = next((line for line in said.splitlines() if expected in line), said[-300:])
        told = told.replace(str(unfinished(target)), "RUN.unfinished").replace(str(target), "RUN")
        outcome = "losses, weights and file names equal" if same else f"exit {code}"
        fits = killer.returncode == -signal.SIGKILL and same and expected in said
        cases.append({"fault": f"SIGKILL {name}", "what": told, "outcome": outcome, "as_expected": fits})
        shutil.rmtree(target)
    return cases


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
        if line.startswith(("warning:", "sintonia:", "going on", "no whole")) and "--max_length" not in line
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
        found = re.search("sintonia: .*no space left.*", said)
        told = found[0] if found else said[-300:]
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
    """What a run left of its losses and weights, and the names of all that it left."""
    losses = json.loads((folder / "run.json").read_text("utf-8"))["losses"]
    names = sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.name != "plan.json")
    weights = (folder / "adapter_model.safetensors").read_bytes()
    return {"losses": losses, "weights": weights, "names": names}


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
    ("nothing but the kill", nothing, (), "going on after step 30"),
    (
        "weights cut in half",
        lambda f: cut(newest(f) / "adapter_model.safetensors"),
        (),
        "going on after step 20",
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
    ("an empty newer folder", lambda f: (f / "checkpoint-35").mkdir(), (), "going on after step 30"),
    ("another learning rate", nothing, ("--learning_rate", "0.02"), "expected 0.02"),
    ("other data", nothing, ("--languages", "pt"), "an unfinished run with data"),
]


def as_markdown(result: dict[str, Any]) -> str:
    """The table and its conditions."""
    conditions = ", ".join(
        f"{name} {value}" if name != "machine" else value for name, value in result["conditions"].items()
    )
    pieces = " and ".join(f"{name} {seconds} s" for name, seconds in result["seconds_in_one_piece"].items())
    lines = [
        "# Faults",
        "",
        f"`benchmarks/faults.py`; a small model with dropout, {STEPS} steps, a checkpoint every "
        f"{RECIPE['save_steps']}, the same command again after each fault. In one piece: {pieces}.",
        "",
        *by_phase(result["kills"]),
        "",
        f"Moments drawn with seed {result['seed']}, evenly over what was left of the run at the first "
        f"step of a start. After {IN_A_ROW} of them a start is left to end, and another run begins. Kills "
        "before, while or after something happens are not drawn: there the command kills itself.",
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


def by_phase(kills: list[dict[str, Any]]) -> list[str]:
    """The table of the random kills, by what they fell into."""
    lines = [
        "| Killed while | Random kills | Of them after going on from a checkpoint | At step |",
        "|---|---|---|---|",
    ]
    for name in PHASES:
        those = [kill for kill in kills if kill["phase"] == name]
        gone_on = sum(kill["gone_on_after"] is not None for kill in those)
        steps = Counter(kill["step"] for kill in those)
        at = ", ".join(f"{step}" + (f" ({n} times)" if n > 1 else "") for step, n in sorted(steps.items()))
        lines.append(f"| {name} | {len(those)} | {gone_on} | {at} |")
    return lines


if __name__ == "__main__":
    sys.path.insert(0, str(ROOT / "code"))
    sys.exit(main(sys.argv[1:]))
