"""What lies in a model's folder, looked at before anything opens it: safetensors, whole, and nothing else.

A pickle is a program that runs when it is opened. safetensors is a list of numbers, so it is the one
form that is read here.
"""

from __future__ import annotations

import json
from pathlib import Path

from sintonia.errors import Fault, InputError

INDEX = "model.safetensors.index.json"
ADAPTER = "adapter_model.safetensors"
_PICKLED = ("*.bin", "*.pt", "*.pth", "*.ckpt", "*.pkl")
_NOT_WEIGHTS = {"training_args.bin", "optimizer.pt", "scheduler.pt", "optimizer.bin"}
_POINTER = b"version https://git-lfs.github.com/spec/"


def check_weights(folder: Path) -> None:
    """Refuse a folder whose weights are absent, pickled, in part elsewhere, or only in part there.

    Raises:
        InputError: says which, and what can be done.

    Example:
        >>> import tempfile
        >>> folder = Path(tempfile.mkdtemp())
        >>> _ = (folder / "model.safetensors").write_bytes(b"...")
        >>> check_weights(folder)

    Explained in: chat-templates.md#run-it
    """
    adapter = (folder / "adapter_config.json").is_file()
    weights = [folder / ADAPTER] if adapter else sorted(folder.glob("*.safetensors"))
    weights = [path for path in weights if path.is_file()]
    if not weights:
        raise InputError(_nothing(folder, adapter))
    if not adapter:
        _check_index(folder)
    for path in weights:
        with path.open("rb") as stream:
            if stream.read(len(_POINTER)) == _POINTER:
                fault = Fault(str(path), "a Git LFS pointer", "the weights themselves", "git lfs pull")
                raise InputError(fault)


def _nothing(folder: Path, adapter: bool) -> Fault:
    wanted = ADAPTER if adapter else "a *.safetensors file"
    pickled = sorted(
        path.name
        for pattern in _PICKLED
        for path in folder.glob(pattern)
        if path.name not in _NOT_WEIGHTS and not path.name.startswith("rng_state")
    )
    if pickled:
        fix = "opening a pickle can run any program, so have its author save it as safetensors"
        found = f"only pickled weights ({', '.join(pickled[:3])}{', ...' if len(pickled) > 3 else ''})"
        return Fault(str(folder), found, wanted, fix)
    if list(folder.rglob("*.incomplete")):
        fix = "give the command that downloads it again; it goes on where it stopped"
        return Fault(str(folder), "a download that stopped half-way", wanted, fix)
    return Fault(str(folder), "no weights", wanted, "pass the folder that `sintonia sft` wrote, or a hub id")


def _check_index(folder: Path) -> None:
    """Every file that the index names is there, and lies in the folder itself."""
    index = folder / INDEX
    if not index.is_file() or (folder / "model.safetensors").is_file():
        return
    try:
        named = sorted({str(name) for name in json.loads(index.read_text("utf-8"))["weight_map"].values()})
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        raise InputError(Fault(str(index), "no list of weight files", "JSON with `weight_map`")) from None
    outside = [name for name in named if name in ("", ".", "..") or "/" in name or "\\" in name]
    if outside:
        raise InputError(Fault(str(index), f"the file {outside[0]!r}", "names of files in the same folder"))
    missing = [name for name in named if not (folder / name).is_file()]
    if missing:
        found = f"{len(missing)} of {len(named)} weight files missing ({missing[0]})"
        fix = "give the command that downloads it again; it goes on where it stopped"
        raise InputError(Fault(str(folder), found, "all of them", fix))
