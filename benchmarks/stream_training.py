"""Train on files of growing length with `--streaming`, and record the memory that it takes.

    .venv/bin/python benchmarks/stream_training.py            # some five minutes
    .venv/bin/python benchmarks/stream_training.py --mib 20   # a look, into a folder of its own with --out

A small model passes once over each file: a twentieth of the length asked for, a quarter, and all of it. Then
it makes one step on the same rows without `--streaming`. Each run is a process of its own.
`results/stream-training/` keeps what came out.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from faults import tiny
from recorded import conditions, put
from stream import generate, peak_mib

ROOT = Path(__file__).resolve().parents[1]
RESULTS = ROOT / "benchmarks" / "results" / "stream-training"
SHARES = (20, 4, 1)
BATCH = 64
PACKAGES = ("torch", "transformers", "trl", "datasets")
RECIPE = {
    "per_device_train_batch_size": BATCH,
    "max_length": 32,
    "learning_rate": 1e-3,
    "logging_steps": 100,
    "save_strategy": "no",
    "compare_after": "false",
    "doctor": "false",
}


def main(arguments: list[str]) -> int:
    """Generate, train, write the results; returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--mib", type=float, default=90, help="length of the longest file")
    parser.add_argument("--out", type=Path, default=RESULTS, help="folder of the results")
    options = parser.parse_args(arguments)
    runs = []
    with tempfile.TemporaryDirectory() as scratch:
        model = tiny(Path(scratch) / "tiny")
        for share in SHARES:
            path = Path(scratch) / f"rows-{share}.jsonl"
            rows = generate(path, int(options.mib / share * 2**20), "read")
            for streaming in (True, False):
                found = train(model, path, rows, streaming)
                runs.append({"bytes": path.stat().st_size, "rows": rows, **found})
                print(runs[-1], flush=True)
    write(options.out, runs)
    return 0


def train(model: Path, path: Path, rows: int, streaming: bool) -> dict[str, Any]:
    """Exit status, seconds and peak memory of one run; without streaming it makes a single step."""
    steps = rows // BATCH if streaming else 1
    recipe = {**RECIPE, "streaming": str(streaming).lower(), "max_steps": steps}
    flags = [part for name, value in recipe.items() for part in (f"--{name}", str(value))]
    target = path.with_suffix(f".{streaming}")
    line = [sys.executable, "-m", "sintonia", "sft", "--model", model, "--data", path]
    line = [str(part) for part in (*line, "--output_dir", target, *flags)]
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "code"), "OMP_NUM_THREADS": "1"}
    began = time.perf_counter()
    nowhere = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    with subprocess.Popen(line, env=environment, **nowhere) as process:
        peak = 0.0
        while process.poll() is None:
            with contextlib.suppress(OSError, TypeError):  # it is just ending
                peak = max(peak, peak_mib(process.pid))
            time.sleep(0.2)
    return {
        "streaming": streaming,
        "steps": steps,
        "exit": process.returncode,
        "seconds": time.perf_counter() - began,
        "peak_mib": peak,
    }


def write(folder: Path, runs: list[dict[str, Any]]) -> None:
    """`results.json` and the table that people read."""
    known = conditions(PACKAGES)
    lines = [
        "# Memory of training on a stream",
        "",
        f"`benchmarks/stream_training.py`; a small model, batches of {BATCH} rows. With `--streaming` a run",
        "passes over the whole file. Without, it reads and encodes the file and makes one step. The peak is",
        "of the whole process.",
        "",
        "| MiB of rows | Rows | `--streaming` | Steps | Exit | Seconds | Peak MiB |",
        "|---:|---:|---|---:|---:|---:|---:|",
    ]
    lines += [
        f"| {run['bytes'] / 2**20:,.0f} | {run['rows']:,} | {'yes' if run['streaming'] else 'no'} "
        f"| {run['steps']:,} | {run['exit']} | {run['seconds']:.0f} | {run['peak_mib']:,.0f} |"
        for run in runs
    ]
    lines += ["", "Conditions: " + ", ".join(f"{name} {value}" for name, value in known.items()) + "."]
    put(folder, {"conditions": known, "recipe": RECIPE, "runs": runs}, "\n".join(lines) + "\n")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
