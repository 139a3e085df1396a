"""What `sintonia sft` adds to TRL's flags: its own fields, the recipe, and defaults for this machine."""

from __future__ import annotations

import difflib
import math
from dataclasses import dataclass, field
from typing import Any

from sintonia.chat_templates import PACKAGE
from sintonia.errors import Fault, InputError
from sintonia.estimates import steps
from sintonia.evaluation import LANGUAGES
from sintonia.recipe_files import read_recipe
from sintonia.starting import check_device, refuse_remote_code
from sintonia.streams import BUFFER
from sintonia.training_data import COURSE

DEFAULT_RECIPE = PACKAGE.parent / "recipes" / "cpu-lora.yaml"
SAVE_STEPS = 0.2  # a share of the run between two checkpoints, where nobody says otherwise


@dataclass
class SintoniaArguments:
    """What a run needs beyond TRL's own SFTConfig and ModelConfig."""

    model: str | None = field(
        default=None,
        metadata={"help": "Hub id or folder to tune; 'embedded' is the real 135 M model that comes along."},
    )
    data: str = field(
        default=COURSE,
        metadata={"help": "Conversations to learn from: a path, a hub dataset id, or 'course'."},
    )
    languages: list[str] = field(
        default_factory=lambda: list(LANGUAGES),
        metadata={"help": "Languages of the course's data to use: pt es zh en."},
    )
    chat_template: str | None = field(
        default=None,
        metadata={"help": "Name, Jinja file or source; the tokenizer's own when left out."},
    )
    compare_prompts: int = field(
        default=10,
        metadata={"help": "Test prompts asked in each language, from all categories; 0 asks them all."},
    )
    streaming: bool = field(
        default=False,
        metadata={"help": "Read the data while training, and hold none of it; needs --max_steps."},
    )
    shuffle_buffer: int = field(
        default=BUFFER,
        metadata={"help": "With --streaming: rows out of which the next one is drawn."},
    )
    overwrite: bool = field(default=False, metadata={"help": "Replace the output folder if it exists."})
    compare_after: bool = field(
        default=True,
        metadata={"help": "Ask base and tuned the course's test prompts when training is over."},
    )
    doctor: bool = field(
        default=True,
        metadata={"help": "Look at data, template and settings first, and stop where they cannot work."},
    )


def usage_error(message: str) -> None:
    """Say what is wrong without argparse's usage, which here is some 900 lines long."""
    raise InputError(Fault("sintonia sft", message, "a flag that `sintonia sft --help` lists"))


def unknown_field(where: str, text: str, known: list[str]) -> Fault:
    name = text.removeprefix("--").split("=")[0].replace("-", "_")
    near = difflib.get_close_matches(name, known, n=1)
    hint = f"did you mean {near[0]}?" if near else ""
    return Fault(where, repr(text), "a field of SFTConfig or ModelConfig", hint)


def with_recipe(argv: list[str]) -> list[str]:
    """The arguments with a readable recipe in them, in the one form that TrlParser takes."""
    argv = [part for arg in argv for part in (arg.split("=", 1) if arg.startswith("--config=") else [arg])]
    if "--config" not in argv:
        argv = ["--config", str(DEFAULT_RECIPE), *argv]
    place = argv.index("--config") + 1
    if place >= len(argv):
        raise InputError(Fault("--config", "nothing after it", "the path of a YAML recipe"))
    recipe = read_recipe(argv[place], f"see {DEFAULT_RECIPE.parent}")
    refuse_remote_code(recipe, argv[place], argv)
    check_device(recipe, argv[place], argv)
    return argv


def machine_defaults() -> dict[str, Any]:
    """Precision and device for this machine, where neither recipe nor flag says otherwise.

    TRL's own default, bfloat16 with recomputed activations, is refused or crawls on a CPU without
    bfloat16 instructions: 15 against 72 tokens a CPU-second in a trial on this model.

    Explained in: sft.md#defaults
    """
    import torch

    defaults = {
        "report_to": "none",
        "save_steps": SAVE_STEPS,
        "gradient_checkpointing": None,
        "activation_checkpointing": False,
        "eval_strategy": "no",
        "dataloader_pin_memory": torch.cuda.is_available(),
        "output_dir": None,
    }
    if not torch.cuda.is_available():
        return {**defaults, "use_cpu": True, "bf16": False, "fp16": False}
    bf16 = torch.cuda.is_bf16_supported(including_emulation=False)
    return {**defaults, "bf16": bf16, "fp16": not bf16}


def save_now_and_then(config: Any, rows: int) -> bool:
    """Set when checkpoints are written where the recipe does not say: five times in a run, after a log line.

    Args:
        config: the SFTConfig, which is changed.
        rows: conversations that are trained on.

    Returns:
        Whether checkpoints stay in the finished run: where the recipe asked for them.

    Explained in: lora.md#resume
    """
    if config.save_strategy != "steps" or config.save_steps != SAVE_STEPS:
        return True
    every = math.ceil(steps(rows, vars(config), config.world_size) * SAVE_STEPS)
    logging = int(config.logging_steps) if config.logging_steps >= 1 else 1
    config.save_steps = math.ceil(every / logging) * logging
    config.save_total_limit = config.save_total_limit or 2
    return False
