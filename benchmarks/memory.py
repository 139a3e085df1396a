"""Peaks of memory over a grid of models, settings and batches, beside what `sintonia estimate` says.

    .venv/bin/python benchmarks/memory.py [--workers 2]

Each case trains three steps with AdamW on random tokens, in float32, on one thread, in a process of its own,
because a peak never goes down again. What Python and its libraries take, once they have computed something
small, is not counted. Cases that are in `benchmarks/results/memory/results.json` are not run again; the
estimates beside them always are.
"""

from __future__ import annotations

import argparse
import gc
import json
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from recorded import conditions, put

from sintonia import estimates

HERE = Path(__file__).resolve().parent
RESULTS = HERE / "results" / "memory"
PACKAGES = ("torch", "transformers", "peft")
STEPS = 3
SMALL = {
    "hidden_size": 256,
    "intermediate_size": 768,
    "num_hidden_layers": 8,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "head_dim": 64,
    "vocab_size": 16384,
    "tie_word_embeddings": True,
}
DEEP = {**SMALL, "hidden_size": 384, "intermediate_size": 1024, "num_hidden_layers": 12, "vocab_size": 8192}
DEEP |= {"num_attention_heads": 6, "num_key_value_heads": 6, "tie_word_embeddings": False}
EMBEDDED = {key: value for key, value in estimates.EMBEDDED_CONFIG.items() if key != "model_type"}
MODELS = {"small": SMALL, "deep": DEEP, "embedded": EMBEDDED}
TRAINED: dict[str, dict[str, Any]] = {
    "full": {},
    "q,v": {"rank": 8, "targets": ["q_proj", "v_proj"]},
    "all-linear": {"rank": 16},
}
# Model, what is trained, checkpointing, rows, tokens, share of the positions that are scored, padding.
GRID = [
    *(("small", what, again, 8, 128, 1.0, False) for what in TRAINED for again in (False, True)),
    *(("embedded", what, again, 4, 128, 1.0, False) for what in TRAINED for again in (False, True)),
    *(("small", what, again, 8, 512, 1.0, False) for what in TRAINED for again in (False, True)),
    ("embedded", "full", False, 4, 128, 0.5, False),
    ("embedded", "all-linear", False, 4, 128, 0.5, False),
    ("small", "full", False, 2, 512, 1.0, True),
    ("small", "all-linear", False, 8, 512, 0.5, True),
    ("deep", "full", False, 8, 128, 1.0, False),
    ("deep", "all-linear", False, 2, 512, 1.0, False),
    ("deep", "all-linear", True, 8, 512, 0.5, False),
    ("embedded", "all-linear", False, 8, 128, 1.0, False),
    ("embedded", "full", False, 2, 512, 1.0, False),
    ("embedded", "all-linear", True, 2, 512, 1.0, False),
    *(("small", what, again, 4, 128, 1.0, False) for what in TRAINED for again in (False, True)),
    *(("small", what, again, 2, 512, 1.0, False) for what in TRAINED for again in (False, True)),
    ("embedded", "q,v", False, 8, 512, 0.5, False),
    ("embedded", "all-linear", True, 8, 512, 1.0, False),
]
KEYS = ("model", "trained", "checkpointing", "rows", "length", "scored", "padded")


def main(arguments: list[str]) -> int:
    """Measure what is not measured yet, each case in its own process; write after each."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, default=RESULTS)
    parser.add_argument("--workers", type=int, default=1, help="processes at a time")
    parser.add_argument("--limit", type=int, default=len(GRID), help="only so many cases of the grid")
    parser.add_argument("--case", help="measure this one, a JSON list, and print its peak in bytes")
    options = parser.parse_args(arguments)
    if options.case:
        print(measure(*json.loads(options.case)))
        return 0
    path = options.out / "results.json"
    known = json.loads(path.read_text("utf-8"))["cases"] if path.is_file() else []
    peaks = {tuple(case[key] for key in KEYS): case["peak_bytes"] for case in known}

    def run(case: tuple[Any, ...]) -> None:
        command = [sys.executable, str(Path(__file__).resolve()), "--case", json.dumps(case)]
        environment = {**os.environ, "PYTHONPATH": str(HERE.parent / "code"), "OMP_NUM_THREADS": "1"}
        done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=3600)
        if done.returncode:
            found = f"{case}: found exit status {done.returncode}; expected 0"
            raise RuntimeError(f"{found}\n{done.stderr[-2000:]}")
        peaks[case] = int(done.stdout)
        write(options.out, peaks)

    with ThreadPoolExecutor(options.workers) as pool:
        list(pool.map(run, [case for case in GRID[: options.limit] if case not in peaks]))
    write(options.out, peaks)
    return 0


def write(folder: Path, peaks: dict[tuple[Any, ...], int]) -> None:
    """Results and table, the estimates made anew."""
    cases = []
    for case in (case for case in GRID if case in peaks):
        needed = estimate(*case)
        ratio = round(needed.total / peaks[case] - 1, 4)
        row = {**dict(zip(KEYS, case, strict=True)), "peak_bytes": peaks[case]}
        cases.append({**row, "estimated_bytes": needed.total, "deviation": ratio})
    where = conditions(PACKAGES, "CPU, one thread, float32")
    result = {"conditions": where, "steps": STEPS, "models": MODELS, "cases": cases}
    put(folder, result, as_markdown(result))


def estimate(
    model: str, trained: str, checkpointing: bool, rows: int, length: int, scored: float, padded: bool
) -> estimates.Memory:
    """What the calculator says of a case."""
    sizes = {"batch_size": rows, "length": length, "scored": scored, "padded": padded}
    return estimates.training_memory(MODELS[model], **sizes, checkpointing=checkpointing, **TRAINED[trained])


def measure(
    model: str, trained: str, checkpointing: bool, rows: int, length: int, scored: float, padded: bool
) -> int:
    """The highest memory of three steps, in bytes, above that of the libraries."""
    import torch
    from peft import LoraConfig
    from transformers import LlamaConfig, LlamaForCausalLM

    from sintonia import models
    from sintonia.loss_masks import supervised_loss

    torch.set_num_threads(1)
    torch.manual_seed(0)

    def step(config: dict[str, Any], rows: int, length: int, steps: int) -> None:
        network = LlamaForCausalLM(LlamaConfig(**config))
        if "rank" in TRAINED[trained]:
            rank, targets = TRAINED[trained]["rank"], TRAINED[trained].get("targets", "all-linear")
            adapter = LoraConfig(r=rank, lora_alpha=2 * rank, target_modules=targets, task_type="CAUSAL_LM")
            network = models.attach_lora(network, adapter)
        network.train()
        if checkpointing:
            network.gradient_checkpointing_enable(gradient_checkpointing_kwargs={"use_reentrant": False})
        parts = [parameter for parameter in network.parameters() if parameter.requires_grad]
        optimizer = torch.optim.AdamW(parts, lr=1e-4)
        ids = torch.randint(3, config["vocab_size"], (rows, length))
        inputs = {"input_ids": ids, "attention_mask": torch.ones_like(ids), "labels": ids.clone()}
        if padded:
            inputs["attention_mask"][0, -length // 4 :] = 0
        inputs["labels"][:, : int(length * (1 - scored))] = -100
        for _ in range(steps):
            if scored == 1:
                network(**inputs, use_cache=False).loss.backward()
            else:
                supervised_loss(network, inputs).backward()
            optimizer.step()
            optimizer.zero_grad()

    tiny = {**SMALL, "hidden_size": 64, "intermediate_size": 64, "num_hidden_layers": 1, "vocab_size": 64}
    step(tiny, 2, 8, 1)
    gc.collect()
    libraries = resident("VmRSS")
    Path("/proc/self/clear_refs").write_text("5", encoding="ascii")  # the peak counts from here
    step(MODELS[model], rows, length, STEPS)
    return resident("VmHWM") - libraries


def resident(field: str) -> int:
    """Bytes of this process's memory, now (`VmRSS`) or at most (`VmHWM`); Linux only."""
    lines = Path("/proc/self/status").read_text("utf-8").splitlines()
    return 1024 * next(int(line.split()[1]) for line in lines if line.startswith(f"{field}:"))


def as_markdown(result: dict[str, Any]) -> str:
    """The table of `results/memory/README.md`."""
    cases = result["cases"]
    worst = max(abs(case["deviation"]) for case in cases)
    inside = sum(abs(case["deviation"]) <= 0.15 for case in cases)
    lines = [
        "# Peaks of memory beside the estimate",
        "",
        f"`benchmarks/memory.py`; {result['steps']} steps with AdamW in float32, MiB above Python with its",
        f"libraries. {inside} of {len(cases)} estimates lie within 15 % of the peak; the farthest is",
        f"{100 * worst:.1f} % off. The grid has {len(GRID)} cases; cases not below were not run.",
        "",
        "The allocator's losses are four constants of `estimates.py`, set on cases of `results/lora-cost`",
        "and on a few of the small model; `deep`, padded and half-scored cases only check them.",
        "",
        "| Model | Trained | Checkpointing | Batch | Scored | Padded | Peak | Estimate | Deviation |",
        "|---|---|---|---:|---:|---|---:|---:|---:|",
    ]
    for case in cases:
        again, padded = ("yes" if case[key] else "no" for key in ("checkpointing", "padded"))
        batch = f"{case['rows']} x {case['length']} | {case['scored']:.0%} | {padded}"
        sizes = f"{case['peak_bytes'] / 2**20:,.0f} | {case['estimated_bytes'] / 2**20:,.0f}"
        head = f"{case['model']} | {case['trained']} | {again}"
        lines.append(f"| {head} | {batch} | {sizes} | {case['deviation']:+.1%} |")
    where = ", ".join(f"{key} {value}" for key, value in result["conditions"].items())
    return "\n".join([*lines, "", f"Conditions: {where}.", ""])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
