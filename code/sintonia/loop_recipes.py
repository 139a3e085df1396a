"""The recipe of `sintonia loop`: a YAML file and flags over it become checked fields.

The names, their meaning and their defaults are TRL's, so that one recipe runs under `sintonia sft` and
under the loop. A field that the loop does not know is refused by name: a setting that is read and has
no effect is worse than an error.
"""

from __future__ import annotations

import argparse
import difflib
from dataclasses import Field, dataclass, field, fields
from typing import Any

from sintonia.errors import Fault, InputError
from sintonia.evaluation import LANGUAGES
from sintonia.recipe_files import read_recipe

COURSE = "course"
WITH_DRILLS = "course+drills"
SCHEDULES = ("linear", "cosine", "constant", "constant_with_warmup")
SAMPLING = ("random", "sequential", "group_by_length")


@dataclass
class LoopArguments:
    """The fields of a recipe that the loop knows: TRL's names, TRL's defaults, TRL's meaning."""

    model: str | None = field(
        default=None, metadata={"help": "hub id, folder, 'scratch', or 'embedded', as None"}
    )
    data: str = field(default=COURSE, metadata={"help": "a path, 'course', or 'course+drills'"})
    languages: list[str] = field(
        default_factory=lambda: list(LANGUAGES), metadata={"help": "languages of the course's data"}
    )
    chat_template: str | None = field(default=None, metadata={"help": "name, file or Jinja source"})
    output_dir: str | None = field(default=None, metadata={"help": "folder of the run; new under runs/"})
    overwrite: bool = field(default=False, metadata={"help": "replace that folder if it exists"})
    compare_after: bool = field(default=True, metadata={"help": "ask base and tuned the test prompts"})
    compare_prompts: int = field(default=10, metadata={"help": "how many in each language; 0 asks them all"})
    max_length: int | None = field(default=1024, metadata={"help": "tokens kept of a conversation"})
    packing: bool = field(default=False, metadata={"help": "rows of several conversations, max_length long"})
    train_sampling_strategy: str = field(default="random", metadata={"help": ", ".join(SAMPLING)})
    per_device_train_batch_size: int = field(default=8, metadata={"help": "conversations, or packs, at once"})
    gradient_accumulation_steps: int = field(default=1, metadata={"help": "batches summed up for a step"})
    num_train_epochs: float = field(default=3.0, metadata={"help": "times through the data"})
    max_steps: int = field(default=-1, metadata={"help": "steps, whatever the epochs say, if above 0"})
    learning_rate: float = field(default=2e-5, metadata={"help": "the highest that the schedule reaches"})
    lr_scheduler_type: str = field(default="linear", metadata={"help": ", ".join(SCHEDULES)})
    warmup_steps: float = field(default=0, metadata={"help": "steps; below 1, a share of all steps"})
    weight_decay: float = field(default=0.0, metadata={"help": "of AdamW; norms and biases are spared"})
    adam_beta1: float = field(default=0.9, metadata={"help": "memory of the gradient's mean"})
    adam_beta2: float = field(default=0.999, metadata={"help": "memory of the gradient's square"})
    adam_epsilon: float = field(default=1e-8, metadata={"help": "what keeps a division from zero"})
    max_grad_norm: float = field(
        default=1.0, metadata={"help": "longer gradients are shortened; 0 for never"}
    )
    logging_steps: int = field(default=10, metadata={"help": "steps between two recorded losses"})
    logging_first_step: bool = field(default=False, metadata={"help": "record the first step's loss too"})
    use_peft: bool = field(default=False, metadata={"help": "train a LoRA adapter and nothing else"})
    lora_r: int = field(default=16, metadata={"help": "rank"})
    lora_alpha: int = field(default=32, metadata={"help": "the update is scaled by alpha / rank"})
    lora_dropout: float = field(default=0.05, metadata={"help": "share of the adapter's inputs left out"})
    lora_target_modules: list[str] | None = field(
        default=None, metadata={"help": "layers that get one; 'all-linear' is every one but the head"}
    )
    seed: int = field(default=42, metadata={"help": "of everything that is drawn"})


AT_LEAST = {
    "max_length": 1,
    "per_device_train_batch_size": 1,
    "gradient_accumulation_steps": 1,
    "num_train_epochs": 0,
    "learning_rate": 0,
    "warmup_steps": 0,
    "weight_decay": 0,
    "max_grad_norm": 0,
    "logging_steps": 1,
    "lora_r": 1,
    "compare_prompts": 0,
}
ONE_OF = {
    "lr_scheduler_type": SCHEDULES,
    "train_sampling_strategy": SAMPLING,
    "languages": LANGUAGES,
}


def parse(argv: list[str]) -> LoopArguments:
    """Fields from flags over a recipe over the defaults.

    Raises:
        InputError: no recipe, one that is not YAML, a field that the loop does not know, a value of the
            wrong kind or out of range. All that is wrong with the fields is said at once.

    Example:
        >>> parse(["--max_steps", "2", "--languages", "pt", "es"]).languages
        ['pt', 'es']

    Explained in: from-scratch.md#run-it
    """
    parser = argparse.ArgumentParser(
        prog="sintonia loop", description="Train in plain PyTorch.", allow_abbrev=False
    )
    parser.error = _usage_error
    parser.add_argument("--config", metavar="RECIPE.yaml", help="fields and values; flags win over it")
    for item in fields(LoopArguments):
        words = f"{item.metadata['help']} (default: {_default(item)})".replace("%", "%%")
        options = {"nargs": "+"} if "list" in item.type else {}
        options |= {"nargs": "?", "const": "true"} if item.type == "bool" else {}
        parser.add_argument(f"--{item.name}", default=argparse.SUPPRESS, metavar="V", help=words, **options)
    flags = vars(parser.parse_args(argv))
    recipe = flags.pop("config")
    given = [(recipe, *pair) for pair in (read_recipe(recipe, "see code/recipes").items() if recipe else ())]
    given += [("sintonia loop", *pair) for pair in flags.items()]
    values, faults = {}, []
    known = {item.name: item for item in fields(LoopArguments)}
    for where, name, value in given:
        if name not in known:
            near = difflib.get_close_matches(str(name), known, n=1)
            fix = f"did you mean {near[0]}?" if near else "leave it out, or use sintonia sft"
            faults.append(Fault(where, f"the field {name!r}", "one that sintonia loop knows", fix))
            continue
        try:
            values[name] = _typed(known[name], value)
        except InputError as error:
            faults += [Fault(where, fault.found, fault.expected) for fault in error.faults]
    if faults:
        raise InputError(faults)
    return LoopArguments(**values)


def _usage_error(message: str) -> None:
    raise InputError(Fault("sintonia loop", message, "a flag that `sintonia loop --help` lists"))


def _default(item: Field) -> Any:
    return item.default_factory() if callable(item.default_factory) else item.default


def _typed(item: Field, value: Any) -> Any:
    """A value of the kind that a field holds; text is read, because flags are text and `1e-3` is in YAML."""
    kind = item.type.removesuffix(" | None")
    if kind != item.type and value in (None, "null", "none"):
        return None
    checked = _READ[kind](value)
    if checked is None:
        raise InputError(Fault("", f"{item.name}: {value!r}", _KINDS[kind]))
    allowed = ONE_OF.get(item.name)
    if allowed and not set(checked if kind == "list[str]" else [checked]) <= set(allowed):
        raise InputError(Fault("", f"{item.name}: {value!r}", " or ".join(allowed)))
    if item.name in AT_LEAST and not checked >= AT_LEAST[item.name]:
        raise InputError(Fault("", f"{item.name}: {value!r}", f"at least {AT_LEAST[item.name]}"))
    return checked


def _number(value: Any) -> float | None:
    try:
        return None if isinstance(value, bool) else float(value)
    except (TypeError, ValueError):
        return None


def _whole(value: Any) -> int | None:
    number = _number(value)
    return int(number) if number is not None and number.is_integer() else None


def _truth(value: Any) -> bool | None:
    return {"true": True, "false": False}.get(str(value).lower())


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) and value else None


def _texts(value: Any) -> list[str] | None:
    values = [value] if isinstance(value, str) else value
    return values if isinstance(values, list) and values and all(map(_text, values)) else None


_READ = {"int": _whole, "float": _number, "bool": _truth, "str": _text, "list[str]": _texts}
_KINDS = {
    "int": "a whole number",
    "float": "a number",
    "bool": "true or false",
    "str": "text",
    "list[str]": "a list of words",
}
