"""`sintonia estimate`: what a recipe will need, in parts, before anything is loaded."""

from __future__ import annotations

import json
import statistics
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from sintonia import estimates, models, run_facts
from sintonia.comparison import course_rows
from sintonia.conversations import load_rows
from sintonia.errors import Fault, InputError, first_line
from sintonia.evaluation import LANGUAGES
from sintonia.fast_tokenizers import folder_tokenizer
from sintonia.hub_faults import hub_fault
from sintonia.loss_masks import encode

BATCH = 8  # TRL's default


@dataclass(frozen=True)
class Run:
    """What a run will need.

    Args:
        model: its name.
        method: `full`, or `LoRA r=16`.
        parameters, trained: how many there are, and how many of them learn.
        batch_size, length: of the largest batch; tokens.
        scored: share of its positions whose logits are made.
        checkpointing: whether activations are computed again.
        device: `cpu` or `gpu`.
        memory: bytes in parts.
        free: bytes that are free on this computer now.
        steps: updates.
        tokens: tokens read in the whole run, padding left out.
        seconds: time of all steps, where a speed is known.
        tokens_per_second: that speed.

    Explained in: lora.md#measured
    """

    model: str
    method: str
    parameters: int
    trained: int
    batch_size: int
    length: int
    scored: float
    checkpointing: bool
    device: str
    memory: estimates.Memory
    free: int
    steps: int
    tokens: int
    tokens_per_second: float | None = None

    @property
    def seconds(self) -> float | None:
        """Seconds of all steps, where a speed is known."""
        return self.tokens / self.tokens_per_second if self.tokens_per_second else None

    def to_json(self) -> str:
        """One JSON object; sizes in bytes."""
        fields = asdict(self)
        fields["memory"] |= {"total": self.memory.total}
        return json.dumps({**fields, "seconds": self.seconds}, ensure_ascii=False)

    def to_text(self) -> str:
        """A table of the parts, then steps, tokens and time."""
        needed = self.memory
        rows = [(name, getattr(needed, name)) for name in ("weights", "gradients", "optimizer")]
        rows += [("activations", needed.activations), ("logits", needed.logits)]
        if self.device == "cpu":
            rows.append(("lost by the allocator", needed.lost))
        again = ", activations computed again" if self.checkpointing else ""
        lines = [
            f"model   {self.model}: {self.parameters:,} parameters",
            f"method  {self.method}: {self.trained:,} trained{again}",
            f"batch   {self.batch_size} x {self.length} tokens, {self.scored:.0%} of the positions scored",
            "",
            *(f"{name:<24}{_gib(size):>10}" for name, size in rows),
            f"{'at the worst moment':<24}{_gib(needed.total):>10}",
        ]
        if self.device == "cpu":
            lines.append(f"{'free here now':<24}{_gib(self.free):>10}")
            lines.append("Python and its libraries come on top: some 0.5 GiB.")
        else:
            lines += ["Computed by this formula, not measured on any GPU:", _formula(needed)]
        lines += ["", f"steps   {self.steps:,}", f"tokens  {self.tokens:,}"]
        if self.seconds is None:
            lines.append("time    unknown: give --tokens-per-second, or measure it with --measure 3")
        else:
            speed = f"{self.tokens_per_second:,.0f} tokens a second"
            lines.append(f"time    {_duration(self.seconds)} at {speed}")
        return "\n".join(lines)


def estimate_run(
    recipe: Mapping[str, Any],
    *,
    model: str | None = None,
    data: str | None = None,
    rows: int | None = None,
    length: int | None = None,
    device: str = "cpu",
    processes: int = 1,
    tokens_per_second: float | None = None,
) -> Run:
    """What a run with this recipe will need. Reads configuration and data, of a hub model its
    `config.json` alone; loads no weights.

    Args:
        recipe: fields of `sintonia sft` or TRL.
        model, data: instead of the recipe's.
        rows, length: instead of data: how many conversations, and the tokens of each.
        device: `cpu` or `gpu`.
        processes: data-parallel ones, each with the whole model.
        tokens_per_second: speed of the whole run.

    Raises:
        InputError: a model whose configuration is not at hand or not of a kind that is known, data that
            cannot be read, or a field that is no number.

    Example:
        >>> found = estimate_run({"use_peft": True}, rows=80, length=128)
        >>> found.method, found.steps
        ('LoRA r=16', 30)

    Explained in: lora.md#measured
    """
    name = model or recipe.get("model") or recipe.get("model_name_or_path")
    described = run_facts.read_model(name)
    config = described.config or _from_hub(str(name))
    batch = _whole(recipe, "per_device_train_batch_size", BATCH)
    own = run_facts.is_own(recipe)
    limit = _whole(recipe, "max_length", 0) or None
    if rows and length:
        tokens, columns = [min(length, limit or length)] * rows, None
    else:
        tokens, columns = _lengths(recipe, name, data, limit, batch)
    lora = bool(recipe.get("use_peft"))
    rank = _whole(recipe, "lora_r", 16) if lora else None
    targets = recipe.get("lora_target_modules")
    again = recipe.get("activation_checkpointing", recipe.get("gradient_checkpointing"))
    again = not own if again is None else bool(again)
    half = bool(recipe.get("bf16") or recipe.get("fp16")) or (device == "gpu" and recipe.get("bf16") is None)
    longest = max(tokens)
    scored = columns if columns is not None and own and device == "cpu" else 1.0
    try:
        needed = estimates.training_memory(
            config,
            batch_size=batch,
            length=longest,
            rank=rank,
            targets=targets,
            dtype=str(recipe.get("dtype") or "float32").removeprefix("torch."),
            half=half,
            checkpointing=again,
            scored=scored,
            padded=batch > 1 and min(tokens) < longest,
            accumulation=_whole(recipe, "gradient_accumulation_steps", 1),
            cpu=device == "cpu",
        )
        total = estimates.parameters(config)
        trained = total if rank is None else estimates.lora_parameters(config, rank, targets)
    except (KeyError, TypeError) as error:
        fix = "only decoders with gated feed-forward layers (Llama, Qwen, Mistral) are known"
        raise InputError(Fault(described.name, f"no usable {error}", "a known configuration", fix)) from None
    epochs = recipe.get("num_train_epochs") or 3
    if isinstance(epochs, bool) or not isinstance(epochs, (int, float)):
        raise InputError(Fault("recipe, num_train_epochs", repr(epochs), "a number"))
    if _whole(recipe, "max_steps", 0) > 0:
        steps = _whole(recipe, "max_steps", 0)
        seen = steps * batch * processes * _whole(recipe, "gradient_accumulation_steps", 1)
    else:
        steps = estimates.steps(len(tokens), recipe, processes)
        seen = round(len(tokens) * epochs)
    return Run(
        model=described.name,
        method="full" if rank is None else f"LoRA r={rank}",
        parameters=total,
        trained=trained,
        batch_size=batch,
        length=longest,
        scored=scored,
        checkpointing=again,
        device=device,
        memory=needed,
        free=estimates.free_memory(),
        steps=steps,
        tokens=round(seen * statistics.fmean(tokens)),
        tokens_per_second=tokens_per_second,
    )


def _from_hub(name: str) -> dict[str, Any]:
    """The fields of a hub model's `config.json`: that file alone is fetched."""
    if Path(name).expanduser().is_dir():
        raise InputError(Fault(name, "no usable config.json", "a model's configuration beside its weights"))
    try:
        from huggingface_hub import hf_hub_download

        return json.loads(Path(hf_hub_download(name, "config.json")).read_text("utf-8"))
    except Exception as error:  # the client raises classes of its own, and those of what it is built on
        if isinstance(error, ModuleNotFoundError):
            raise
        other = Fault(name, f"nothing usable ({first_line(error)})", "a model's name")
        raise InputError(hub_fault(error, name) or other) from None


def measure_speed(recipe: Mapping[str, Any], run: Run, count: int, model: str | None = None) -> float:
    """Tokens a second of so many steps after a first one, on this computer's CPU, on random tokens.

    The batches are as large as the largest of the run, so that a run that does not fit shows it.

    Raises:
        InputError: the weights cannot be loaded, or the memory does not suffice.

    Explained in: lora.md#measured
    """
    if run.memory.total > run.free:
        found = f"{_gib(run.memory.total)} needed and {_gib(run.free)} free"
        raise InputError(Fault("--measure", found, "a run that fits", "a smaller batch, or LoRA"))
    import torch

    from sintonia.loss_masks import IGNORE_INDEX, supervised_loss

    network = models.load_model(model or recipe.get("model") or recipe.get("model_name_or_path"))
    if run.method != "full":
        from peft import LoraConfig

        targets = recipe.get("lora_target_modules")
        targets = "all-linear" if targets and "all-linear" in targets else targets
        rank = _whole(recipe, "lora_r", 16)
        adapter = LoraConfig(r=rank, target_modules=targets, task_type="CAUSAL_LM")
        network = models.attach_lora(network, adapter)
    network.train()
    if run.checkpointing:
        network.gradient_checkpointing_enable(gradient_checkpointing_kwargs={"use_reentrant": False})
    trained = [parameter for parameter in network.parameters() if parameter.requires_grad]
    optimizer = torch.optim.AdamW(trained, lr=0.0)
    ids = torch.randint(0, network.config.vocab_size, (run.batch_size, run.length))
    labels = ids.clone()
    labels[:, : round(run.length * (1 - run.scored))] = IGNORE_INDEX
    began = 0.0
    for number in range(count + 1):
        if number == 1:
            began = time.monotonic()
        supervised_loss(network, {"input_ids": ids, "labels": labels}).backward()
        optimizer.step()
        optimizer.zero_grad()
    return count * ids.numel() / (time.monotonic() - began)


def _lengths(
    recipe: Mapping[str, Any], name: Any, data: str | None, limit: int | None, batch: int
) -> tuple[list[int], float]:
    """Tokens of each row, and the share of columns that some row grades in the batch of the longest."""
    named = data or recipe.get("data") or recipe.get("dataset_name") or "course"
    if named == "course":
        chosen = course_rows("train", recipe.get("languages") or LANGUAGES)
    else:
        chosen = list(load_rows(str(named)))
    tokenizer = None if models.is_embedded(name) else folder_tokenizer(name) or models.load_tokenizer(name)
    template = recipe.get("chat_template")
    turns = [row["messages"] for row in chosen]
    examples = encode(turns, tokenizer, chat_template=template, max_length=limit)
    if not examples:
        raise InputError(Fault(str(named), "no conversation", "at least one"))
    longest = sorted((each["assistant_mask"] for each in examples), key=len, reverse=True)[:batch]
    return [len(each["input_ids"]) for each in examples], graded_columns(longest)


def graded_columns(masks: Sequence[Sequence[int]]) -> float:
    """Share of a batch's columns that at least one row grades: those whose logits `supervised_loss` makes.

    Example:
        >>> graded_columns([[0, 0, 1, 1], [0, 1]])
        0.75

    Explained in: lora.md#measured
    """
    width = max(len(mask) for mask in masks)
    graded = (any(place < len(mask) and mask[place] for mask in masks) for place in range(width))
    return sum(graded) / width


def read(path: str | Path | None) -> dict[str, Any]:
    """A recipe's fields; of the default recipe where none is given.

    Explained in: lora.md#measured
    """
    from sintonia.chat_templates import PACKAGE

    return run_facts.load_recipe(path or PACKAGE.parent / "recipes" / "cpu-lora.yaml")


def _whole(recipe: Mapping[str, Any], field: str, default: int) -> int:
    value = recipe.get(field)
    if value is None:
        return default
    if isinstance(value, bool) or not isinstance(value, (int, float)) or value != int(value):
        raise InputError(Fault(f"recipe, {field}", repr(value), "a whole number"))
    return int(value)


def _formula(needed: estimates.Memory) -> str:
    at_loss = ["activations", "logits", *(["gradients"] if needed.accumulated else [])]
    at_end = ["gradients", *(["second gradient of the embeddings"] if needed.twice else [])]
    return f"weights + optimizer + the larger of ({' + '.join(at_loss)}) and ({' + '.join(at_end)})"


def _gib(size: float) -> str:
    return f"{size / 2**30:,.2f} GiB"


def _duration(seconds: float) -> str:
    if seconds < 120:
        return f"{seconds:.0f} s"
    if seconds < 7200:
        return f"{seconds / 60:.0f} min"
    return f"{seconds / 3600:.1f} h"
