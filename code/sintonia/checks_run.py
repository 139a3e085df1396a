"""Checks of a run before it starts (R01 to R12): recipe, tokenizer, model and machine together.

A recipe may be one of `sintonia sft` or one of plain TRL; what they do by default differs, so each
check knows which it looks at. Nothing here loads weights, and nothing is fetched from a network.
"""

from __future__ import annotations

import difflib
from collections.abc import Collection, Iterator, Mapping
from typing import Any

from sintonia import estimates
from sintonia.errors import InputError
from sintonia.findings import Observation, Tally
from sintonia.row_encoding import RowEncoder
from sintonia.run_facts import Model, known_fields, read_model, tensor_shapes

FULL_RATES, LORA_RATES = (1e-6, 1e-4), (3e-5, 3e-3)
FEW_STEPS = 10
_MASK_BY_ID = ("DataCollatorForLanguageModeling", "DataCollatorForSeq2Seq")
_RENAMED = {
    "evaluation_strategy": "eval_strategy",
    "max_seq_length": "max_length",
    "group_by_length": "train_sampling_strategy: group_by_length",
    "warmup_ratio": "warmup_steps: 0.05",
    "use_mps_device": "use_cpu: false",
    "no_cuda": "use_cpu: true",
    "model_name": "model_name_or_path",
    "num_epochs": "num_train_epochs",
    "epochs": "num_train_epochs",
    "batch_size": "per_device_train_batch_size",
    "lr": "learning_rate",
}


def check_tokenizer(
    tokens: Mapping[str, Any],
    stop: str | None,
    model: Model,
    recipe: Mapping[str, Any] | None,
    *,
    own: bool = False,
) -> Iterator[Observation]:
    """R01, R07, R08: whether tokenizer, template and model mean the same tokens.

    Args:
        tokens: `pad`, `eos` (text or None), `ids` (text -> id) and `size` (highest id + 1).
        stop: the template's end-of-turn token, where it is one token.
        model: as `read_model` gives it.
        recipe: the run's fields, if there is a recipe.
        own: the run is one of `sintonia sft`, whose collator masks by position.

    Explained in: doctor.md#run
    """
    recipe = recipe or {}
    ids = tokens["ids"]
    pad = recipe.get("pad_token") or tokens["pad"] or tokens["eos"]
    collator = recipe.get("data_collator")
    by_id = collator in _MASK_BY_ID
    if pad is not None and pad == (stop or tokens["eos"]) and (by_id or not own):
        marks = (token for token in sorted(ids, key=ids.get) if token[:1] + token[-1:] in ("<>", "[]"))
        other = next((token for token in marks if len(token) > 4 and token not in (pad, stop)), "<|pad|>")
        data = {"token": pad, "id": ids.get(pad), "collator": collator, "other": other}
        yield Observation("R01", data, [], "by_id" if by_id else None, milder=not by_id)
    vocabulary = model.config.get("vocab_size")
    if vocabulary and tokens["size"] > vocabulary:
        data = {"highest": tokens["size"] - 1, "vocab": vocabulary, "size": tokens["size"]}
        yield Observation("R07", data)
    eos = recipe.get("eos_token")
    if stop in ids and not eos:
        source, stops = _stops(model, tokens)
        if stops and ids[stop] not in stops:
            names = {number: text for text, number in ids.items()}
            shown = ", ".join(f"{names.get(number, '?')} ({number})" for number in stops)
            yield Observation("R08", {"stop": stop, "id": ids[stop], "source": source, "stops": shown})


def check_recipe(
    recipe: Mapping[str, Any],
    model: Model,
    machine: estimates.Machine,
    *,
    rows: int,
    longest: int | None,
    supervised: float = 0.5,
    own: bool = False,
) -> Iterator[Observation]:
    """R02, R04, R05, R09, R11: the fields of the recipe, for this model on this machine.

    Args:
        rows: conversations in the data.
        longest: tokens of the longest of them, after cutting; `None` where that is not known.
        supervised: share of the tokens that are supervised.
        own: the run is one of `sintonia sft`, which chooses precision and checkpointing itself.

    Explained in: doctor.md#run
    """
    yield from _fields(recipe)
    if not own or recipe.get("bf16"):
        yield from _precision(recipe, machine)
    lora = bool(recipe.get("use_peft"))
    rate = recipe.get("learning_rate")
    low, high = LORA_RATES if lora else FULL_RATES
    scratch = recipe.get("model") == "scratch"  # nothing has been learned that a high rate could undo
    if isinstance(rate, (int, float)) and not scratch and not low <= rate <= high:
        said = {"method": "LoRA" if lora else "full", "low": _short(low), "high": _short(high)}
        yield Observation("R04", {"rate": f"{rate:g}", **said, "suggested": "2e-4" if lora else "2e-5"})
    if longest:
        yield from _memory(recipe, model, machine, longest, supervised, own)
    if rows:
        yield from _steps(recipe, rows)


def check_flags(
    recipe: Mapping[str, Any], shape: str, inner_answers: bool, file: str, *, own: bool = False
) -> Iterator[Observation]:
    """R10: what the flags of the loss do on rows of this shape.

    Args:
        shape: the format of the rows; TRL turns `sharegpt` into `messages`.
        inner_answers: whether prompts of prompt-completion rows hold assistant turns.

    Explained in: doctor.md#r10
    """
    completion, assistant = (recipe.get(f"{part}_only_loss") for part in ("completion", "assistant"))
    if own:
        if completion or assistant:
            flag = f"{'completion' if completion else 'assistant'}_only_loss"
            yield Observation("R10", {"flag": flag}, [], "own")
    elif shape in ("messages", "sharegpt") and completion:
        yield Observation("R10", {})
    elif shape in ("messages", "sharegpt") and not assistant:
        yield Observation("R10", {}, [], "neither")
    elif shape == "prompt-completion" and assistant and inner_answers:
        yield Observation("R10", {"file": file}, [], "anded")


def check_sharegpt(
    recipe: Mapping[str, Any],
    tally: Tally,
    turn_lists: Collection[tuple[str, bool]],
    file: str,
    rows: RowEncoder | None,
    *,
    own: bool = False,
) -> Iterator[Observation]:
    """R12: what plain TRL makes of ShareGPT rows.

    Args:
        tally: holds, under R12, the rows with roles that TRL does not rename.
        turn_lists: columns with turns, and whether these are `from` and `value`; empty for other data.
        file: name of the data, for the command in the fix.
        rows: tokenizer and template of the run.

    Explained in: doctor.md#r12
    """
    if own or not turn_lists or rows is None:
        return
    odd = sorted(name for name, pairs in turn_lists if (name, pairs) != ("conversations", True))
    if odd or recipe.get("assistant_only_loss"):
        column = odd[0] if odd else "conversations"
        yield Observation("R12", {"column": column, "file": file}, [], "refused")
    elif tally.counts["R12"]:
        roles = tally.first["R12"]["roles"]
        quoted = ({f"'{role}'", f'"{role}"'} for role in roles)
        if not all(any(name in rows.template.source for name in names) for names in quoted):
            yield tally.observation("R12", file=file, milder=_prints(rows, roles))


def check_adapter(model: Model, recipe: Mapping[str, Any] | None = None) -> Iterator[Observation]:
    """R06: whether an adapter's weights belong over the base that the run puts under them.

    Explained in: doctor.md#r06
    """
    if not model.adapter or model.folder is None:
        return
    base = model.base or "?"
    named = (recipe or {}).get("base")
    if named and str(named) != base:
        yield Observation("R06", {"trained": base, "base": str(named)}, [], "other")
        return
    path = model.folder / "adapter_model.safetensors"
    below = read_model(named) if named else model
    if not below.config:
        if base.startswith((".", "/", "~")):
            yield Observation("R06", {"trained": base}, [], "missing")
        return
    try:
        sizes = estimates.input_sizes(below.config)
    except KeyError:  # not a kind of model whose shapes we know
        return
    for name, shape in tensor_shapes(path).items():
        layer = next((part for part in name.split(".") if part in sizes), None)
        if layer and ".lora_A." in name and shape[1] != sizes[layer]:
            data = {"tensor": layer, "found": shape[1], "expected": sizes[layer], "trained": base}
            yield Observation("R06", data)
            return
        number = next((int(part) for part in name.split(".") if part.isdigit()), 0)
        if number >= below.config["num_hidden_layers"]:
            data = {"layer": number + 1, "layers": below.config["num_hidden_layers"], "trained": base}
            yield Observation("R06", data, [], "layers")
            return


def _prints(rows: RowEncoder, roles: list[str]) -> bool:
    """Whether a template prints the turns of roles that it does not name."""
    turns = [{"role": role, "content": f"turn {place}"} for place, role in enumerate(roles)]
    try:
        text = rows.template.render(turns).text
    except InputError:
        return False
    return all(turn["content"] in text for turn in turns)


def _fields(recipe: Mapping[str, Any]) -> Iterator[Observation]:
    known = known_fields()
    unknown = [field for field in recipe if known and field not in known]
    if unknown:
        near = {field: difflib.get_close_matches(field, known, n=1, cutoff=0.75) for field in unknown}
        meant = {field: _RENAMED.get(field) or next(iter(near[field]), None) for field in unknown}
        examples = [(field, f"→ {name}" if name else "") for field, name in meant.items()]
        yield Observation("R11", {"fields": unknown, "count": len(unknown)}, examples[:3])


def _precision(recipe: Mapping[str, Any], machine: estimates.Machine) -> Iterator[Observation]:
    wanted = recipe.get("bf16")
    half = wanted or (wanted is None and not recipe.get("fp16"))
    data = {"device": machine.device}
    if not half:
        return
    if machine.cpu and not recipe.get("use_cpu") or machine.bf16 == "none":
        yield Observation("R02", data, [], None if wanted else "default")
    elif machine.bf16 == "slow":
        yield Observation("R02", data, [], "slow", milder=True)


def _memory(
    recipe: Mapping[str, Any],
    model: Model,
    machine: estimates.Machine,
    longest: int,
    supervised: float,
    own: bool,
) -> Iterator[Observation]:
    batch = int(recipe.get("per_device_train_batch_size") or 8)
    checkpointing = recipe.get("activation_checkpointing", recipe.get("gradient_checkpointing"))
    try:
        needed = estimates.training_memory(
            model.config,
            batch_size=batch,
            length=min(longest, recipe.get("max_length") or longest),
            rank=int(recipe.get("lora_r") or 16) if recipe.get("use_peft") else None,
            targets=recipe.get("lora_target_modules"),
            dtype=str(recipe.get("dtype") or "float32").removeprefix("torch."),
            half=bool(recipe.get("bf16") or recipe.get("fp16")),
            checkpointing=not own if checkpointing is None else bool(checkpointing),
            scored=supervised if own and machine.cpu else 0.1,  # TRL's head makes logits tile by tile
            padded=batch > 1,
            accumulation=int(recipe.get("gradient_accumulation_steps") or 1),
            cpu=machine.cpu,
        )
    except KeyError:  # not a kind of model that the arithmetic knows
        return
    if needed.total > machine.memory:
        parts = {"weights": needed.weights, "training": needed.training, "activations": needed.batch}
        smaller = max(1, batch // 4)
        fix = {"batch": smaller, "accumulation": -(-batch // smaller)}
        yield Observation("R05", {"needed": needed.total, "available": machine.memory, **parts, **fix})


def _steps(recipe: Mapping[str, Any], rows: int) -> Iterator[Observation]:
    limit = recipe.get("max_steps") or -1
    total = estimates.steps(rows, recipe)
    warmup = recipe.get("warmup_steps") or 0
    if isinstance(warmup, (int, float)) and warmup >= 1 and warmup >= total:
        yield Observation("R09", {"warmup": warmup, "steps": total}, [], "warmup")
    elif limit <= 0 and total < FEW_STEPS:
        epochs = float(recipe.get("num_train_epochs") or 3)
        data = {"steps": total, "rows": rows, "epochs": f"{epochs:g}"}
        batch = recipe.get("per_device_train_batch_size") or 8
        batch *= recipe.get("gradient_accumulation_steps") or 1
        suggested = max(1, round(epochs * FEW_STEPS * 2 / max(total, 1)))
        yield Observation("R09", {**data, "batch": batch, "suggested": suggested})


def _stops(model: Model, tokens: Mapping[str, Any]) -> tuple[str, list[int]]:
    places = (("generation_config.json", model.generation), ("config.json", model.config))
    for source, content in places:
        found = content.get("eos_token_id")
        if found is not None:
            return source, list(found) if isinstance(found, (list, tuple)) else [found]
    number = tokens["ids"].get(tokens["eos"])
    return "tokenizer.eos_token", [] if number is None else [number]


def _short(rate: float) -> str:
    return f"{rate:.0e}".replace("e-0", "e-")
