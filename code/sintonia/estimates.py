"""What a run will need, before it is started: parameters, memory, steps; and what the machine has.

The numbers are arithmetic on the model's configuration. They are meant to tell a run that fits from
one that does not, not to predict the last hundred megabytes.
"""

from __future__ import annotations

import math
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

EMBEDDED_CONFIG = {
    "model_type": "llama",
    "hidden_size": 576,
    "intermediate_size": 1536,
    "num_hidden_layers": 30,
    "num_attention_heads": 9,
    "num_key_value_heads": 3,
    "head_dim": 64,
    "vocab_size": 49152,
    "max_position_embeddings": 8192,
    "tie_word_embeddings": True,
    "eos_token_id": 2,
}
BYTES = {"float32": 4, "bfloat16": 2, "float16": 2}
ADAM = 8  # bytes a trained parameter: two moments of 4
_LINEAR = ("q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj")


@dataclass(frozen=True)
class Machine:
    """Where the run will take place.

    Args:
        device: `CPU` or the name of the GPU.
        bf16: `full`, `slow` (imitated) or `none`.
        memory: bytes that are free now, in the GPU or, without one, in the computer.

    Explained in: doctor.md#r05
    """

    device: str
    bf16: str
    memory: int

    @property
    def cpu(self) -> bool:
        """Whether there is no GPU."""
        return self.device == "CPU"


@dataclass(frozen=True)
class Memory:
    """Bytes that a training run needs at its worst moment, in its parts.

    Args:
        weights: the model itself.
        training: gradients and Adam's moments of what is trained.
        activations: what one batch leaves for the backward pass, its logits included.

    Explained in: doctor.md#r05
    """

    weights: int
    training: int
    activations: int

    @property
    def total(self) -> int:
        """Bytes, all parts together."""
        return self.weights + self.training + self.activations


def this_machine() -> Machine:
    """The machine this process runs on.

    Example:
        >>> this_machine().memory > 0
        True

    Explained in: doctor.md#r05
    """
    try:
        import torch

        if torch.cuda.is_available():
            bf16 = "full" if torch.cuda.is_bf16_supported(including_emulation=False) else "none"
            return Machine(torch.cuda.get_device_name(), bf16, torch.cuda.mem_get_info()[0])
    except ImportError:
        pass
    flags = _read("/proc/cpuinfo")
    native = "avx512_bf16" in flags or "amx_bf16" in flags
    return Machine("CPU", "full" if native else "slow", _free_memory())


def parameters(config: Mapping[str, Any]) -> int:
    """Parameters of a decoder with gated feed-forward layers, as Llama, Qwen, Mistral and Gemma are.

    Args:
        config: the fields of the model's `config.json`.

    Raises:
        KeyError: the configuration describes another kind of model.

    Example:
        >>> parameters(EMBEDDED_CONFIG)
        134515008

    Explained in: doctor.md#r05
    """
    hidden, layers = config["hidden_size"], config["num_hidden_layers"]
    linear = sum(wide * high for wide, high in _shapes(config).values())
    embeddings = config["vocab_size"] * hidden * (1 if config.get("tie_word_embeddings") else 2)
    return embeddings + layers * (linear + 2 * hidden) + hidden


def lora_parameters(config: Mapping[str, Any], rank: int, targets: Any = "all-linear") -> int:
    """Parameters of a LoRA adapter.

    Args:
        config: the fields of the base model's `config.json`.
        rank: LoRA's r.
        targets: names of the linear layers that get one, or `all-linear`.

    Example:
        >>> lora_parameters(EMBEDDED_CONFIG, 16)
        4884480

    Explained in: doctor.md#r05
    """
    targets = [targets] if isinstance(targets, str) else list(targets or ("q_proj", "v_proj"))
    shapes = _shapes(config)
    chosen = shapes if "all-linear" in targets else {name: shapes[name] for name in targets if name in shapes}
    return config["num_hidden_layers"] * sum(rank * (wide + high) for wide, high in chosen.values())


def training_memory(
    config: Mapping[str, Any],
    *,
    batch_size: int,
    length: int,
    rank: int | None = None,
    targets: Any = "all-linear",
    dtype: str = "float32",
    half: bool = False,
    checkpointing: bool = False,
    scored: float = 1.0,
) -> Memory:
    """Memory of a training step with AdamW.

    Args:
        config: the fields of the model's `config.json`.
        batch_size: rows that are computed at once on one device.
        length: tokens of the longest row.
        rank, targets: LoRA's, or `None` for full fine-tuning.
        dtype: of the weights.
        half: whether the step computes in 16 bits.
        checkpointing: whether activations are computed again in the backward pass.
        scored: share of the positions whose logits are made.

    Raises:
        KeyError: the configuration describes another kind of model.

    Example:
        >>> needed = training_memory(EMBEDDED_CONFIG, batch_size=8, length=512, rank=16)
        >>> round(needed.total / 2**30, 1)
        14.6

    Explained in: doctor.md#r05
    """
    trained = parameters(config) if rank is None else lora_parameters(config, rank, targets)
    weights = parameters(config) * BYTES.get(dtype, 4) + (0 if rank is None else 4 * trained)
    hidden, inner = config["hidden_size"], _inner(config)
    heads = _head(config) * (config["num_attention_heads"] + 2 * _kv(config))
    # What a layer holds a token until its backward pass: norms with their inputs, queries, keys and values
    # before and after rotation, the gated layers' four vectors, and what the allocator wastes. Fitted to
    # the peak of one step of the embedded model on a CPU: 3.3 MB a token, LoRA on every linear layer.
    kept = 16 * hidden + 4 * heads + 7 * inner
    if rank is not None:
        kept += 3 * hidden + rank * len(_LINEAR)
    layers = config["num_hidden_layers"]
    kept = hidden * layers + kept if checkpointing else kept * layers
    tokens = batch_size * length
    logits = int(3 * 4 * tokens * config["vocab_size"] * scored)
    return Memory(weights, trained * (4 + ADAM), tokens * kept * (2 if half else 4) + logits)


def steps(rows: int, recipe: Mapping[str, Any], processes: int = 1) -> int:
    """Updates that a run makes, by the fields of its recipe and TRL's defaults.

    Example:
        >>> steps(176, {"num_train_epochs": 3, "per_device_train_batch_size": 8})
        66

    Explained in: doctor.md#r09
    """
    if (limit := recipe.get("max_steps")) and limit > 0:
        return int(limit)
    batch = (recipe.get("per_device_train_batch_size") or 8) * processes
    batches = math.ceil(rows / batch)
    epochs = float(recipe.get("num_train_epochs") or 3)
    return math.ceil(math.ceil(batches / (recipe.get("gradient_accumulation_steps") or 1)) * epochs)


def _shapes(config: Mapping[str, Any]) -> dict[str, tuple[int, int]]:
    hidden, inner = config["hidden_size"], _inner(config)
    queries, keys = _head(config) * config["num_attention_heads"], _head(config) * _kv(config)
    return {
        "q_proj": (hidden, queries),
        "k_proj": (hidden, keys),
        "v_proj": (hidden, keys),
        "o_proj": (queries, hidden),
        "gate_proj": (hidden, inner),
        "up_proj": (hidden, inner),
        "down_proj": (inner, hidden),
    }


def input_sizes(config: Mapping[str, Any]) -> dict[str, int]:
    """How many inputs each linear layer of the model has.

    Example:
        >>> input_sizes(EMBEDDED_CONFIG)["down_proj"]
        1536

    Explained in: doctor.md#r06
    """
    return {name: wide for name, (wide, _) in _shapes(config).items()}


def _inner(config: Mapping[str, Any]) -> int:
    return config["intermediate_size"]


def _kv(config: Mapping[str, Any]) -> int:
    return config.get("num_key_value_heads") or config["num_attention_heads"]


def _head(config: Mapping[str, Any]) -> int:
    return config.get("head_dim") or config["hidden_size"] // config["num_attention_heads"]


def _free_memory() -> int:
    found = re.search(r"MemAvailable:\s+(\d+) kB", _read("/proc/meminfo"))
    if found:
        free = int(found[1]) * 1024
    else:  # no /proc: macOS, Windows
        pages = os.sysconf("SC_PHYS_PAGES") if hasattr(os, "sysconf") else 2**21
        free = pages * 4096
    limit, used = _read("/sys/fs/cgroup/memory.max").strip(), _read("/sys/fs/cgroup/memory.current").strip()
    if limit.isdigit() and used.isdigit():  # a container's own limit; its page cache can be had back
        cached = re.search(r"^inactive_file (\d+)", _read("/sys/fs/cgroup/memory.stat"), re.MULTILINE)
        free = min(free, int(limit) - int(used) + int(cached[1] if cached else 0))
    return max(free, 0)


def _read(path: str) -> str:
    try:
        return Path(path).read_text("utf-8", "replace")
    except OSError:
        return ""
