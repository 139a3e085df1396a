"""The folder that a run leaves behind: whole or not at all, with everything that explains it.

In it: the adapter or the weights, the tokenizer with its template, `recipe.yaml` (every resolved field),
`run.json` (figures, seed, versions, machine, time), a model card, and the report before and after.
"""

from __future__ import annotations

import contextlib
import dataclasses
import json
import os
import platform
import shutil
from datetime import datetime
from importlib import metadata
from pathlib import Path
from typing import Any

from sintonia import models
from sintonia.comparison import Comparison
from sintonia.errors import Fault, InputError
from sintonia.reports import json_ready, to_markdown, write_report
from sintonia.run_comparisons import label

_RECORDED = ("sintonia", "torch", "transformers", "trl", "peft", "datasets", "accelerate")


def output_folder(given: str | None, overwrite: bool = False) -> Path:
    """The folder that a run is to write, a new one under `runs/` if none is given.

    Raises:
        InputError: something is there already, and `overwrite` does not say to replace it.

    Example:
        >>> output_folder("runs/portuguese").name
        'portuguese'

    Explained in: masks.md#run-it
    """
    if not given or given == "trainer_output":  # what TRL fills in when nobody said
        given = f"runs/sft-{datetime.now():%Y%m%d-%H%M%S}"
    target = Path(given)
    if target.exists() and not overwrite and (target.is_file() or any(target.iterdir())):
        fix = "choose another --output_dir, or pass --overwrite"
        found = "a run that is done" if _is_run(target) else "a folder that is not empty"
        raise InputError(Fault(str(target), found, "a new one", fix))
    if target.is_file() or (target.is_dir() and any(target.iterdir()) and not _is_run(target)):
        # --overwrite removes the whole folder; what is not a run was not ours to remove.
        fix = "choose another --output_dir, or remove it yourself"
        raise InputError(Fault(str(target), f"no {models.RUN_FILE} in it", "a run, or a new folder", fix))
    return target


def _is_run(folder: Path) -> bool:
    return (folder / models.RUN_FILE).is_file()


class Unfinished:
    """A folder to write in, moved to `target` when all went well and removed when not.

    Explained in: masks.md#run-it
    """

    def __init__(self, target: Path) -> None:
        self.target = target
        self.folder = target.with_name(f".{target.name}.unfinished")

    def __enter__(self) -> Path:
        self.made_parent = not self.folder.parent.exists()
        if not is_main_process():
            return self.folder
        shutil.rmtree(self.folder, ignore_errors=True)  # of a run that was killed
        try:
            self.folder.mkdir(parents=True)
        except OSError as error:
            raise InputError(Fault(str(self.target), str(error), "a folder to write in")) from None
        return self.folder

    def __exit__(self, kind: Any, *_: Any) -> None:
        if not is_main_process():
            return
        if kind is None and (self.folder / models.RUN_FILE).is_file():
            replaced = self.target.with_name(f".{self.target.name}.replaced")
            shutil.rmtree(replaced, ignore_errors=True)  # of a run that was killed here
            if self.target.exists():
                self.target.rename(replaced)  # not removed: half a run in its place would be nobody's
            self.folder.rename(self.target)
            shutil.rmtree(replaced, ignore_errors=True)
        else:
            shutil.rmtree(self.folder, ignore_errors=True)
            if self.made_parent:
                with contextlib.suppress(OSError):
                    self.folder.parent.rmdir()


def is_main_process() -> bool:
    """Of several processes one speaks and writes; launchers number them in RANK.

    Explained in: masks.md#run-it
    """
    return os.environ.get("RANK", "0") == "0"


def say(line: str) -> None:
    """Print a line, once for all processes.

    Explained in: masks.md#run-it
    """
    if is_main_process():
        print(line, flush=True)


def describe_run(name: str | None, config: Any, state: Any, **facts: Any) -> dict[str, Any]:
    """What `run.json` says: the model, the facts given, losses, seed, machine and versions.

    Args:
        name: the model, as `load_model` takes it.
        config: the SFTConfig, for its seed.
        state: the trainer's state, for the losses it logged.

    Explained in: masks.md#run-it
    """
    embedded = models.is_embedded(name)
    losses = [[log["step"], log["loss"]] for log in state.log_history if "loss" in log]
    return {
        "model": models.EMBEDDED if embedded else str(name),
        "weights_sha256": models.WEIGHTS_SHA256 if embedded else None,
        "train_loss": _mean(losses),
        **facts,
        "seed": config.seed,
        "losses": losses,
        "python": platform.python_version(),
        "machine": f"{platform.machine()}, {os.cpu_count()} cores, {_device()}",
        "versions": versions(),
    }


def versions() -> dict[str, str | None]:
    """The installed versions of the packages that decide what a run does.

    Explained in: masks.md#run-it
    """
    return {package: _version(package) for package in _RECORDED}


def _mean(losses: list[list[float]]) -> float | None:
    """The mean over all steps of losses that are each the mean of the steps since the one before."""
    before, total = 0, 0.0
    for step, loss in losses:
        before, total = step, total + loss * (step - before)
    return total / before if before else None


def _device() -> str:
    import torch

    return torch.cuda.get_device_name() if torch.cuda.is_available() else "CPU"


def _version(package: str) -> str | None:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return None


def save_run(
    folder: Path,
    model: Any,
    tokenizer: Any,
    record: dict[str, Any],
    comparison: Comparison | None,
    *parsed: Any,
    weights: dict[str, Any] | None = None,
) -> None:
    """Write everything that a run leaves; `run.json` last, so that its presence means the rest is there.

    Args:
        record: as `describe_run` returns it.
        parsed: the dataclasses whose fields make up `recipe.yaml`.
        weights: of a model of which this process holds only a part, as `whole_weights` returns them.

    Explained in: masks.md#run-it
    """
    import yaml

    if record["model"] == models.EMBEDDED and hasattr(model, "peft_config"):
        # The cache folder is this machine's; the hub id is where others find the same model.
        for adapter in model.peft_config.values():
            adapter.base_model_name_or_path = models.EMBEDDED_HUB_ID
    model.save_pretrained(folder, state_dict=weights)
    tokenizer.save_pretrained(folder)
    resolved = {}
    for part in parsed:
        fields = {item.name: getattr(part, item.name) for item in dataclasses.fields(part)}
        resolved |= {key: _plain(value) for key, value in fields.items()}
    resolved.pop("output_dir")
    (folder / "recipe.yaml").write_text(
        yaml.safe_dump(resolved, sort_keys=True, allow_unicode=True), encoding="utf-8"
    )
    if comparison:
        write_report(comparison, folder / "report.html")
        write_report(comparison, folder / "report.md")
        record["scores"] = {
            lang: [dataclasses.asdict(scores) for scores in pair] for lang, pair in comparison.scores.items()
        }
        record["changes"] = {
            lang: {name: dataclasses.asdict(change) for name, change in found.items()}
            for lang, found in comparison.changes.items()
        }
    (folder / "README.md").write_text(_model_card(record, comparison), encoding="utf-8")
    text = json.dumps(json_ready(record), ensure_ascii=False, indent=2, allow_nan=False) + "\n"
    (folder / models.RUN_FILE).write_text(text, encoding="utf-8")


def _model_card(record: dict[str, Any], comparison: Comparison | None) -> str:
    """The run's card: peft's own is an empty form that names a folder of this machine."""
    embedded = record["model"] == models.EMBEDDED
    base = models.EMBEDDED_HUB_ID if embedded else label(record["model"])
    front = ["---", f"base_model: {json.dumps(base)}", "tags: [sft, sintonia]", "---", ""]
    if embedded:
        front += [f"Trained on 4-bit rounded weights of `{base}` ({models.WEIGHTS_PACKAGE}).", ""]
    elif base.startswith(models.SMALL_BASE):
        front += ["Trained on the base that `sintonia loop --model scratch` makes of the course's text.", ""]
    if comparison:
        return "\n".join(front) + "\n" + to_markdown(comparison)
    return "\n".join([*front, f"- data: {record['data']}", f"- seed: {record['seed']}", ""])


def _plain(value: Any) -> Any:
    """A value as YAML holds it; enums by value, anything else by its text."""
    if isinstance(value, (str, int, float, bool, type(None))) and type(value).__module__ == "builtins":
        return value
    if dataclasses.is_dataclass(value):
        return _plain(dataclasses.asdict(value))
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    if isinstance(value, dict):
        return {str(key): _plain(item) for key, item in value.items()}
    return _plain(getattr(value, "value", str(value)))
