"""Runs compared with the base that they started from: one model in memory at a time, or one for both.

A base under a LoRA adapter is asked through the tuned model, its adapter switched off, and what it said is
kept for the next comparison.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from sintonia import models
from sintonia.answers import MAX_NEW_TOKENS, Answer, ask, base_of_adapter, has_base
from sintonia.comparison import Comparison, check_rows, facts_of_runs, set_side_by_side
from sintonia.errors import Fault, InputError


def compare_folders(
    folders: Sequence[str | Path],
    rows: list[dict[str, Any]],
    *,
    base: str | None = None,
    chat_template: str | None = None,
    max_new_tokens: int = MAX_NEW_TOKENS,
    on_batch: Callable[[int], None] | None = None,
) -> Comparison:
    """Compare the runs of one recipe, which differ in their seed, with their base.

    Args:
        folders: as `sintonia sft` writes them; one or more.
        rows: prompts with references.
        base: a name for `load_model`; `None` takes what the runs say that they were trained on.
        on_batch: called with the number of replies just made, of as many a model as there are rows.

    Raises:
        InputError: no rows, a folder that is none, runs of different bases, a model that cannot be loaded.

    Explained in: masks.md#run-it
    """
    check_rows(rows)
    for folder in folders:
        if not Path(folder).is_dir():
            raise InputError(Fault(str(folder), "no such folder", "the folder that `sintonia sft` wrote"))
    name = base or base_of_runs(folders)
    options = {"chat_template": chat_template, "max_new_tokens": max_new_tokens, "on_batch": on_batch}
    before, tuned = None, []
    for folder in folders:
        model = models.load_model(folder)
        if before is None:
            own = base is None or str(base) == str(_said_base(folder))
            tokenizer = models.load_tokenizer(name)
            before = base_answers(name, tokenizer, rows, tuned=model if own else None, **options)
        tuned.append((Path(folder).name, ask(model, models.load_tokenizer(folder), rows, **options)))
        del model  # before the next one comes
    return set_side_by_side(
        rows, (label(name), before), tuned, max_new_tokens=max_new_tokens, **facts_of_runs(folders)
    )


def base_answers(
    name: str | Path | None,
    tokenizer: Any,
    rows: list[dict[str, Any]],
    *,
    tuned: Any = None,
    **options: Any,
) -> list[Answer]:
    """What the base says, kept from an earlier comparison where it can be.

    Args:
        name: of the base, for `load_model`.
        tuned: a model that was tuned from it; asked with its adapter off where that is exactly the base.
        options: of `ask`.

    Explained in: masks.md#run-it
    """
    if tuned is not None and has_base(tuned):
        with base_of_adapter(tuned) as model:
            return ask(model, tokenizer, rows, keep=True, **options)
    model = models.load_model(name)
    if tuned is not None:
        model = model.to(tuned.device)
    return ask(model, tokenizer, rows, keep=True, **options)


def compare_run(
    name: str | Path | None, model: Any, tokenizer: Any, rows: list[dict[str, Any]], record: Mapping[str, Any]
) -> Comparison:
    """Compare a model that was just tuned with its base, under a progress bar.

    Args:
        name: of the base, for `load_model`.
        tokenizer: its template is what both are asked in.
        record: what `run.json` says of the run, as `describe_run` returns it.

    Explained in: masks.md#run-it
    """
    from tqdm import tqdm

    provenance = {
        "data": f"{record['data']}, {record['conversations']} conversations",
        "seed": str(record["seed"]),
        "machine": record["machine"],
        **{package: version for package, version in record["versions"].items() if version},
    }
    with tqdm(total=2 * len(rows), desc="replies", dynamic_ncols=True) as bar:
        before = base_answers(name, tokenizer, rows, tuned=model, on_batch=bar.update)
        tuned = (f"{label(name)}, tuned", ask(model, tokenizer, rows, on_batch=bar.update))
    losses = [(step, loss) for step, loss in record["losses"]]
    return set_side_by_side(rows, (label(name), before), [tuned], losses=losses, provenance=provenance)


def base_of_runs(folders: Sequence[str | Path]) -> str | None:
    """The base that all runs say they were trained on.

    Raises:
        InputError: a run that does not say, or runs that say different ones.

    Explained in: masks.md#run-it
    """
    names = [models.base_of(folder) for folder in folders]
    for folder, name in zip(folders, names, strict=True):
        if str(name) != str(names[0]):
            fix = "compare runs of different bases one by one"
            raise InputError(Fault(str(folder), f"the base {name}", f"{names[0]}, as before it", fix))
    return names[0]


def label(name: str | Path | None) -> str:
    """A model's name as a person calls it; the bases that the course makes by their folder's name alone.

    Example:
        >>> label("embedded"), label("org/model"), label("/home/ana/.cache/sintonia/small-base-0f3c")
        ('SmolLM2-135M-Instruct', 'org/model', 'small-base-0f3c')

    Explained in: masks.md#run-it
    """
    if models.is_embedded(name):
        return models.EMBEDDED_NAME
    made_here = Path(name).name.startswith(models.SMALL_BASE)
    return Path(name).name if made_here else str(name)


def _said_base(folder: str | Path) -> str | None:
    try:
        return models.base_of(folder)
    except InputError:
        return None
