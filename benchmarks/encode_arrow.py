"""A million conversations into Arrow files: killed half-way with SIGKILL, gone on with, memory watched.

    .venv/bin/python benchmarks/encode_arrow.py                 # 1,000,000 rows; 6 GB of disk
    .venv/bin/python benchmarks/encode_arrow.py --rows 50000 --out FOLDER    # a short look

Recorded in `benchmarks/results/encode/arrow.json`: seconds of both parts, rows a second, and the highest
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
    print(json.dumps(result, indent=1))
    return 0 if result["flat"] else 1


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
    start = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    journal = out.with_name(out.name + ".unfinished") / "journal.jsonl"
    peak = 0
    while process.poll() is None:
        time.sleep(0.25)
        peak = max(peak, _memory(process.pid))
        if kill_after and journal.is_file():
            done = [json.loads(line)["read"] for line in journal.read_text("utf-8").splitlines(True)[:-1]]
            if sum(done) >= kill_after:
                process.send_signal(signal.SIGKILL)
                process.wait()
    code = 0 if kill_after is None else -signal.SIGKILL
    if process.returncode != code:
        raise SystemExit(f"the command ended with {process.returncode}; expected {code}")
    return {"seconds": round(time.perf_counter() - start, 1), "peak_bytes": peak}


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


def _memory(pid: int) -> int:
    """Bytes that a process and its children hold, shared pages divided among them."""
    total = 0
    children = []
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text("utf-8").splitlines()
        total = sum(1024 * int(line.split()[1]) for line in lines if line.startswith("Pss:"))
        for task in os.listdir(f"/proc/{pid}/task"):
            children += Path(f"/proc/{pid}/task/{task}/children").read_text("utf-8").split()
    except OSError:
        return total
    return total + sum(_memory(int(child)) for child in children)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
