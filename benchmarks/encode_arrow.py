"""A million conversations into Arrow files: killed half-way with SIGKILL, gone on with, memory watched.

    .venv/bin/python benchmarks/encode_arrow.py                 # 1,000,000 rows; 6 GB of disk
    .venv/bin/python benchmarks/encode_arrow.py --rows 50000 --out FOLDER    # a short look

Recorded in `benchmarks/results/encode/arrow.*`: seconds of both parts, rows a second, and the highest
memory that the command and its workers had between them (proportional set size, Linux only).
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from encode import RESULTS, conditions
from mixed_text import mixed_rows

DISTINCT = 20_000  # rows that are really different; a number put in front makes each one new
GOAL_BYTES = 2 * 1024**3


def main(arguments: list[str]) -> int:
    """Make the data, kill, go on, check, record. 1 where memory passed the goal."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--folder", type=Path, help="where the data and the Arrow files go for the time")
    parser.add_argument("--out", type=Path, default=RESULTS)
    options = parser.parse_args(arguments)
    options.rounds = 1
    with tempfile.TemporaryDirectory(dir=options.folder) as scratch:
        data, out = Path(scratch) / "rows.jsonl", Path(scratch) / "encoded"
        write_rows(data, options.rows)
        result: dict[str, Any] = {"conditions": conditions(options), "rows": options.rows}
        result["bytes_of_jsonl"] = data.stat().st_size
        result["killed"] = run(data, out, kill_after=options.rows // 2)
        result["resumed"] = run(data, out)
        result |= check(out, options.rows)
    seconds = result["killed"]["seconds"] + result["resumed"]["seconds"]
    result["rows_per_second"] = round(options.rows / seconds, 1)
    result["peak_bytes"] = max(result[part]["peak_bytes"] for part in ("killed", "resumed"))
    result["flat"] = result["peak_bytes"] < GOAL_BYTES
    options.out.mkdir(parents=True, exist_ok=True)
    (options.out / "arrow.json").write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    (options.out / "arrow.md").write_text(as_markdown(result), encoding="utf-8")
    print(json.dumps(result, indent=1))
    return 0 if result["flat"] else 1


def as_markdown(result: dict[str, Any]) -> str:
    """The figures as a page."""
    facts = ", ".join(f"{name} {value}" for name, value in result["conditions"].items() if name != "rounds")
    gib = 1024**3
    mean = result["tokens"] / result["rows"]
    lines = [
        "# Encoding: a million rows into Arrow files",
        "",
        f"Conditions: {facts}.",
        "",
        f"{result['rows']:,} conversations of {mean:.0f} tokens in the mean, `--max-length 1024`, one "
        f"process a core: {result['bytes_of_jsonl'] / gib:.1f} GiB of JSONL became "
        f"{result['tokens']:,} tokens in {result['files']} files, {result['bytes_of_arrow'] / gib:.1f} GiB, "
        f"at {result['rows_per_second']:,.0f} rows a second. Half-way it was killed (SIGKILL) "
        "and then gone on with.",
        "",
        "Wall seconds with other work on the machine say little; CPU seconds are those of the command "
        "and its workers.",
        "",
        "| Part | wall s | CPU s | load before and after | highest memory, GiB |",
        "|---|--:|--:|--:|--:|",
    ]
    for name in ("killed", "resumed"):
        part = result[name]
        loads = " and ".join(map(str, part["load"]))
        peak = part["peak_bytes"] / gib
        lines.append(f"| {name} | {part['seconds']} | {part['cpu']} | {loads} | {peak:.2f} |")
    met = "yes" if result["flat"] else "no"
    lines += ["", f"Goal: less than {GOAL_BYTES / gib:.0f} GiB: met: {met}."]
    return "\n".join(lines) + "\n"


def write_rows(path: Path, count: int) -> None:
    """Conversations of about 300 tokens, each with a number of its own."""
    base = [row["messages"] for row in mixed_rows(min(DISTINCT, count), seed=1, scale=0.25)]
    with path.open("w", encoding="utf-8") as stream:
        for number in range(count):
            first, *rest = base[number % len(base)]
            turns = [{"role": first["role"], "content": f"{number}. {first['content']}"}, *rest]
            stream.write(json.dumps({"messages": turns}, ensure_ascii=False) + "\n")


def run(data: Path, out: Path, kill_after: int | None = None) -> dict[str, Any]:
    """The command, watched; with `kill_after`, ended by SIGKILL when so many rows are in the journal."""
    command = [sys.executable, "-m", "sintonia", "encode", str(data), str(out), "--max-length", "1024"]
    start, load = time.perf_counter(), os.getloadavg()[0]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    journal = out.with_name(out.name + ".unfinished") / "journal.jsonl"
    peak = 0
    spent: dict[int, float] = {}
    while process.poll() is None:
        time.sleep(0.25)
        peak = max(peak, _memory(process.pid, spent))
        if kill_after and journal.is_file():
            done = [json.loads(line)["read"] for line in journal.read_text("utf-8").splitlines(True)[:-1]]
            if sum(done) >= kill_after:
                process.send_signal(signal.SIGKILL)
                process.wait()
    code = 0 if kill_after is None else -signal.SIGKILL
    if process.returncode != code:
        raise SystemExit(f"the command ended with {process.returncode}; expected {code}")
    seconds = round(time.perf_counter() - start, 1)
    loads = [round(load, 1), round(os.getloadavg()[0], 1)]
    return {"seconds": seconds, "cpu": round(sum(spent.values()), 1), "load": loads, "peak_bytes": peak}


def check(out: Path, rows: int) -> dict[str, Any]:
    """That `datasets` reads the folder, and that all of it is there."""
    from datasets import load_from_disk

    found = load_from_disk(str(out))
    manifest = json.loads((out / "sintonia.json").read_text("utf-8"))
    if len(found) != rows or len(found[rows - 1]["input_ids"]) < 2:
        raise SystemExit(f"{out}: found {len(found)} rows; expected {rows}")
    tokens = sum(shard["tokens"] for shard in manifest["shards"])
    size = sum(path.stat().st_size for path in out.iterdir())
    return {"files": len(manifest["shards"]), "tokens": tokens, "bytes_of_arrow": size}


def _memory(pid: int, spent: dict[int, float]) -> int:
    """Bytes that a process and its children hold, shared pages divided among them; what CPU time each
    has spent goes into `spent`, in seconds."""
    total = 0
    children = []
    try:
        times = Path(f"/proc/{pid}/stat").read_text("utf-8").rpartition(")")[2].split()[11:13]
        spent[pid] = sum(map(int, times)) / os.sysconf("SC_CLK_TCK")
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text("utf-8").splitlines()
        total = sum(1024 * int(line.split()[1]) for line in lines if line.startswith("Pss:"))
        for task in os.listdir(f"/proc/{pid}/task"):
            children += Path(f"/proc/{pid}/task/{task}/children").read_text("utf-8").split()
    except OSError:
        return total
    return total + sum(_memory(int(child), spent) for child in children)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
