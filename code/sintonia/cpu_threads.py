"""How many threads compute on a CPU, and how they wait for each other.

PyTorch's threads meet hundreds of times in a training step. GNU OpenMP lets whoever arrives first spin on
its core; where another program wants that core, the last thread gets there late and all wait longer.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, MutableMapping
from pathlib import Path

WAITING = ("OMP_WAIT_POLICY", "GOMP_SPINCOUNT", "KMP_BLOCKTIME")
BUSY = 0.5  # of the cores wanted by others: from there on the spinning costs more than it saves
_THREADS = "OMP_NUM_THREADS"
_OF_LAUNCHERS = ("LOCAL_WORLD_SIZE", "ACCELERATE_MIXED_PRECISION")  # torchrun's, accelerate's


def wait_asleep(
    environment: MutableMapping[str, str] = os.environ, load: float | None = None, cores: int | None = None
) -> None:
    """Where the cores are busy already, have OpenMP's threads sleep while they wait for each other.

    Somebody who has said how they shall wait is heard. Only before torch is imported: OpenMP reads the
    environment when it is loaded.

    Args:
        load: programs that want a core, as the system counts them over the last minute; asked if left out.

    Example:
        >>> busy, free, said = {}, {}, {"GOMP_SPINCOUNT": "1000"}
        >>> for environment, load in ((busy, 2.1), (free, 0.2), (said, 2.1)):
        ...     wait_asleep(environment, load, cores=2)
        >>> busy, free, said
        ({'OMP_WAIT_POLICY': 'passive'}, {}, {'GOMP_SPINCOUNT': '1000'})

    Explained in: sft.md#defaults
    """
    if load is None:
        load = os.getloadavg()[0] if hasattr(os, "getloadavg") else 0.0
    # Forward and backward of the embedded model on 48 tokens, two threads on two cores. Beside two programs
    # that compute: 1.8 s asleep, not one step in 45 s spinning. With priority over them, as if alone:
    # some 0.55 against 0.51 s, so it is not done there. (torch 2.13, libgomp; medians of 5 and 8 steps)
    busy = load >= BUSY * (cores or usable_cores())
    if busy and not any(name in environment for name in WAITING):
        environment["OMP_WAIT_POLICY"] = "passive"


def threads(
    processes: int = 1,
    *,
    cores: int | None = None,
    environment: Mapping[str, str] = os.environ,
    launcher: Mapping[str, str] | None = None,
) -> int:
    """Threads for each process of this machine: its share of the cores, or what the user has said.

    accelerate and torchrun put OMP_NUM_THREADS=1 in front of every process that nobody gave a number; that
    is theirs, not the user's, and leaves cores idle.

    Args:
        processes: how many there are, where no launcher says how many are on this machine.
        cores: those that this process may use; counted if left out.
        launcher: the environment that the launcher was started in; read from the system if left out.

    Example:
        >>> threads(2, cores=8, environment={}), threads(cores=8, environment={"OMP_NUM_THREADS": "3"})
        (4, 3)
        >>> launched = {"OMP_NUM_THREADS": "1", "LOCAL_WORLD_SIZE": "2"}
        >>> threads(cores=8, environment=launched, launcher={})
        4
        >>> threads(cores=8, environment=launched, launcher={"OMP_NUM_THREADS": "1"})
        1

    Explained in: lora.md#several-gpus
    """
    said = environment.get(_THREADS, "").split(",")[0].strip()
    if said.isdigit() and int(said) > 0:
        launched = any(name in environment for name in _OF_LAUNCHERS)
        above = launcher if launcher is not None else _environment_above() if launched else {}
        if said != "1" or not launched or _THREADS in above:
            return int(said)
    here = environment.get("LOCAL_WORLD_SIZE", "")
    return max(1, (cores or usable_cores()) // (int(here) if here.isdigit() and int(here) else processes))


def usable_cores() -> int:
    """The cores that this process may run on, which a container or `taskset` can make fewer.

    Explained in: lora.md#several-gpus
    """
    affinity = getattr(os, "sched_getaffinity", None)  # Linux only
    return len(affinity(0)) if affinity else os.cpu_count() or 1


def _environment_above() -> dict[str, str]:
    """The environment that the parent was started in; empty where the system does not tell."""
    try:
        text = Path(f"/proc/{os.getppid()}/environ").read_text("utf-8", "replace")
    except OSError:
        return {}
    return dict(line.split("=", 1) for line in text.split("\0") if "=" in line)
