"""Several processes: as many as were asked for, in the wrapper that was asked for, or an error.

accelerate starts one process for `--cpu --num_processes 2` and for `MULTI_CPU`, and runs plain DDP where
FSDP was asked for on a CPU; both without a word (accelerate 1.15). Here each is refused before it trains.
"""

from __future__ import annotations

import os
import platform
import re
import shutil
import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from sintonia.errors import Fault, InputError

_ACCELERATE = re.compile(
    r"(^|/)accelerate(-launch)?$|\baccelerate[./]commands[./](accelerate_cli|launch)(\.py)?$"
)
WRAPPERS = {"FSDP": "fully_shard", "DEEPSPEED": "DeepSpeedEngine", "NO": "none"}


def describe_launch(world: int, kind: str, launcher: Sequence[str] | None = None) -> str | None:
    """The first line of a launched run; `None` where nothing launched it.

    Args:
        world: processes there are.
        kind: accelerate's name of how they work together, such as `MULTI_CPU`.
        launcher: the command line of the process that started this one; read from the system if left out.

    Raises:
        InputError: another number of processes, or another wrapper, than was asked for.

    Example:
        >>> describe_launch(2, "MULTI_CPU", ["torchrun", "--nproc_per_node", "2"])
        'processes: 2, MULTI_CPU (DistributedDataParallel)'
        >>> describe_launch(1, "NO", ["bash"])

    Explained in: lora.md#several-gpus
    """
    launcher = _parent() if launcher is None else launcher
    asked = asked_for(launcher)
    if asked is None and world == 1 and "RANK" not in os.environ:
        return None
    if asked is not None and asked != world:
        fix = "take torchrun, or code/recipes/accelerate/ddp-cpu.yaml: --cpu and MULTI_CPU start one"
        raise InputError(
            Fault("launch", f"{world} process{'es' * (world > 1)}", f"{asked}, as asked for", fix)
        )
    for wanted, variable in (("FSDP", "ACCELERATE_USE_FSDP"), ("DEEPSPEED", "ACCELERATE_USE_DEEPSPEED")):
        if os.environ.get(variable, "").lower() not in ("true", "1"):
            continue
        if wanted == "FSDP" and kind.startswith("MULTI_") and kind != "MULTI_CPU":
            kind = wanted  # accelerate says so only when there is a trainer; check_wrapper looks then
        if kind != wanted:
            fix = "run it on GPUs, or launch with code/recipes/accelerate/ddp-cpu.yaml"
            raise InputError(Fault("launch", f"{kind}, which is plain DDP", f"{wanted}, as asked for", fix))
    return f"processes: {world}, {kind} ({WRAPPERS.get(kind, 'DistributedDataParallel')})"


def check_wrapper(model: Any, kind: str) -> None:
    """Hold the class around the model against how the processes should work together.

    Raises:
        InputError: the model is not wrapped, or by something else.

    Explained in: lora.md#several-gpus
    """
    classes = [part.__name__ for part in type(model).__mro__]
    fits = {
        "NO": "DistributedDataParallel" not in classes,
        "FSDP": any("FSDP" in name or "FullySharded" in name for name in classes),
        "DEEPSPEED": "DeepSpeedEngine" in classes,
    }
    if not fits.get(kind, "DistributedDataParallel" in classes):
        expected = WRAPPERS.get(kind, "DistributedDataParallel")
        fix = "see code/recipes/accelerate for configurations that work"
        raise InputError(Fault("launch", f"a model in {classes[0]}", f"{expected}, for {kind}", fix))


def asked_for(launcher: Sequence[str]) -> int | None:
    """How many processes a launcher's command line asks for, as far as it says.

    Example:
        >>> asked_for(["python", "accelerate", "launch", "--cpu", "--num_processes", "2", "-m", "sintonia"])
        2
        >>> asked_for(["bash"]) is None
        True

    Explained in: lora.md#several-gpus
    """
    places = [place for place, part in enumerate(launcher) if _ACCELERATE.search(part)]
    if not places:
        return None
    own: list[str] = []
    for part in launcher[places[0] + 1 :]:
        if part.endswith(".py") or part in ("-m", "--module"):
            break  # what follows belongs to the script
        own += part.split("=", 1)
    values = dict(zip(own, own[1:], strict=False))
    number = values.get("--num_processes", "")
    config = values.get("--config_file")
    if not number and config:
        number = str(_yaml(Path(config)).get("num_processes", ""))
    return int(number) if number.isdigit() else None


def agreed(value: Any) -> Any:
    """What the main process holds, in every process of a launch.

    Example:
        >>> agreed("runs/pt")
        'runs/pt'

    Explained in: lora.md#several-gpus
    """
    if os.environ.get("WORLD_SIZE", "1") == "1":
        return value
    from torch import distributed

    if not distributed.is_initialized():
        return value
    box = [value]
    distributed.broadcast_object_list(box, src=0)
    return box[0]


def any_process(value: bool) -> bool:
    """Whether it is so in at least one process of the launch.

    Explained in: lora.md#several-gpus
    """
    return any(_gathered(value))


def wait_for_all() -> None:
    """Go on when every process of the launch has come here.

    Explained in: lora.md#several-gpus
    """
    from torch import distributed

    if distributed.is_available() and distributed.is_initialized():
        distributed.barrier()


def built_once(build: Callable[[], Any]) -> Any:
    """A `datasets.Dataset` that one process of each machine makes, and the others read from its disk.

    Args:
        build: makes it; called in one process a machine.

    Raises:
        InputError: in every process, what `build` raised in one.

    Explained in: lora.md#several-gpus
    """
    if os.environ.get("WORLD_SIZE", "1") == "1":
        return build()
    from datasets import load_from_disk

    maker = os.environ.get("LOCAL_RANK", "0") == "0"
    folder, made, faults = "", None, []
    if maker:
        try:
            made = build()
            folder = tempfile.mkdtemp(prefix="sintonia-")
            made.save_to_disk(folder)
        except InputError as caught:
            faults = caught.faults
    told = _gathered((platform.node(), folder, faults))
    if wrong := [fault for _, _, found in told for fault in found]:
        raise InputError(wrong)
    if not maker:
        made = load_from_disk(next(path for node, path, _ in told if path and node == platform.node()))
    wait_for_all()
    if maker:
        shutil.rmtree(folder, ignore_errors=True)  # what is mapped into memory stays readable
    return made


def whole_weights(model: Any) -> dict[str, Any] | None:
    """Weights of which each process holds a part, in one piece in the main one; every process must call it.

    Returns:
        What `save_pretrained` takes as `state_dict`; of an adapter, without the frozen base. `{}` in the
        other processes, and `None` where each holds the whole model.

    Explained in: lora.md#several-gpus
    """
    if os.environ.get("WORLD_SIZE", "1") == "1":
        return None
    from torch.distributed.checkpoint.state_dict import StateDictOptions, get_model_state_dict
    from torch.distributed.tensor import DTensor

    if not any(isinstance(weight, DTensor) for weight in model.parameters()):
        return None
    adapter = hasattr(model, "peft_config")
    options = StateDictOptions(full_state_dict=True, cpu_offload=True, ignore_frozen_params=adapter)
    weights = get_model_state_dict(model, options=options)
    # A tied weight has two names here, and would be written twice.
    once = {name for name, _ in model.named_parameters()}
    twice = {name for name, _ in model.named_parameters(remove_duplicate=False)} - once
    return {name: weight for name, weight in weights.items() if name not in twice}


def _gathered(value: Any) -> list[Any]:
    """The value of each process, in order of rank."""
    from torch import distributed

    if not (distributed.is_available() and distributed.is_initialized()):
        return [value]
    said: list[Any] = [None] * distributed.get_world_size()
    distributed.all_gather_object(said, value)
    return said


def _yaml(path: Path) -> Mapping[str, Any]:
    import yaml

    try:
        content = yaml.safe_load(path.read_text("utf-8"))
    except (OSError, ValueError, yaml.YAMLError):
        return {}
    return content if isinstance(content, dict) else {}


def _parent() -> list[str]:
    try:
        text = Path(f"/proc/{os.getppid()}/cmdline").read_text("utf-8", "replace")
    except OSError:
        return []
    return text.split("\0")
