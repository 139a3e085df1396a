"""Cells of a measured result: one training run with its answers each, run once and written down at once.

A cell is not run again while its settings stay the same, so a script that was stopped goes on where it
was. Answers are kept word for word; figures and intervals are made from them anew at each call.
"""

from __future__ import annotations

import argparse
import contextlib
import hashlib
import json
import os
import platform
import sys
import tempfile
import time
import warnings
from collections.abc import Callable
from importlib import metadata
from pathlib import Path
from typing import Any

from sintonia import models
from sintonia.answers import MAX_NEW_TOKENS
from sintonia.comparison import course_rows
from sintonia.evaluation import LANGUAGES
from sintonia.reports import json_ready

HERE = Path(__file__).resolve().parent
PACKAGES = ("torch", "transformers", "peft", "sintonia")
TINY = "tiny"
# What decides a cell, besides its own name; another machine or output folder does not.
DECIDE = ("model", "steps", "rows", "batch", "prompts", "max_new_tokens", "languages")


def options(
    description: str,
    results: str,
    argv: list[str],
    *,
    extra: Callable[[Any], None] | None = None,
    **defaults: Any,
) -> argparse.Namespace:
    """The flags that all scripts take, and those that `extra` adds to the parser.

    Args:
        results: name of the folder under `benchmarks/results/`.
        defaults: of this script, where they differ.
    """
    parser = argparse.ArgumentParser(description=description)
    whole = {"type": int, "metavar": "N"}
    parser.add_argument(
        "--model", default=models.EMBEDDED, help="embedded, tiny (to try the script), or a folder"
    )
    parser.add_argument("--steps", **whole, default=48, help="of training; 0 takes the recipe's epochs")
    parser.add_argument("--rows", **whole, default=0, help="training rows a language; 0 takes all")
    parser.add_argument("--batch", **whole, default=4, help="conversations a step")
    parser.add_argument("--seeds", **whole, nargs="+", default=[42, 43, 44])
    parser.add_argument("--prompts", **whole, default=10, help="test prompts a language; 0 takes all")
    parser.add_argument("--max-new-tokens", **whole, default=MAX_NEW_TOKENS)
    parser.add_argument("--languages", nargs="+", default=list(LANGUAGES), choices=LANGUAGES)
    parser.add_argument("--threads", **whole, default=0, help="of torch; 0 leaves it the choice")
    parser.add_argument("--out", type=Path, default=HERE / "results" / results)
    parser.add_argument("--anew", action="store_true", help="forget cells that had other settings")
    if extra:
        extra(parser)
    parser.set_defaults(**defaults)
    chosen = parser.parse_args(argv)
    if chosen.model == TINY and chosen.out == parser.get_default("out"):
        chosen.out = Path(tempfile.gettempdir()) / "sintonia-tiny" / results  # nonsense is no result
    chosen.script = f"benchmarks/{results.replace('-', '_')}.py"
    chosen.given = argv
    return chosen


def be_nice(chosen: argparse.Namespace) -> None:
    """Give way to whatever else runs on the machine, and say only what is of use."""
    import torch

    warnings.simplefilter("ignore", FutureWarning)  # what the libraries will rename one day

    with contextlib.suppress(OSError):
        os.nice(10)
    if chosen.threads:
        torch.set_num_threads(chosen.threads)


class Cells:
    """The finished cells of one script, in `results.json`.

    Args:
        chosen: as `options` returns them.
        decide: further flags of the script that decide what a cell is.
    """

    def __init__(self, chosen: argparse.Namespace, *decide: str) -> None:
        self.path = chosen.out / "results.json"
        self.settings = {name: getattr(chosen, name) for name in (*DECIDE, *decide)}
        self.settings |= {"data_sha256": data_checksum()}
        self.command = f"python {chosen.script} {' '.join(chosen.given)}".strip()
        self.used: list[str] = []
        self.done: dict[str, Any] = {}
        with contextlib.suppress(OSError, ValueError):
            self.done = json.loads(self.path.read_text("utf-8"))["cells"]
        others = [name for name, cell in self.done.items() if cell["settings"] != self.settings]
        if others and not chosen.anew:
            fix = "pass --out another folder, or --anew to lose them"
            sys.exit(f"{self.path}: found {len(others)} cells of other settings; expected none; {fix}")
        self.done = {name: cell for name, cell in self.done.items() if name not in others}

    def run(
        self, name: str, work: Callable[[], dict[str, Any]], same: tuple[str, str] | None = None
    ) -> dict[str, Any]:
        """The result of a cell: the recorded one, or that of `work`, recorded.

        Args:
            same: folder and name of another script's cell that is the same run; taken over if it is there.
        """
        self.used.append(name)
        if name in self.done:
            print(f"{name}: there already", flush=True)
            return self.done[name]
        if same and (found := self._elsewhere(*same)):
            print(f"{name}: taken from {same[0]}, {same[1]}", flush=True)
            self.done[name] = {**found, "taken_from": list(same)}
            self.write()
            return self.done[name]
        print(f"{name}: running", flush=True)
        wall, cpu = time.monotonic(), time.process_time()
        result = {"settings": self.settings, **json_ready(work())}
        result["seconds"] = round(time.monotonic() - wall, 1)
        result["cpu_seconds"] = round(time.process_time() - cpu, 1)
        result["load"] = round(os.getloadavg()[0], 1)
        self.done[name] = result
        self.write()
        print(f"{name}: {result['seconds']:.0f} s, {result['cpu_seconds']:.0f} CPU-seconds", flush=True)
        return result

    def _elsewhere(self, folder: str, name: str) -> dict[str, Any] | None:
        with contextlib.suppress(OSError, ValueError, KeyError):
            cell = json.loads((self.path.parents[1] / folder / "results.json").read_text("utf-8"))["cells"][
                name
            ]
            return cell if cell["settings"] == self.settings else None
        return None

    def write(self) -> None:
        """Put the finished cells down, in place of what was there: one line an entry of a cell."""
        cells = []
        for name, cell in self.done.items():
            parts = [f"  {json.dumps(key)}: {_json(part)}" for key, part in cell.items()]
            cells.append(f"{json.dumps(name)}: {{\n" + ",\n".join(parts) + "\n}")
        head = {"command": self.command, "conditions": conditions()}
        lines = [f"{json.dumps(key)}: {_json(value)}" for key, value in head.items()]
        text = "{\n" + ",\n".join(lines) + ',\n"cells": {\n' + ",\n".join(cells) + "\n}\n}\n"
        put(self.path, text)


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, allow_nan=False)


def put(path: Path, text: str) -> None:
    """Write a file whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(f".{path.name}.unfinished")
    unfinished.write_text(text, encoding="utf-8")
    unfinished.replace(path)


def conditions() -> dict[str, Any]:
    """What has to be known to read the figures."""
    import torch

    versions = {}
    for package in PACKAGES:
        with contextlib.suppress(metadata.PackageNotFoundError):
            versions[package] = metadata.version(package)
    kind = torch.cuda.get_device_name() if torch.cuda.is_available() else "CPU"
    return {
        "machine": f"{platform.machine()}, {os.cpu_count()} cores, {kind}, {torch.get_num_threads()} threads",
        "python": platform.python_version(),
        **versions,
    }


def data_checksum() -> str:
    """Of the course's rows: other data make another cell."""
    digest = hashlib.sha256()
    for split in ("train", "test"):
        digest.update(json.dumps(course_rows(split), ensure_ascii=False, sort_keys=True).encode())
    return digest.hexdigest()[:16]
