"""How fast rows become ids and labels, beside TRL's own preparation and the bare tokenizer.

    .venv/bin/python benchmarks/encode.py                       # everything, recorded; 15 to 30 minutes
    .venv/bin/python benchmarks/encode.py --rows 2000 --rounds 2 --out FOLDER   # a short look

Every run is a process of its own with nothing cached, the contestants take turns, and the best of the
rounds counts. All of them must give the same ids, and those that make labels the same labels: the
benchmark stops where they do not. Results go to `benchmarks/results/encode/`.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import platform
import resource
import subprocess
import sys
import tempfile
import time
from importlib.metadata import version
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from mixed_text import course_rows, mixed_rows

RESULTS = Path(__file__).parent / "results" / "encode"
CONTESTANTS = {  # name -> (what it is, the processes or threads it is run with)
    "trl": ("SFTTrainer._prepare_dataset, assistant_only_loss, no max_length", (1, 2)),
    "sintonia": ("encode_to_arrow with labels, into Arrow files as TRL's", (1, 2)),
    "lists": ("encode and labels, into Python lists", (1, 2)),
    "floor": ("tokenizers' encode_batch over text rendered before, threads", (2,)),
}
BATCH = 256


def main(arguments: list[str]) -> int:
    """Run all contestants, or one (`--only`, as the benchmark calls itself). 1 where a goal is missed."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=20_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--out", type=Path, default=RESULTS)
    parser.add_argument("--only", choices=CONTESTANTS, help=argparse.SUPPRESS)
    parser.add_argument("--data", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--workers", type=int, default=1, help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    if options.only:
        print(json.dumps(run_one(options.only, options.data, options.workers)))
        return 0
    result = {"conditions": conditions(options), "sets": {}, "start": measure_start()}
    with tempfile.TemporaryDirectory() as scratch:
        for name, rows, note in (
            ("mixed", mixed_rows(options.rows), "four languages with a long tail of words"),
            ("course", _repeated(course_rows(), 2 * options.rows), "the course's own rows, repeated"),
        ):
            data = Path(scratch) / f"{name}.jsonl"
            with data.open("w", encoding="utf-8") as stream:
                stream.writelines(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
            result["sets"][name] = {"note": note, **measure(data, options.rounds)}
    result["goals"] = goals(result)
    options.out.mkdir(parents=True, exist_ok=True)
    (options.out / "results.json").write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    (options.out / "README.md").write_text(as_markdown(result), encoding="utf-8")
    print(as_markdown(result))
    return 0 if all(goal["met"] for goal in result["goals"]) else 1


def measure(data: Path, rounds: int) -> dict[str, Any]:
    """Every contestant in turn, `rounds` times; the best of each."""
    best: dict[str, dict[str, Any]] = {}
    digests: dict[str, set[str]] = {"ids": set(), "labels": set()}
    for turn in range(rounds):
        for name, (_, sizes) in CONTESTANTS.items():
            for size in sizes:
                load = os.getloadavg()[0]
                found = _in_a_process(name, data, size)
                for kind, seen in digests.items():
                    seen |= {found.pop(kind)} - {None}
                    if len(seen) > 1:
                        raise SystemExit(f"{data.name}: {name} with {size} gives other {kind} than the rest")
                key = f"{name} x{size}"
                runs = [*best.get(key, {}).get("walls", []), round(found["wall"], 3)]
                cpu = [*best.get(key, {}).get("cpus", []), round(found["cpu"], 3)]
                loads = [*best.get(key, {}).get("loads", []), round(load, 1)]
                found |= {"walls": runs, "cpus": cpu, "loads": loads, "wall": min(runs), "cpu": min(cpu)}
                best[key] = found
                print(
                    f"{data.stem} {turn + 1} {key}: {runs[-1]} s wall, {cpu[-1]} s CPU, load {load:.1f}",
                    file=sys.stderr,
                )
    shared = {name: found.pop(name) for found in best.values() for name in ("rows", "tokens")}
    for found in best.values():
        found["rows_per_second"] = round(shared["rows"] / found["wall"], 1)
        found["rows_per_cpu_second"] = round(shared["rows"] / found["cpu"], 1)
    return {**shared, "runs": best}


def run_one(name: str, data: Path, workers: int) -> dict[str, Any]:
    """One contestant, in this process: seconds, and digests of what it made."""
    from datasets import Dataset, disable_caching, disable_progress_bars

    disable_caching()
    disable_progress_bars()
    os.environ["TOKENIZERS_PARALLELISM"] = "true" if name == "floor" else "false"
    os.environ["RAYON_NUM_THREADS"] = str(workers)
    rows = [json.loads(line) for line in data.read_text("utf-8").splitlines()]
    with tempfile.TemporaryDirectory() as scratch:
        prepared = _PREPARE[name](Dataset.from_list(rows), rows, workers, Path(scratch))
        wall, cpu = time.perf_counter(), _cpu_seconds()
        made = prepared()
        wall, cpu = time.perf_counter() - wall, _cpu_seconds() - cpu
        ids, labels = made() if callable(made) else made
        tokens = sum(map(len, ids))
        digests = {"ids": _digest(ids), "labels": _digest(labels) if labels else None}
    return {"wall": wall, "cpu": cpu, "rows": len(rows), "tokens": tokens, **digests}


def _prepare_trl(dataset: Any, rows: Any, workers: int, scratch: Path) -> Any:
    from trl import SFTConfig, SFTTrainer

    from sintonia import models

    tokenizer = models.load_tokenizer()
    config = SFTConfig(
        output_dir=str(scratch),
        assistant_only_loss=True,
        dataset_num_proc=workers,
        max_length=None,
        use_cpu=True,
        bf16=False,
        report_to=[],
    )
    # All that the method reads of a trainer; a whole one would want a model.
    trainer = SimpleNamespace(chat_template=None, completion_only_loss=False, _tokenizer=tokenizer)

    def run() -> Any:
        done = SFTTrainer._prepare_dataset(trainer, dataset, tokenizer, config, False, None, "train")
        return lambda: (done["input_ids"], done["labels"])

    return run


def _prepare_sintonia(dataset: Any, rows: Any, workers: int, scratch: Path) -> Any:
    from datasets import load_from_disk

    from sintonia.encoded_datasets import encode_to_arrow
    from sintonia.loss_masks import fast_backend

    fast_backend()  # nobody's tokenizer is loaded while the clock runs

    def run() -> Any:
        done = encode_to_arrow(
            dataset, scratch / "encoded", labels=True, num_proc=workers, rows_per_shard=1000
        )
        dataset_ = load_from_disk(done.folder)
        return lambda: (dataset_["input_ids"], dataset_["labels"])

    return run


def _prepare_lists(dataset: Any, rows: Any, workers: int, scratch: Path) -> Any:
    from sintonia import encode, labels
    from sintonia.loss_masks import fast_backend

    fast_backend()

    def run() -> Any:
        examples = encode(rows, num_proc=workers)
        return [example["input_ids"] for example in examples], [labels(example) for example in examples]

    return run


def _prepare_floor(dataset: Any, rows: Any, workers: int, scratch: Path) -> Any:
    from sintonia import render
    from sintonia.loss_masks import fast_backend

    texts = [render(row["messages"]).text for row in rows]
    backend = fast_backend()

    def run() -> Any:
        ids = []
        for start in range(0, len(texts), BATCH):
            encodings = backend.encode_batch(texts[start : start + BATCH], add_special_tokens=False)
            ids += [encoding.ids for encoding in encodings]
        return ids, None

    return run


_PREPARE = {
    "trl": _prepare_trl,
    "sintonia": _prepare_sintonia,
    "lists": _prepare_lists,
    "floor": _prepare_floor,
}


def measure_start(rounds: int = 7) -> dict[str, list[float]]:
    """Wall and CPU seconds, the best of some: `import sintonia`, the command on one row with a folder."""
    from sintonia.chat_templates import EMBEDDED_TOKENIZER

    clocks = "time.perf_counter(), time.process_time()"
    probe = f"import time; s, c = {clocks}; import sintonia; e, d = {clocks}; print(e - s, d - c)"
    imports = [_output([sys.executable, "-c", probe]).split() for _ in range(rounds)]
    renders = []
    with tempfile.TemporaryDirectory() as scratch:
        row = Path(scratch) / "row.jsonl"
        row.write_text(json.dumps(course_rows()[0]), encoding="utf-8")
        command = [sys.executable, "-m", "sintonia", "render", str(row), "--model", str(EMBEDDED_TOKENIZER)]
        for _ in range(rounds):
            start, spent = time.perf_counter(), _cpu_seconds()
            _output(command)
            renders.append((time.perf_counter() - start, _cpu_seconds() - spent))
    kinds = (("import sintonia", imports), ("sintonia render", renders))
    columns = {name: zip(*runs, strict=True) for name, runs in kinds}
    return {name: [round(min(map(float, times)), 3) for times in both] for name, both in columns.items()}


def goals(result: dict[str, Any]) -> list[dict[str, Any]]:
    """What was promised, what was found."""
    listed = []
    for name, found in result["sets"].items():
        rate = {key: run["rows_per_second"] for key, run in found["runs"].items()}
        cpu = {key: run["rows_per_cpu_second"] for key, run in found["runs"].items()}
        every = {key: run["cpus"] for key, run in found["runs"].items()}
        for size in (1, 2):
            ours, theirs = f"sintonia x{size}", f"trl x{size}"
            ratio, by_cpu = rate[ours] / rate[theirs], cpu[ours] / cpu[theirs]
            what = f"{name}: times TRL, {size} process{'es' if size > 1 else ''} each"
            each = [round(a / b, 1) for a, b in zip(every[theirs], every[ours], strict=True)]
            listed.append((what, round(ratio, 1), round(by_cpu, 1), each, ">= 5", ratio >= 5))
        ratio, by_cpu = (kind["sintonia x2"] / kind["floor x2"] for kind in (rate, cpu))
        what = f"{name}: times encode_batch, 2 processes and 2 threads"
        each = [round(a / b, 2) for a, b in zip(every["floor x2"], every["sintonia x2"], strict=True)]
        listed.append((what, round(ratio, 2), round(by_cpu, 2), each, "> 1", ratio > 1))
    start = result["start"]
    for name, limit in (("import sintonia", 0.15), ("sintonia render", 1.5)):
        seconds, cpu_seconds = start[name]
        listed.append((f"{name}, seconds", seconds, cpu_seconds, [], f"<= {limit}", seconds <= limit))
    names = ("goal", "found", "by_cpu", "by_cpu_each_round", "wanted", "met")
    return [dict(zip(names, row, strict=True)) for row in listed]


def conditions(options: argparse.Namespace) -> dict[str, Any]:
    """What a reader needs to know to measure it again."""
    names = ("tokenizers", "transformers", "trl", "datasets", "pyarrow")
    cpu = platform.processor() or platform.machine()
    if Path("/proc/cpuinfo").is_file():
        lines = Path("/proc/cpuinfo").read_text("utf-8").splitlines()
        cpu = next((line.split(":")[1].strip() for line in lines if line.startswith("model name")), cpu)
    return {
        "processor": cpu,
        "cores": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count(),
        "load_at_start": round(os.getloadavg()[0], 2),
        "python": platform.python_version(),
        **{name: version(name) for name in names},
        "tokenizer": "SmolLM2, embedded",
        "rounds": options.rounds,
        "seed": 0,
    }


def as_markdown(result: dict[str, Any]) -> str:
    """The figures as a page."""
    facts = ", ".join(f"{name} {value}" for name, value in result["conditions"].items())
    lines = ["# Encoding: rows to ids and labels", "", f"Conditions: {facts}.", ""]
    lines += [
        "Each run is a new process with nothing cached but a loaded tokenizer; contestants take turns; best "
        "of the rounds. Where the load shows that others work on the same cores, CPU seconds (all processes "
        "and threads of a run together) say more than wall seconds. `floor` gets its text rendered before, "
        "and makes no mask.",
        "",
    ]
    lines += [f"- `{name}`: {what}" for name, (what, _) in CONTESTANTS.items()]
    for name, found in result["sets"].items():
        mean = found["tokens"] / found["rows"]
        title = f"{name}: {found['note']}"
        lines += ["", f"## {title}", "", f"{found['rows']} rows, {mean:.0f} tokens in the mean.", ""]
        lines += [
            "| Run | rows/s | rows per CPU second | wall s | CPU s | load |",
            "|---|--:|--:|--:|--:|--:|",
        ]
        for key, run in found["runs"].items():
            rates = f"{run['rows_per_second']} | {run['rows_per_cpu_second']}"
            rounds = (", ".join(f"{value:.1f}" for value in run[kind]) for kind in ("walls", "cpus", "loads"))
            lines.append(f"| {key} | {rates} | {' | '.join(rounds)} |")
    lines += [
        "",
        "## Goals",
        "",
        "`found` is of wall seconds, the best of each; by CPU seconds the same beside it. What ran in "
        "another round may have had the cores more to itself: the next column compares within each round.",
        "",
        "| Goal | found | by CPU | by CPU in each round | wanted | met |",
        "|---|--:|--:|--:|---|---|",
    ]
    for goal in result["goals"]:
        met = "yes" if goal["met"] else "no"
        each = ", ".join(map(str, goal["by_cpu_each_round"]))
        figures = f"{goal['found']} | {goal['by_cpu']} | {each}"
        lines.append(f"| {goal['goal']} | {figures} | {goal['wanted']} | {met} |")
    return "\n".join(lines) + "\n"


def _in_a_process(name: str, data: Path, workers: int) -> dict[str, Any]:
    command = [sys.executable, __file__, "--only", name, "--data", str(data), "--workers", str(workers)]
    return json.loads(_output(command).splitlines()[-1])


def _output(command: list[str]) -> str:
    done = subprocess.run(command, capture_output=True, text=True, env={**os.environ, "HF_HUB_OFFLINE": "1"})
    if done.returncode:
        raise SystemExit(f"{' '.join(command)}\n{done.stderr}")
    return done.stdout


def _repeated(rows: list[Any], count: int) -> list[Any]:
    return [rows[number % len(rows)] for number in range(count)]


def _cpu_seconds() -> float:
    spent = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(usage.ru_utime + usage.ru_stime for usage in spent)


def _digest(rows: Any) -> str:
    digest = hashlib.sha256()
    for row in rows:
        digest.update(json.dumps(list(row)).encode())
    return digest.hexdigest()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
