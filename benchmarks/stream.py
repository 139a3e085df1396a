"""Read and convert gigabytes of JSONL, and record the memory that it takes.

    .venv/bin/python benchmarks/stream.py            # 5 GiB of disk, some minutes
    .venv/bin/python benchmarks/stream.py --gib 0.2  # a look, into a folder of its own with --out

The rows are made of the course's own in four languages, each numbered, and one in 100,000 is bad.
Each reading runs in a process of its own, first on a twentieth of the data and then on all of it: what
`peak` gains between the two is what grows with the length of the source. `results/stream/` keeps it.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import re
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

RESULTS = Path(__file__).parent / "results" / "stream"
DATA = Path(__file__).parents[1] / "code" / "sintonia" / "data" / "train"
BAD_EVERY = 100_000
SHARE = 20  # the short file of each pair is this many times shorter
MARK = "@number@"
# task -> (title, the part of the length asked for that it gets)
TASKS = {
    "read": ("`read_rows` over JSONL", 1),
    "read_list": ("`read_rows` over one JSON list", 1 / 5),
    "convert": ("`convert`, ShareGPT to messages, bad rows to the rejects", 1 / 5),
}


def main(arguments: list[str]) -> int:
    """Generate, measure, write the results; returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--gib", type=float, default=5.0, help="length of the long file")
    parser.add_argument("--out", type=Path, default=RESULTS, help="folder of the results")
    parser.add_argument("--probe", nargs=2, help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    if options.probe:
        print(json.dumps(probe(options.probe[0], Path(options.probe[1]))))
        return 0
    runs = []
    with tempfile.TemporaryDirectory() as folder:
        for task, (_, part) in TASKS.items():
            for size in (options.gib * part / SHARE, options.gib * part):
                suffix = ".json" if task == "read_list" else ".jsonl"
                path = Path(folder) / f"rows{suffix}"
                rows = generate(path, int(size * 2**30), task)
                measured = in_its_own_process(task, path)
                assert measured["rows"] == rows - measured["bad"], measured
                assert measured["bad"] == (0 if task == "read_list" else rows // BAD_EVERY), measured
                runs.append({"task": task, "bytes": path.stat().st_size, **measured})
                print(runs[-1], flush=True)
                for file in Path(folder).iterdir():
                    file.unlink()
    write(options.out, runs)
    return 0


def generate(path: Path, size: int, task: str) -> int:
    """Write rows until `size` bytes are there; returns how many."""
    lines = [json.dumps(row, ensure_ascii=False) for row in patterns(task == "convert")]
    count = written = 0
    with path.open("wb") as stream:
        written += stream.write(b"[") if task == "read_list" else 0
        while written < size:
            count += 1
            line = lines[count % len(lines)].replace(MARK, str(count))
            if task == "read_list":
                line = line if count == 1 else f",\n{line}"
            else:
                line = "{bad\n" if count % BAD_EVERY == 0 else f"{line}\n"
            written += stream.write(line.encode("utf-8"))
        stream.write(b"]" if task == "read_list" else b"")
    return count


def patterns(sharegpt: bool) -> list[dict[str, Any]]:
    """A thousand rows of different lengths; each use puts its own number where `MARK` stands."""
    sources = [json.loads(line) for file in sorted(DATA.glob("*.jsonl")) for line in file.open("rb")]
    names = {"system": "system", "user": "human", "assistant": "gpt"}
    rows = []
    for number in range(1000):
        chosen = (sources[(number * 7 + k) % len(sources)] for k in range(3))
        turns = [dict(turn) for source in chosen for turn in source["messages"]]
        turns[-1]["content"] += f" {MARK}" * (1 + number % 40)
        row = {"id": f"row-{MARK}", "messages": turns}
        if sharegpt:
            turns = [{"from": names[turn["role"]], "value": turn["content"]} for turn in turns]
            row = {"id": f"row-{MARK}", "conversations": turns}
        rows.append(row)
    return rows


def in_its_own_process(task: str, path: Path) -> dict[str, float]:
    """Measure one task where nothing else has used memory before."""
    command = [sys.executable, __file__, "--probe", task, str(path)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    return json.loads(done.stdout)


def probe(task: str, path: Path) -> dict[str, float]:
    """Rows, bad rows, seconds and peak memory in MiB of one task; `before` is the memory at its start."""
    from sintonia.conversations import read_rows
    from sintonia.conversion import convert

    before, start = peak_mib(), time.perf_counter()
    if task == "convert":
        done = convert(path, path.with_name("out.jsonl"), skip_bad=True)
        good, bad = done.rows, done.rejected
    else:
        good = bad = 0
        for row in read_rows(path):
            if row.faults:
                bad += 1
            else:
                good += 1
    seconds = time.perf_counter() - start
    return {"rows": good, "bad": bad, "seconds": seconds, "before": before, "peak": peak_mib()}


def peak_mib(process: int | str = "self") -> float:
    """The most memory that a process, this one if none is named, has held, in MiB; Linux tells of others."""
    status = Path(f"/proc/{process}/status")
    if status.exists():  # getrusage would also count what the parent held before it started this one
        return int(re.search(r"VmHWM:\s+(\d+) kB", status.read_text())[1]) / 2**10
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / (2**20 if sys.platform == "darwin" else 2**10)


def write(folder: Path, runs: list[dict[str, float]]) -> None:
    """`results.json` and the table that people read."""
    machine = {"python": platform.python_version(), "system": platform.system(), "cores": os.cpu_count()}
    folder.mkdir(parents=True, exist_ok=True)
    recorded = {"machine": machine, "bad_every": BAD_EVERY, "runs": runs}
    (folder / "results.json").write_text(json.dumps(recorded, indent=2) + "\n", encoding="utf-8")
    lines = [
        "# Memory over long files",
        "",
        "`benchmarks/stream.py`; one process, one core. The peak is of the whole process, Python and the",
        f"package included. One row in {BAD_EVERY:,} is bad in the JSONL files, and each was reported.",
        "",
        "| What | GiB | Rows | Bad | Seconds | MiB/s | MiB at start | Peak MiB |",
        "|---|---:|---:|---:|---:|---:|---:|---:|",
    ]
    for run in runs:
        speed = run["bytes"] / 2**20 / run["seconds"]
        lines.append(
            f"| {TASKS[run['task']][0]} | {run['bytes'] / 2**30:.2f} | {run['rows']:,} | {run['bad']} "
            f"| {run['seconds']:.1f} | {speed:.0f} | {run['before']:.1f} | {run['peak']:.1f} |"
        )
    lines += ["", "Conditions: " + ", ".join(f"{name} {value}" for name, value in machine.items()) + "."]
    lines += ["The seconds depend on what else a machine does at the time, the memory does not."]
    (folder / "README.md").write_text("\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
