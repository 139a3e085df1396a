"""How long the doctor takes over 100,000 conversations, and in how much memory.

    .venv/bin/python benchmarks/doctor.py                   writes benchmarks/results/doctor/
    .venv/bin/python benchmarks/doctor.py --rows 5000 --out FOLDER

The conversations are made from the course's sentences (`mixed_text.py`), in four languages, one to three
exchanges each. The command runs as a user runs it, in a process of its own, twice; the quicker run counts.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from mixed_text import ROOT, mixed_rows

RESULTS = ROOT / "benchmarks" / "results" / "doctor"
ROWS, RUNS, MAX_LENGTH = 100_000, 2, 1024
GOAL_SECONDS = 60
SCALE = 0.5  # of mixed_text: conversations of about 560 tokens in the mean


def make(path: Path, rows: int) -> dict[str, int]:
    """Write the data, with a copy and an empty answer here and there; what was written, in figures."""
    size = 0
    with path.open("w", encoding="utf-8") as stream:
        for number, row in enumerate(mixed_rows(rows, seed=7, scale=SCALE)):
            if number % 5_000 == 17:
                row["messages"][-1]["content"] = ""
            line = json.dumps(row, ensure_ascii=False) + "\n"
            size += len(line.encode())
            stream.write(line)
    return {"rows": rows, "bytes": size}


def look(path: Path) -> dict[str, Any]:
    """One run of the command: wall and CPU seconds, most memory, and its own account."""
    command = [sys.executable, "-m", "sintonia", "doctor", "--data", str(path), "--json", "--lang", "en"]
    command += ["--max-length", str(MAX_LENGTH), "--template", "chatml"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "code")}
    load = os.getloadavg()[0]
    started, before = time.monotonic(), os.times()
    with tempfile.TemporaryFile("w+", encoding="utf-8") as out:
        running = subprocess.Popen(command, env=environment, stdout=out)
        peak = 0
        while running.poll() is None:
            peak = max(peak, resident(running.pid))
            time.sleep(0.2)
        out.seek(0)
        said = out.read()
    wall, after = time.monotonic() - started, os.times()
    if running.returncode not in (0, 1):
        raise SystemExit(f"sintonia doctor ended with {running.returncode}")
    report = json.loads(said)
    children = after.children_user + after.children_system - before.children_user - before.children_system
    return {
        "wall_seconds": round(wall, 1),
        "cpu_seconds": round(children, 1),
        "peak_bytes": peak,
        "load_before": round(load, 2),
        "looked": report["looked"],
        "findings": {finding["code"]: finding["data"].get("count") for finding in report["findings"]},
    }


def resident(process: int) -> int:
    """Bytes of memory that a process and its children hold for themselves (PSS), on Linux."""
    total = 0
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            status = (folder / "status").read_text()
            parent = int(re.search(r"^PPid:\s+(\d+)", status, re.M)[1])
            if process in (int(folder.name), parent):
                rollup = (folder / "smaps_rollup").read_text()
                total += 1024 * int(re.search(r"^Pss:\s+(\d+)", rollup, re.M)[1])
        except (OSError, TypeError):  # it has ended meanwhile
            continue
    return total


def conditions() -> dict[str, Any]:
    """What the figures depend on."""
    import numpy
    import tokenizers

    processor = ""
    if Path("/proc/cpuinfo").is_file():
        found = re.search(r"^model name\s*:\s*(.+)$", Path("/proc/cpuinfo").read_text(), re.M)
        processor = found[1] if found else ""
    return {
        "machine": processor or platform.processor(),
        "cores": len(os.sched_getaffinity(0)),
        "system": f"{platform.system()} {platform.machine()}",
        "python": platform.python_version(),
        "tokenizers": tokenizers.__version__,
        "numpy": numpy.__version__,
        "tokenizer": "the embedded SmolLM2, template chatml",
        "max_length": MAX_LENGTH,
    }


def page(result: dict[str, Any]) -> str:
    """The results as Markdown."""
    data, best, held = result["data"], result["best"], result["conditions"]
    looked = best["looked"]
    rows = [
        ("conversations", f"{data['rows']:,}"),
        ("size of the file", f"{data['bytes'] / 2**20:,.0f} MiB"),
        ("tokens, about", f"{looked['tokens']:,}"),
        ("wall time", f"{best['wall_seconds']} s (goal: {GOAL_SECONDS} s for {ROWS:,})"),
        ("CPU time, all processes", f"{best['cpu_seconds']} s"),
        ("conversations a second", f"{data['rows'] / best['wall_seconds']:,.0f}"),
        ("most memory, all processes", f"{best['peak_bytes'] / 2**20:,.0f} MiB"),
        ("tokenized", f"{looked['tokenized']:,} conversations; the others are estimated from these"),
    ]
    lines = ["# The doctor over many conversations", "", "| What | Figure |", "|---|---|"]
    lines += [f"| {name} | {figure} |" for name, figure in rows]
    runs = ", ".join(
        f"{run['wall_seconds']} s (load before it {run['load_before']})" for run in result["runs"]
    )
    lines += ["", f"The quicker of {len(result['runs'])} runs: {runs}. A load above 0 is other work on"]
    alone = best["cpu_seconds"] / held["cores"]
    lines += [f"the machine; its {held['cores']} cores alone would need {alone:.0f} s or more."]
    lines += ["", "Conditions:", ""]
    lines += [f"- {name.replace('_', ' ')}: {value}" for name, value in held.items()]
    lines += [
        "",
        "Again: `.venv/bin/python benchmarks/doctor.py`. All figures: [results.json](results.json).",
    ]
    return "\n".join(lines) + "\n"


def main() -> None:
    """Make the data, run the command, write the results."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=ROWS)
    parser.add_argument("--runs", type=int, default=RUNS)
    parser.add_argument("--out", type=Path, default=RESULTS)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "train.jsonl"
        data = make(path, arguments.rows)
        runs = []
        for _ in range(arguments.runs):
            runs.append(look(path))
            print(f"{runs[-1]['wall_seconds']} s", file=sys.stderr)
    best = min(runs, key=lambda run: run["wall_seconds"])
    result = {"data": data, "conditions": conditions(), "best": best, "runs": runs}
    arguments.out.mkdir(parents=True, exist_ok=True)
    (arguments.out / "results.json").write_text(json.dumps(result, indent=2) + "\n", "utf-8")
    (arguments.out / "README.md").write_text(page(result), "utf-8")
    print(page(result))


if __name__ == "__main__":
    main()
