"""The same command again goes on: which run a folder holds, whether it is this one, and from where.

A run is written in a hidden folder beside its place, with `plan.json`: all that decides its losses. A run
that was killed is found by its plan, goes on from its newest whole checkpoint, and is moved to its place
when it is done. A plan that differs is never mixed with what is there; each difference is named.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import shutil
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from sintonia import checkpoints, models
from sintonia.errors import Fault, InputError
from sintonia.launches import agreed
from sintonia.run_folders import Unfinished, is_main_process, say

PLAN = "plan.json"
LOCK = ".lock"
# Fields that a run may change half-way, because no loss depends on them.
# fmt: off
FREE = {
    "compare_after", "compare_prompts", "data", "dataloader_num_workers", "dataloader_pin_memory",
    "dataset_num_proc", "disable_tqdm", "doctor", "hub_always_push", "hub_model_id", "hub_private_repo",
    "hub_revision", "hub_strategy", "hub_token", "languages", "log_level", "log_level_replica",
    "log_on_each_node", "logging_dir", "logging_first_step", "logging_steps", "logging_strategy", "model",
    "model_name_or_path", "output_dir", "overwrite", "project", "push_to_hub", "report_to",
    "resume_from_checkpoint", "run_name", "save_steps", "save_strategy", "save_total_limit",
}
# fmt: on


def plan_of(
    model: Any, dataset: Iterable[Mapping[str, Any]], recipe: Mapping[str, Any], **facts: Any
) -> dict:
    """All that decides a run's losses: model, data, settings, and what else the caller knows.

    Args:
        model: as `load_model` takes it; of a folder the weights are read, and their checksum taken.
        dataset: what is trained on; its `input_ids` and `labels`, in order.
        recipe: resolved fields; those in `FREE` are left out.
        facts: plain values, such as `processes=2` or `versions={...}`.

    Explained in: lora.md#resume
    """
    digest = hashlib.sha256()
    for row in dataset:
        digest.update(json.dumps([row["input_ids"], row["labels"]]).encode())
    settings = {name: value for name, value in recipe.items() if name not in FREE}
    plan = {"model": _model(model), "data": digest.hexdigest(), "recipe": settings, **facts}
    return json.loads(json.dumps(plan, default=str, sort_keys=True))


def differences(there: Mapping[str, Any], wanted: Mapping[str, Any]) -> list[tuple[str, Any, Any]]:
    """Name, value there and value wanted of all that differs between two plans.

    Example:
        >>> differences({"recipe": {"seed": 1}}, {"recipe": {"seed": 2}})
        [('seed', 1, 2)]

    Explained in: lora.md#resume
    """
    found = []
    for name in sorted({*there, *wanted}):
        old, new = there.get(name), wanted.get(name)
        if isinstance(old, dict) and isinstance(new, dict):
            found += differences(old, new)
        elif old != new:
            found.append((name, old, new))
    return found


def unfinished_twin(parent: Path, plan: Mapping[str, Any]) -> Path | None:
    """The place of a run in `parent` that has this plan, is not finished, and that nobody is writing.

    It is how a command without `--output_dir`, which names a new folder each time, finds its own run.

    Explained in: lora.md#resume
    """
    for folder in sorted(parent.glob(".sft-*.unfinished"), reverse=True):
        there = _read_plan(folder)
        if there is None or _deciding(there, plan) or checkpoints.newest_whole(folder)[0] is None:
            continue
        with contextlib.suppress(BlockingIOError), _locked(folder):
            return parent / folder.name.removeprefix(".").removesuffix(".unfinished")
    return None


class Resumable(Unfinished):
    """An `Unfinished` that outlives a killed process.

    On entering, `checkpoint` is the newest whole one of the same plan, or `None`; damaged ones are named and
    removed. On leaving in good order the folder moves to its place. On an error it stays if there is
    something to go on from.

    Args:
        target: where the finished run will be.
        plan: as `plan_of` makes it.
        anew: forget an unfinished run of another plan, instead of refusing.
        keep: leave the checkpoints in the finished run.

    Raises:
        InputError: on entering: an unfinished run of another plan, or one that a process is writing now.

    Explained in: lora.md#resume
    """

    def __init__(
        self, target: Path, plan: Mapping[str, Any], *, anew: bool = False, keep: bool = False
    ) -> None:
        super().__init__(target)
        self.plan, self.anew, self.keep = plan, anew, keep
        self.checkpoint: Path | None = None
        self._lock = contextlib.ExitStack()

    def __enter__(self) -> Path:
        self.made_parent = not self.folder.parent.exists()
        if is_main_process():
            self._open()
        self.checkpoint = agreed(self.checkpoint)
        return self.folder

    def __exit__(self, kind: Any, *error: Any) -> None:
        with self._lock:
            if is_main_process():
                self._leave(kind, *error)

    def _leave(self, kind: Any, *error: Any) -> None:
        whole = kind is None and (self.folder / models.RUN_FILE).is_file()
        if not whole and checkpoints.newest_whole(self.folder)[0]:  # the same command goes on from there
            checkpoints.remove_unsealed(self.folder)  # a full disk can do without
            return
        super().__exit__(kind, *error)
        if whole:  # only now: until it has moved, a killed run is found by its plan and its checkpoints
            for checkpoint in [] if self.keep else checkpoints.numbered(self.target):
                shutil.rmtree(checkpoint, ignore_errors=True)
            for name in (LOCK, PLAN):
                (self.target / name).unlink(missing_ok=True)

    def left(self) -> str:
        """One sentence: what the same command would go on from."""
        checkpoint, _ = checkpoints.newest_whole(self.folder)
        if checkpoint is None:
            return "nothing was saved"
        return f"the same command goes on after step {checkpoints.step_of(checkpoint)} ({checkpoint})"

    def _open(self) -> None:
        there = _read_plan(self.folder)
        if there is not None:
            try:
                self._lock.enter_context(_locked(self.folder))
            except BlockingIOError:
                fix = "wait for it, or choose another --output_dir"
                found = "a run that another process is writing"
                raise InputError(Fault(str(self.folder), found, "one that is free", fix)) from None
            self.checkpoint = self._go_on(there)
        if self.checkpoint is None:
            self._lock.close()
            shutil.rmtree(self.folder, ignore_errors=True)
            try:
                self.folder.mkdir(parents=True)
            except OSError as error:
                raise InputError(Fault(str(self.target), str(error), "a folder to write in")) from None
            self._lock.enter_context(_locked(self.folder))
            checkpoints.write_json(self.folder / PLAN, self.plan)

    def _go_on(self, there: Mapping[str, Any]) -> Path | None:
        checkpoint, wrong = checkpoints.newest_whole(self.folder)
        if checkpoint is None and not wrong:
            return None
        differing = _deciding(there, self.plan)
        if differing and self.anew:
            return None
        if differing:
            fix = "give the same, pass --overwrite to begin anew, or choose another --output_dir"
            where = str(self.folder)
            raise InputError(
                [
                    Fault(where, f"an unfinished run with {name} {_short(old)}", _short(new), fix)
                    for name, old, new in differing
                ]
            )
        for name, old, new in differences(there.get("versions", {}), self.plan.get("versions", {})):
            say(f"warning: {name} was {old} when this run began and is {new}: losses may differ from one run")
        for fault in wrong:
            say(f"warning: {fault}")
        for damaged in checkpoints.numbered(self.folder):
            if checkpoint is None or checkpoints.step_of(damaged) > checkpoints.step_of(checkpoint):
                shutil.rmtree(damaged, ignore_errors=True)
        checkpoints.remove_unsealed(self.folder)  # older: it was being removed when the run was killed
        if checkpoint is None:
            say(f"no whole checkpoint in {self.folder}: beginning anew")
        else:
            say(f"going on after step {checkpoints.step_of(checkpoint)}: {checkpoint}")
        return checkpoint


def _deciding(there: Mapping[str, Any], wanted: Mapping[str, Any]) -> list[tuple[str, Any, Any]]:
    """Differences that make another run of it; other versions of libraries only may."""
    there, wanted = (
        {name: part for name, part in plan.items() if name != "versions"} for plan in (there, wanted)
    )
    return differences(there, wanted)


def _model(name: Any) -> dict[str, Any]:
    if models.is_embedded(name):
        return {"model": models.EMBEDDED, "weights": models.WEIGHTS_SHA256}
    folder = Path(str(name))
    if not folder.is_dir():
        return {"model": str(name)}
    weights = {path.name: checkpoints.sha256_of(path) for path in sorted(folder.glob("*.safetensors"))}
    return {"model": str(folder.resolve()), **weights}


def _read_plan(folder: Path) -> dict[str, Any] | None:
    try:
        plan = json.loads((folder / PLAN).read_text("utf-8"))
    except (OSError, ValueError):
        return None
    return plan if isinstance(plan, dict) else None


@contextlib.contextmanager
def _locked(folder: Path) -> Any:
    """Hold the folder's lock; the system lets go of it when the process dies, however it dies."""
    try:
        import fcntl
    except ImportError:  # Windows: no advisory locks of this kind; two runs at once are the user's care
        yield
        return
    with (folder / LOCK).open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield


def _short(value: Any) -> str:
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    if len(text) == 64 and set(text) <= set("0123456789abcdef"):
        return f"{text[:12]}..."
    return text if len(text) <= 60 else f"{text[:57]}..."
