"""Checkpoints that are whole or not taken: a manifest is written last, and the newest whole one is found.

The trainer of transformers goes on from the folder with the highest number, whatever is in it: a zeroed tail
trains on, a missing optimizer starts the schedule again (`benchmarks/results/resume`). A checkpoint here
carries `manifest.json`, the size and SHA-256 of each of its files. Without one it was never finished.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
from pathlib import Path
from typing import Any

from sintonia.errors import Fault

MANIFEST = "manifest.json"
_NAME = re.compile(r"checkpoint-(\d+)")


def seal(checkpoint: Path) -> None:
    """Write the manifest of a checkpoint whose files are all there.

    Args:
        checkpoint: a folder; nothing may write to it any more.

    Raises:
        OSError: a file cannot be read, or the disk is full; then there is no manifest.

    Example:
        >>> import tempfile
        >>> folder = Path(tempfile.mkdtemp())
        >>> _ = (folder / "optimizer.pt").write_bytes(b"moments")
        >>> seal(folder)
        >>> flaws(folder)
        []

    Explained in: lora.md#resume
    """
    files = {}
    for path in _files(checkpoint):
        with path.open("rb") as file:
            os.fsync(file.fileno())  # a manifest must not reach the disk before what it vouches for
        files[path.relative_to(checkpoint).as_posix()] = _facts(path)
    write_json(checkpoint / MANIFEST, {"files": files})


def flaws(checkpoint: Path) -> list[Fault]:
    """What differs between a checkpoint and its manifest; nothing where it is whole.

    Explained in: lora.md#resume
    """
    manifest = checkpoint / MANIFEST
    try:
        files = json.loads(manifest.read_text("utf-8"))["files"]
        expected = {str(name): (int(facts["bytes"]), str(facts["sha256"])) for name, facts in files.items()}
    except FileNotFoundError:
        return [Fault(str(checkpoint), f"no {MANIFEST}", "one: it is written last")]
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return [Fault(str(manifest), "no list of files", "sizes and checksums as JSON")]
    found = []
    for name, (size, digest) in expected.items():
        path = checkpoint / name
        if not path.resolve().is_relative_to(checkpoint.resolve()):
            found.append(Fault(str(manifest), f"the file {name!r}", "files of this folder"))
        elif not path.is_file():
            found.append(Fault(str(path), "no such file", f"{size:,} bytes"))
        elif path.stat().st_size != size:
            found.append(Fault(str(path), f"{path.stat().st_size:,} bytes", f"{size:,}"))
        elif _facts(path)["sha256"] != digest:
            found.append(Fault(str(path), "other content of the same size", f"SHA-256 {digest[:12]}..."))
    return found


def newest_whole(folder: Path) -> tuple[Path | None, list[Fault]]:
    """The latest checkpoint in which nothing is damaged, and what is wrong with later ones.

    Args:
        folder: where `checkpoint-10`, `checkpoint-20` and so on are.

    Explained in: lora.md#resume
    """
    wrong: list[Fault] = []
    for checkpoint in reversed(numbered(folder)):
        found = flaws(checkpoint)
        if not found:
            return checkpoint, wrong
        wrong += found
    return None, wrong


def numbered(folder: Path) -> list[Path]:
    """The checkpoints in a folder, by step; whole or not.

    Explained in: lora.md#resume
    """
    found = [path for path in folder.glob("checkpoint-*") if _NAME.fullmatch(path.name) and path.is_dir()]
    return sorted(found, key=step_of)


def step_of(checkpoint: Path) -> int:
    """The number of updates that a checkpoint holds, by its name.

    Example:
        >>> step_of(Path("runs/pt/checkpoint-120"))
        120

    Explained in: lora.md#resume
    """
    return int(_NAME.fullmatch(checkpoint.name)[1])


def keep_newest(folder: Path, limit: int | None) -> None:
    """Remove checkpoints until at most `limit` whole ones are left, the oldest first.

    Those that are not sealed do not count: the newest may be one that is being written.

    Explained in: lora.md#resume
    """
    whole = [checkpoint for checkpoint in numbered(folder) if (checkpoint / MANIFEST).is_file()]
    for checkpoint in whole[: -limit or None] if limit else []:
        (checkpoint / MANIFEST).unlink(missing_ok=True)  # first, so that half a folder never looks whole
        shutil.rmtree(checkpoint, ignore_errors=True)


def remove_unsealed(folder: Path) -> None:
    """Remove checkpoints without a manifest: half-written, or half-removed.

    Explained in: lora.md#resume
    """
    for checkpoint in numbered(folder):
        if not (checkpoint / MANIFEST).is_file():
            shutil.rmtree(checkpoint, ignore_errors=True)


def write_json(path: Path, content: Any) -> None:
    """Write JSON so that the file is there whole or not at all, even if the power fails.

    Explained in: lora.md#resume
    """
    part = path.with_name(f".{path.name}.part")
    try:
        with part.open("w", encoding="utf-8") as file:
            json.dump(content, file, ensure_ascii=False, indent=1)
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
    except OSError:
        part.unlink(missing_ok=True)
        raise


def sha256_of(path: Path) -> str:
    """The SHA-256 of a file, in hexadecimal.

    Explained in: lora.md#resume
    """
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file() and path.name != MANIFEST)


def _facts(path: Path) -> dict[str, Any]:
    return {"bytes": path.stat().st_size, "sha256": sha256_of(path)}
