"""What a run will need, before it is started: parameters, memory, steps; and what the machine has.

The numbers are arithmetic on the model's configuration: the tensors that autograd holds, counted in the
code of transformers' Llama, and what glibc's allocator loses between them. `benchmarks/memory.py` compares
them with measured peaks. Nothing here was measured on a GPU.
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
LOGITS = 3  # tensors of that size at once
# glibc maps what is larger than this by itself and gives it back at once; smaller tensors share a heap, where
# an aligned request does not fit the hole that its like has left.
HEAP = 32 * 2**20
# What is lost in that heap, found by comparing measured peaks with the tensors that are held: hidden vectors
# a layer, outputs of each adapted matrix, a share of the gradients, and layers that were computed again. The
# last two are gone when the logits come; the heap does not shrink by them.
LOST_LAYER, LOST_ADAPTER, LOST_GRADIENT, LOST_AGAIN = 2.3, 1.4, 0.8, 2.5


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
    """Bytes that a training run needs, in its parts; they do not all peak at the same moment.

    Args:
        weights: the model itself, its adapter included.
        gradients: of what is trained.
        optimizer: Adam's two moments of what is trained.
        activations: what the layers keep of one batch for the backward pass.
        logits: the scores of the vocabulary and their gradient, while the loss is made.
        lost: memory that the allocator holds between the tensors and cannot give to others.
        twice: a second gradient of tied embeddings, which the backward pass ends with.
        accumulated: whether gradients of an earlier batch are there during the forward pass.

    Explained in: doctor.md#r05
    """

    weights: int
    gradients: int
    optimizer: int
    activations: int
    logits: int
    lost: int = 0
    twice: int = 0
    accumulated: bool = False

    @property
    def training(self) -> int:
        """Bytes of gradients and optimizer."""
        return self.gradients + self.optimizer

    @property
    def batch(self) -> int:
        """Bytes that depend on the batch: activations, logits, and what is lost."""
        return self.activations + self.logits + self.lost

    @property
    def total(self) -> int:
        """Bytes at the worst moment.

        That is either the loss, when all activations are there and no gradient is yet, or the end of the
        backward pass, when it is the other way round.
        """
        at_loss = self.activations + self.logits + (self.gradients if self.accumulated else 0)
        return self.weights + self.optimizer + self.lost + max(at_loss, self.gradients + self.twice)


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
    return Machine("CPU", "full" if native else "slow", free_memory())


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
    chosen = _adapted(config, targets).values()
    return config["num_hidden_layers"] * sum(rank * (wide + high) for wide, high in chosen)


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
    padded: bool = False,
    accumulation: int = 1,
    cpu: bool = True,
) -> Memory:
    """Memory of a training step with AdamW, of a Llama with sdpa attention.

    Args:
        config: the fields of the model's `config.json`.
        batch_size: rows that are computed at once on one device.
        length: tokens of the longest row.
        rank, targets: LoRA's, or `None` for full fine-tuning.
        dtype: of the weights.
        half: whether the step computes in 16 bits.
        checkpointing: whether activations are computed again in the backward pass.
        scored: share of the positions whose logits are made.
        padded: whether some row is shorter, so that attention needs a mask.
        accumulation: batches whose gradients are added up before an update.
        cpu: whether the step runs on a CPU, where the C library's allocator loses memory between tensors.

    Raises:
        KeyError: the configuration describes another kind of model.

    Example:
        >>> needed = training_memory(EMBEDDED_CONFIG, batch_size=8, length=512, rank=16)
        >>> round(needed.total / 2**30, 1)
        11.9

    Explained in: doctor.md#r05
    """
    trained = parameters(config) if rank is None else lora_parameters(config, rank, targets)
    weights = parameters(config) * BYTES.get(dtype, 4) + (0 if rank is None else 4 * trained)
    hidden, layers, tokens = config["hidden_size"], config["num_hidden_layers"], batch_size * length
    adapted = _adapted(config, targets) if rank is not None else {}
    whole = _kept(config, length if padded else 0, None)
    kept = whole if rank is None else _kept(config, length if padded else 0, adapted)
    kept += sum(rank for _ in adapted) if rank is not None else 0
    held = hidden * layers if checkpointing else kept * layers
    held += hidden * (3 if rank is None else 1)  # the last norm, and what the output layer reads
    size = 2 if half else 4
    # The scores after log_softmax, and the gradients that nll_loss and log_softmax hand down.
    logits = int(LOGITS * 4 * tokens * config["vocab_size"] * scored)
    activations = tokens * held * size
    if checkpointing:  # one layer is computed again when the logits are gone
        logits = max(logits, tokens * kept * size)
    full_embedding = 4 * config["vocab_size"] * hidden if rank is None else 0
    lost = 0
    if cpu:
        unkept = 0 if checkpointing else whole + sum(rank or 0 for _ in adapted) - kept
        outputs = sum(out for _, out in adapted.values() if 4 * tokens * out <= HEAP)
        narrow = 4 * tokens * max(hidden, _inner(config)) <= HEAP
        a_layer = LOST_LAYER * hidden + LOST_ADAPTER * outputs + (unkept if narrow else 0)
        again = LOST_AGAIN * kept if checkpointing and narrow else 0
        lost = int((layers * a_layer + again) * tokens * size + LOST_GRADIENT * 4 * trained)
    return Memory(
        weights,
        4 * trained,
        ADAM * trained,
        activations,
        logits,
        lost,
        full_embedding if config.get("tie_word_embeddings") else 0,
        accumulation > 1,
    )


def _adapted(config: Mapping[str, Any], targets: Any) -> dict[str, tuple[int, int]]:
    targets = [targets] if isinstance(targets, str) else list(targets or ("q_proj", "v_proj"))
    shapes = _shapes(config)
    return shapes if "all-linear" in targets else {name: shapes[name] for name in targets if name in shapes}


def _kept(config: Mapping[str, Any], masked: int, adapted: Mapping[str, Any] | None) -> int:
    """Numbers that autograd holds of one token in one layer, an adapter's own apart.

    Args:
        masked: tokens of a row, if attention has a mask.
        adapted: the matrices that have an adapter; `None` if all weights are trained.
    """
    hidden, inner = config["hidden_size"], _inner(config)
    queries, keys = _head(config) * config["num_attention_heads"], _head(config) * _kv(config)

    def reads(*names: str) -> int:  # a matrix keeps its input only for its own gradient, or its adapter's
        return int(adapted is None or any(name in adapted for name in names))

    # Two norms: each keeps its input and, for its own weight's gradient, that input divided by its size.
    norms = 2 * hidden * (2 if adapted is None else 1) + 2
    norms += hidden * (reads("q_proj", "k_proj", "v_proj") + reads("gate_proj", "up_proj"))
    # Attention: queries, keys and values, its output, and one sum a head. With a mask, transformers repeats
    # keys and values for every query head, and torch turns the mask into numbers in every layer.
    attention = 2 * queries + config["num_attention_heads"] + (2 * queries + masked if masked else 2 * keys)
    # Gate before and after silu, up, and their product.
    return norms + attention + inner * (3 + reads("down_proj"))


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


def free_memory() -> int:
    """Bytes of the computer's memory that are free now; in a container, of its limit.

    Example:
        >>> free_memory() > 0
        True

    Explained in: doctor.md#r05
    """
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
