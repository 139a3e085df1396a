"""How long `sintonia sft` takes from Enter to its first step, on the embedded model.

    .venv/bin/python benchmarks/first_step.py

The default recipe is started again and again and ended when its progress bar stands at 0: imports, data,
doctor, model and trainer are then done, and the first step begins. A start before them fills the caches and
is not counted. `results/first-step/` keeps what came out.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from recorded import conditions, put

ROOT = Path(__file__).resolve().parents[1]
RESULTS = ROOT / "benchmarks" / "results" / "first-step"
PACKAGES = ("torch", "transformers", "trl", "peft")
GOAL = 6.0  # seconds


def main(arguments: list[str]) -> int:
    """Measure and write the results; returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--out", type=Path, default=RESULTS, help="folder of the results")
    options = parser.parse_args(arguments)
    measure()
    rounds = [measure() for _ in range(options.rounds)]
    write(options.out, rounds)
    return 0


def measure() -> dict[str, float]:
    """Seconds by the clock and of the processor until the first step of one start."""
    with tempfile.TemporaryDirectory() as folder:
        line = [sys.executable, "-m", "sintonia", "sft", "--output_dir", f"{folder}/run"]
        environment = {**os.environ, "PYTHONPATH": str(ROOT / "code"), "PYTHONUNBUFFERED": "1"}
        began = time.perf_counter()
        pipes = {"stdout": subprocess.DEVNULL, "stderr": subprocess.PIPE}
        with subprocess.Popen(line, env=environment, **pipes) as process:
            said = bar = b""
            while b"| 0/" not in bar or b"examples" in bar:  # bars of examples are those of the data
                more = process.stderr.read1(4096)
                if not more:
                    raise RuntimeError(said.decode(errors="replace")[-2000:])
                said += more
                bar = said.rpartition(b"\r")[2]
            seconds = time.perf_counter() - began
            processor = cpu_seconds(process.pid)
            process.kill()
    return {"seconds": seconds, "cpu_seconds": processor}


def cpu_seconds(process: int) -> float:
    """What a running process has used of the processor."""
    fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def write(folder: Path, rounds: list[dict[str, float]]) -> None:
    """`results.json` and the table that people read."""
    known = conditions(PACKAGES)
    lines = [
        "# From Enter to the first step",
        "",
        "`benchmarks/first_step.py`; `sintonia sft` on the embedded model, with the doctor, after a start",
        f"that filled the caches. Median, fastest and slowest of {len(rounds)} starts.",
        "",
        "| Seconds | Median | Fastest | Slowest | Goal |",
        "|---|---:|---:|---:|---:|",
    ]
    titles = {"seconds": ("by the clock", f"{GOAL:.0f}"), "cpu_seconds": ("of the processor", "")}
    for name, (title, goal) in titles.items():
        values = [one[name] for one in rounds]
        median = statistics.median(values)
        lines.append(f"| {title} | {median:.1f} | {min(values):.1f} | {max(values):.1f} | {goal} |")
    lines += ["", "Conditions: " + ", ".join(f"{name} {value}" for name, value in known.items()) + "."]
    put(folder, {"conditions": known, "rounds": rounds}, "\n".join(lines) + "\n")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
