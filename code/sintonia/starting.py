"""What is settled before a run has its model: quantization, remote code, and a quicker start.

A quantized base keeps its frozen weights in 4 or 8 bits, and only LoRA matrices train (QLoRA). That needs a
CUDA GPU and the package bitsandbytes; where one is missing, the run is refused before anything is downloaded.
"""

from __future__ import annotations

import gc
import importlib.util
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from sintonia.errors import Fault, InputError

_REMOTE = "trust_remote_code"
_OFF = (None, False, 0, "", "false", "False", "no", "0")


@contextmanager
def without_collection() -> Iterator[None]:
    """Python looks for no garbage inside; what is there at the end is never looked at again.

    Importing torch, transformers, peft and trl makes some million objects that all stay. Looking for garbage
    among them took 1.2 of 5.3 processor seconds (medians of three, Python 3.11).

    Example:
        >>> with without_collection():
        ...     gc.isenabled()
        False

    Explained in: sft.md#defaults
    """
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.freeze()
            gc.enable()


def check_device(recipe: Mapping[str, Any], where: str, argv: Sequence[str] = ()) -> None:
    """Refuse a recipe that is for a GPU where there is none: it would crawl, or stop much later.

    Args:
        recipe: what the YAML file holds.
        where: the recipe's path.
        argv: the command line; its `--use_cpu` wins.

    Raises:
        InputError: the recipe says `use_cpu: false`, and torch finds no CUDA GPU.

    Explained in: lora.md#recipes
    """
    said = any(part.split("=")[0].replace("-", "_") == "__use_cpu" for part in argv)
    if recipe.get("use_cpu") is False and not said and not _cuda():
        fix = "to try it on a CPU: --use_cpu true --bf16 false --fp16 false --load_in_4bit false"
        raise InputError(Fault(where, "no GPU", "one, as the recipe says (use_cpu: false)", fix))


def refuse_remote_code(recipe: Any, where: str, argv: Sequence[str] = ()) -> None:
    """A recipe may come from anybody; that a model runs code of its own is for the user to say, in the flags.

    Args:
        recipe: what the YAML file holds, nested fields included.
        where: the recipe's path.
        argv: the command line.

    Raises:
        InputError: the recipe asks for it, and the command line does not.

    Example:
        >>> refuse_remote_code({"model_init_kwargs": {"trust_remote_code": True}}, "a.yaml")
        Traceback (most recent call last):
        ...
        sintonia.errors.InputError: a.yaml: found 'trust_remote_code'; expected no such field in a recipe; ...

    Explained in: lora.md#recipes
    """
    flags = [part.split("=")[0].replace("-", "_") for part in argv]
    if f"__{_REMOTE}" not in flags and _asks(recipe):
        fix = f"it runs code from the model's repository: read that code, then pass --{_REMOTE} true yourself"
        raise InputError(Fault(where, repr(_REMOTE), "no such field in a recipe", fix))


def check_quantization(model_config: Any, config: Any) -> None:
    """Refuse `--load_in_4bit` and `--load_in_8bit` where something that they need is missing.

    Args:
        model_config: TRL's ModelConfig.
        config: the SFTConfig, which knows whether the run is on a CPU.

    Raises:
        InputError: no LoRA on top, no CUDA GPU, or no bitsandbytes.

    Explained in: lora.md#recipes
    """
    bits = 4 if model_config.load_in_4bit else 8 if model_config.load_in_8bit else None
    if bits is None:
        return
    flag = f"--load_in_{bits}bit"
    faults = []
    if not model_config.use_peft:
        fix = "weights of so few bits cannot be trained themselves"
        faults.append(Fault(flag, "full fine-tuning", "--use_peft true", fix))
    if config.use_cpu or not _cuda():
        fix = "leave it out: on a CPU the embedded model needs no quantization"
        faults.append(Fault(flag, "no CUDA GPU", "one", fix))
    if importlib.util.find_spec("bitsandbytes") is None:
        faults.append(Fault(flag, "no bitsandbytes", "that package", "pip install bitsandbytes"))
    if faults:
        raise InputError(faults)


def adapter_for_float16(model: Any, config: Any) -> None:
    """Put trained parameters into float32 where float16 is computed in.

    TRL puts the adapter of a quantized model into bfloat16. Under float16 the gradients are scaled, and
    torch's scaler has no bfloat16; GPUs as old as the T4 have none at all.

    Explained in: lora.md#recipes
    """
    if not config.fp16:
        return
    for parameter in model.parameters():
        if parameter.requires_grad:
            parameter.data = parameter.data.float()


def _cuda() -> bool:
    import torch

    return torch.cuda.is_available()


def _asks(value: Any) -> bool:
    if isinstance(value, dict):
        return any(
            (str(key).replace("-", "_") == _REMOTE and held not in _OFF) or _asks(held)
            for key, held in value.items()
        )
    return isinstance(value, list) and any(map(_asks, value))
