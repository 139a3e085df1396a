"""How fast a GPU trains: our recipe beside TRL's own trainer, in one command, for whoever has a GPU.

    .venv/bin/python benchmarks/gpu.py                       135 M parameters, 2,048 tokens, packed, bfloat16
    .venv/bin/python benchmarks/gpu.py --shape 1.7B --rows 4
    .venv/bin/python benchmarks/gpu.py --attention sdpa flex_attention flash_attention_2 --liger --compile

Weights are random: speed does not depend on what they know, and nothing is downloaded. Each setting trains in
a process of its own, so that peaks of memory do not add up. It prints and writes real tokens a second, the
share of the GPU's arithmetic that they use (MFU), and the peak of memory. A setting whose package is not
installed, or that the GPU refuses, is listed with the reason. Results go to `benchmarks/results/gpu/`.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import os
import random
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from recorded import conditions, put

HERE = Path(__file__).resolve().parent
RESULTS = HERE / "results" / "gpu"
PACKAGES = ("torch", "transformers", "trl")
SHAPES: dict[str, dict[str, int]] = {  # those of SmolLM2
    "tiny": {"hidden": 32, "layers": 2, "heads": 4, "kv": 2, "inner": 64, "vocabulary": 420},
    "135M": {"hidden": 576, "layers": 30, "heads": 9, "kv": 3, "inner": 1536, "vocabulary": 49152},
    "360M": {"hidden": 960, "layers": 32, "heads": 15, "kv": 5, "inner": 2560, "vocabulary": 49152},
    "1.7B": {"hidden": 2048, "layers": 24, "heads": 32, "kv": 32, "inner": 8192, "vocabulary": 49152},
}
# Dense bfloat16 arithmetic of one GPU in TFLOP/s, from NVIDIA's data sheets; another one: --peak.
PEAKS = {"H200": 989, "H100": 989, "A100": 312, "L40S": 362, "L4": 121, "A10": 125, "4090": 165, "3090": 71}
NEEDS = {
    "flash_attention_2": "flash_attn",
    "flash_attention_3": "flash_attn_interface",
    "liger": "liger_kernel",
}
SHORT, LONG, ANSWER = 24, 700, 0.4  # tokens of a row, at least and at most; the share that is graded


def main(arguments: list[str]) -> int:
    """Measure each setting in its own process; write. 0 where one was measured, else 1."""
    options = parser().parse_args(arguments)
    if options.setting:
        print(json.dumps(measure(json.loads(options.setting), options)))
        return 0
    cells = []
    for setting in settings(options):
        cells.append({**setting, **in_a_process(setting, arguments)})
        print(cells[-1], flush=True)
    name = next((cell["gpu"] for cell in cells if "gpu" in cell), "no GPU")
    result = {"conditions": conditions(PACKAGES, name), "shape": options.shape, "length": options.length}
    result |= {"rows": options.rows, "steps": options.steps, "cells": cells}
    measured = any("tokens_per_second" in cell for cell in cells)
    if measured:  # a table without figures is not a result
        put(options.out, result, as_markdown(result))
    else:
        print("gpu.py: nothing was measured, and nothing written", file=sys.stderr)
    return 0 if measured else 1


def parser() -> argparse.ArgumentParser:
    """The command line, which each process reads again."""
    made = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    made.add_argument("--shape", choices=SHAPES, default="135M")
    made.add_argument("--length", type=int, default=2048, help="tokens of a pack")
    made.add_argument("--rows", type=int, default=8, help="packs of a batch")
    made.add_argument("--steps", type=int, default=20, help="that are timed, after 5 that are not")
    made.add_argument(
        "--attention", nargs="+", default=["sdpa"], help="sdpa flex_attention flash_attention_2"
    )
    made.add_argument("--liger", action="store_true", help="also with Liger's kernels")
    made.add_argument("--compile", action="store_true", help="also with torch.compile")
    made.add_argument("--peak", type=float, help="TFLOP/s of this GPU in bfloat16, for the MFU")
    made.add_argument("--device", choices=("cuda", "cpu"), default="cuda", help="cpu only tries the script")
    made.add_argument("--out", type=Path, default=RESULTS)
    made.add_argument("--setting", help=argparse.SUPPRESS)
    return made


def settings(options: argparse.Namespace) -> list[dict[str, Any]]:
    """TRL as it comes, then ours: packed, with each attention, alone and with each option."""
    chosen: list[dict[str, Any]] = [{"trainer": "TRL", "attention": "sdpa", "packing": False, "with": ""}]
    for attention in options.attention:
        for extra in ("", *(["liger"] if options.liger else []), *(["compile"] if options.compile else [])):
            chosen.append({"trainer": "sintonia", "attention": attention, "packing": True, "with": extra})
    return chosen


def in_a_process(setting: dict[str, Any], arguments: list[str]) -> dict[str, Any]:
    """What the setting measured, or `{"failed": reason}`."""
    for part in (setting["attention"], setting["with"]):
        if part in NEEDS and importlib.util.find_spec(NEEDS[part]) is None:
            return {"failed": f"{NEEDS[part]} is not installed"}
    command = [sys.executable, str(Path(__file__).resolve()), *arguments, "--setting", json.dumps(setting)]
    environment = {**os.environ, "PYTHONPATH": str(HERE.parent / "code")}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=1800)
    if done.returncode:
        return {"failed": (done.stderr.strip().splitlines() or ["no output"])[-1][:200]}
    return json.loads(done.stdout.strip().splitlines()[-1])


def measure(setting: dict[str, Any], options: argparse.Namespace) -> dict[str, Any]:
    """Train, and time whole steps after the first five; real tokens only."""
    import torch
    from transformers import TrainerCallback

    on_gpu = options.device == "cuda"
    if on_gpu and not torch.cuda.is_available():
        raise SystemExit("no CUDA GPU; --device cpu only tries the script")

    class Clock(TrainerCallback):
        """The moments after the first five steps and after the last; the GPU has finished at both."""

        def on_step_end(self, args: Any, state: Any, control: Any, **_: Any) -> None:
            if state.global_step in (warm, total):
                if on_gpu:
                    torch.cuda.synchronize()
                moments.append((time.perf_counter(), int(state.num_input_tokens_seen)))

    warm, total, moments = 5, 5 + options.steps, []
    with tempfile.TemporaryDirectory() as folder:
        trainer = make(setting, options, folder, total)
        trainer.add_callback(Clock())
        trainer.train()
        config = trainer.model.config
        parameters = sum(parameter.numel() for parameter in trainer.model.parameters())
    (began, before), (ended, after) = moments
    rate = (after - before) / (ended - began)
    found = {
        "tokens_per_second": round(rate, 1),
        "loss": round(trainer.state.log_history[-1]["train_loss"], 4),
    }
    if on_gpu:
        name = torch.cuda.get_device_name()
        peak = options.peak or next((value for key, value in PEAKS.items() if key in name), None)
        found |= {"gpu": name, "peak_bytes": torch.cuda.max_memory_allocated()}
        if peak:
            found["mfu"] = round(rate * flops_a_token(parameters, config, mean_attended()) / (peak * 1e12), 4)
    return found


def make(setting: dict[str, Any], options: argparse.Namespace, folder: str, steps: int) -> Any:
    """The trainer of one setting: the same rows, weights, precision and rows a batch for all."""
    import torch
    from transformers import LlamaForCausalLM, set_seed
    from trl import SFTConfig, SFTTrainer

    set_seed(42)
    on_gpu = options.device == "cuda"
    config = SFTConfig(
        output_dir=folder,
        max_steps=steps,
        per_device_train_batch_size=options.rows,
        max_length=options.length,
        packing=setting["packing"],
        bf16=on_gpu,
        use_cpu=not on_gpu,
        # TRL recomputes activations by default; ours does where they would not fit.
        activation_checkpointing=setting["trainer"] == "TRL",
        use_liger_kernel=setting["with"] == "liger",
        torch_compile=setting["with"] == "compile",
        include_num_input_tokens_seen="non_padding",
        learning_rate=3e-4,
        save_strategy="no",
        report_to="none",
        disable_tqdm=True,
        seed=42,
    )
    shape = llama(options.shape)
    shape._attn_implementation = setting["attention"]
    model = LlamaForCausalLM(shape).to(torch.float32)
    model.config.use_cache = False
    needed = steps * options.rows * (options.length // SHORT if setting["packing"] else 1)
    dataset = rows(min(needed, 20_000), shape.vocab_size, options.length)
    return SFTTrainer(model=model, args=config, train_dataset=dataset, processing_class=tokenizer())


def llama(shape: str) -> Any:
    """The configuration of a Llama of this shape."""
    from transformers import LlamaConfig

    sizes = SHAPES[shape]
    return LlamaConfig(
        vocab_size=sizes["vocabulary"],
        hidden_size=sizes["hidden"],
        intermediate_size=sizes["inner"],
        num_hidden_layers=sizes["layers"],
        num_attention_heads=sizes["heads"],
        num_key_value_heads=sizes["kv"],
        max_position_embeddings=8192,
        tie_word_embeddings=True,
        bos_token_id=1,
        eos_token_id=2,
        pad_token_id=2,
    )


def tokenizer() -> Any:
    """The embedded one; it only pads here."""
    from sintonia import models

    return models.load_tokenizer()


def lengths(count: int, longest: int) -> list[int]:
    """Tokens of each row: many short ones, few long ones, as in chats."""
    dice = random.Random(3)
    return [min(longest, int(SHORT * (LONG / SHORT) ** dice.random())) for _ in range(count)]


def mean_attended() -> float:
    """Tokens that a token looks back on, on average, in its own conversation."""
    some = lengths(2000, LONG)
    return sum(n * (n + 1) / 2 for n in some) / sum(some)


def rows(count: int, vocabulary: int, longest: int) -> Any:
    """Random ids with labels on the last part of each row, as a `datasets.Dataset`."""
    from datasets import Dataset

    dice = random.Random(5)
    ids = [[dice.randrange(3, vocabulary) for _ in range(n)] for n in lengths(count, longest)]
    asked = [int(len(row) * (1 - ANSWER)) for row in ids]
    labels = [[-100] * n + row[n:] for n, row in zip(asked, ids, strict=True)]
    return Dataset.from_dict({"input_ids": ids, "labels": labels})


def flops_a_token(parameters: int, config: Any, attended: float) -> float:
    """Arithmetic of forward and backward for one token: 6 a parameter, and attention's two products.

    The embedding's matrix counts once: tied, it is looked up at the bottom and multiplied at the top.
    What is computed a second time by checkpointing does not count.
    """
    width = config.num_attention_heads * config.head_dim
    return 6 * parameters + 12 * config.num_hidden_layers * width * attended


def as_markdown(result: dict[str, Any]) -> str:
    """The page of `results/gpu/README.md`."""
    lines = [
        "# How fast a GPU trains",
        "",
        f"`benchmarks/gpu.py`; random weights of the {result['shape']} shape, {result['rows']} rows a batch,",
        f"{result['length']} tokens a pack, bfloat16, full fine-tuning. Real tokens; whole steps,",
        f"{result['steps']} of them after 5. TRL's row is its default: no packing, checkpointing.",
        "",
        "| Trainer | Attention | With | Tokens a second | MFU | Peak memory | Times TRL |",
        "|---|---|---|---:|---:|---:|---:|",
    ]
    stock = next(
        (cell.get("tokens_per_second") for cell in result["cells"] if cell["trainer"] == "TRL"), None
    )
    for cell in result["cells"]:
        head = f"| {cell['trainer']} | {cell['attention']} | {cell['with']} |"
        if "failed" in cell:
            lines.append(f"{head} {cell['failed']} | | | |")
            continue
        rate = cell["tokens_per_second"]
        mfu = f"{cell['mfu']:.1%}" if "mfu" in cell else ""
        peak = f"{cell['peak_bytes'] / 2**30:.1f} GiB" if "peak_bytes" in cell else ""
        lines.append(f"{head} {rate:,.0f} | {mfu} | {peak} | {f'{rate / stock:.2f}' if stock else ''} |")
    where = ", ".join(f"{key} {value}" for key, value in result["conditions"].items())
    return "\n".join([*lines, "", f"Conditions: {where}.", ""])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
