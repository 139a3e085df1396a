"""What a training step costs in time and memory, full and with LoRA, beside what the estimate says.

    .venv/bin/python benchmarks/lora_cost.py

The embedded model, 4 rows of 128 tokens, one thread. Each setting trains in a process of its own, because
a peak of memory never goes down again. Time is processor time, which other programs on the machine change
little. Results go to `benchmarks/results/lora-cost/`.
"""

from __future__ import annotations

import argparse
import gc
import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from recorded import conditions, put

from sintonia import estimates, models

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent
RESULTS = HERE / "results" / "lora-cost"
PACKAGES = ("torch", "transformers", "peft")
ROWS, LENGTH, STEPS = 4, 128, 3
QUERY_VALUE = ["q_proj", "v_proj"]
SETTINGS: dict[str, dict[str, Any]] = {
    "full": {},
    "full, checkpointing": {"checkpointing": True},
    "LoRA r=8, q and v": {"rank": 8, "targets": QUERY_VALUE},
    "LoRA r=16, all-linear": {"rank": 16},
    "LoRA r=64, all-linear": {"rank": 64},
    "LoRA r=16, all-linear, checkpointing": {"rank": 16, "checkpointing": True},
}


def main(arguments: list[str]) -> int:
    """Measure every setting in its own process, write."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, default=RESULTS)
    parser.add_argument("--setting", choices=SETTINGS, help="measure this one and print it as JSON")
    options = parser.parse_args(arguments)
    if options.setting:
        print(json.dumps(measure(**SETTINGS[options.setting])))
        return 0
    cases = []
    for setting, chosen in SETTINGS.items():
        command = [sys.executable, str(Path(__file__).resolve()), "--setting", setting]
        environment = {**os.environ, "PYTHONPATH": str(ROOT / "code"), "OMP_NUM_THREADS": "1"}
        done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=600)
        if done.returncode:
            found = f"{setting}: found exit status {done.returncode}; expected 0"
            raise RuntimeError(f"{found}\n{done.stderr[-2000:]}")
        needed = estimates.training_memory(
            estimates.EMBEDDED_CONFIG, batch_size=ROWS, length=LENGTH, **chosen
        )
        cases.append({"setting": setting, **json.loads(done.stdout), "estimated_bytes": needed.total})
        print(cases[-1])
    where = conditions(PACKAGES, "CPU, one thread, float32")
    result = {"conditions": where, "rows": ROWS, "length": LENGTH, "steps": STEPS, "cases": cases}
    put(options.out, result, as_markdown(result))
    return 0


def measure(
    rank: int | None = None, targets: Any = "all-linear", checkpointing: bool = False
) -> dict[str, Any]:
    """The best of three steps after a first one, and the highest memory above that of the bare libraries."""
    import torch
    from peft import LoraConfig

    torch.set_num_threads(1)
    torch.manual_seed(0)
    config = LoraConfig(r=rank or 1, lora_alpha=32, target_modules=targets, task_type="CAUSAL_LM")
    model = models.load_model()
    weights = sum(p.numel() * p.element_size() for p in model.parameters())
    sum(parameter.sum().item() for parameter in model.parameters())  # from now on they are in memory
    gc.collect()
    libraries = resident("VmRSS") - weights
    Path("/proc/self/clear_refs").write_text("5", encoding="ascii")  # the peak counts from here
    if rank:
        model = models.attach_lora(model, config)
    model.train()
    if checkpointing:
        model.gradient_checkpointing_enable(gradient_checkpointing_kwargs={"use_reentrant": False})
    trained = [parameter for parameter in model.parameters() if parameter.requires_grad]
    optimizer = torch.optim.AdamW(trained, lr=1e-4)
    ids = torch.randint(3, model.config.vocab_size, (ROWS, LENGTH))
    seconds = []
    for _ in range(1 + STEPS):
        started = time.process_time()
        model(input_ids=ids, labels=ids, use_cache=False).loss.backward()
        optimizer.step()
        optimizer.zero_grad()
        seconds.append(time.process_time() - started)
    states = [tensor for state in optimizer.state.values() for tensor in state.values() if tensor.ndim]
    return {
        "trained": sum(parameter.numel() for parameter in trained),
        "weights_bytes": sum(p.numel() * p.element_size() for p in model.parameters()),
        "gradients_bytes": sum(p.numel() * p.element_size() for p in trained),
        "optimizer_bytes": sum(tensor.numel() * tensor.element_size() for tensor in states),
        "peak_bytes": resident("VmHWM") - libraries,
        "cpu_seconds_a_step": round(min(seconds[1:]), 2),
    }


def resident(field: str) -> int:
    """Bytes of this process's memory, now (`VmRSS`) or at most (`VmHWM`); Linux only."""
    lines = Path("/proc/self/status").read_text("utf-8").splitlines()
    return 1024 * next(int(line.split()[1]) for line in lines if line.startswith(f"{field}:"))


def as_markdown(result: dict[str, Any]) -> str:
    """The table of `results/lora-cost/README.md`."""
    lines = [
        "# What a training step costs",
        "",
        f"`benchmarks/lora_cost.py`; the embedded model, {result['rows']} rows of {result['length']} tokens,",
        "every token graded. MiB; the peak is above that of Python with its libraries. Seconds are processor",
        f"time, the best of {result['steps']} steps.",
        "",
        "| Setting | Trained | Weights | Gradients | Optimizer | Peak | Estimate | Seconds a step |",
        "|---|---:|---:|---:|---:|---:|---:|---:|",
    ]
    parts = ("weights_bytes", "gradients_bytes", "optimizer_bytes", "peak_bytes", "estimated_bytes")
    for case in result["cases"]:
        sizes = " | ".join(f"{case[part] / 2**20:,.0f}" for part in parts)
        cells = f"{case['setting']} | {case['trained']:,} | {sizes} | {case['cpu_seconds_a_step']:.2f}"
        lines.append(f"| {cells} |")
    conditions = ", ".join(f"{key} {value}" for key, value in result["conditions"].items())
    return "\n".join([*lines, "", f"Conditions: {conditions}.", ""])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
