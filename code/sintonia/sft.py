"""Supervised fine-tuning with TRL, on our ids and labels. The only file that imports trl.

    sintonia sft                                        the default recipe on the course's data
    sintonia sft --config code/recipes/cpu-lora.yaml --num_train_epochs 2
    accelerate launch --num_processes 2 -m sintonia sft --config RECIPE.yaml

A run is written beside its final place and moved there when it is whole.
"""

from __future__ import annotations

import difflib
import inspect
import os
import shutil
import sys
import time
from dataclasses import dataclass, field
from dataclasses import fields as _fields
from pathlib import Path
from typing import Any

from sintonia import doctor, models
from sintonia.answers import ask, choose
from sintonia.chat_templates import PACKAGE, find_template
from sintonia.comparison import Comparison, course_rows, set_side_by_side
from sintonia.conversations import load_rows
from sintonia.errors import Fault, InputError, first_line
from sintonia.evaluation import LANGUAGES
from sintonia.loss_masks import IGNORE_INDEX, encode, labels, supervised_loss
from sintonia.reports import to_terminal
from sintonia.run_comparisons import base_answers, label
from sintonia.run_folders import Unfinished, describe_run, output_folder, save_run, say

DEFAULT_RECIPE = PACKAGE.parent / "recipes" / "cpu-lora.yaml"
COURSE = "course"


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
    overwrite: bool = field(default=False, metadata={"help": "Replace the output folder if it exists."})
    compare_after: bool = field(
        default=True,
        metadata={"help": "Ask base and tuned the course's test prompts when training is over."},
    )
    doctor: bool = field(
        default=True,
        metadata={"help": "Look at data, template and settings first, and stop where they cannot work."},
    )


def main(argv: list[str]) -> int:
    """Parse, let the doctor look, train, compare, save. Returns the exit code: 1 where it found an error.

    Raises:
        InputError: a recipe, flag, dataset, model or folder that cannot be used.

    Explained in: sft.md#one-command
    """
    started = time.monotonic()
    mine, config, model_config = parse(argv)
    target = output_folder(config.output_dir, mine.overwrite)
    name = mine.model or model_config.model_name_or_path
    rows = _rows(mine)
    say(models.describe(name))
    tokenizer = models.load_tokenizer(name)
    if mine.doctor and not _may_train(rows, tokenizer, name, mine, config, model_config):
        return 1
    template = find_template(mine.chat_template, tokenizer)[1]
    dataset = build_dataset(rows, tokenizer, template)
    supervised = sum(sum(label != IGNORE_INDEX for label in row) for row in dataset["labels"])
    tokens = sum(len(row) for row in dataset["input_ids"])
    say(f"data: {mine.data}, {len(dataset)} conversations, {tokens} tokens, {supervised} of them supervised")
    cut = sum(len(row) > (config.max_length or len(row)) for row in dataset["input_ids"])
    if cut and not mine.doctor:  # which has counted them already, as L01
        say(f"warning: {cut} conversations are longer than --max_length {config.max_length}: the rest is cut")
    with Unfinished(target) as folder:
        config.output_dir = str(folder)
        try:
            trainer = _trainer(name, config, model_config, dataset, tokenizer)
            trained = trainer.train()
        except InputError:
            raise
        except ValueError as error:  # how TRL, peft and torch refuse a setting, some only at the first step
            reason = f"a setting that is refused ({first_line(error)})"
            raise InputError(Fault("sintonia sft", reason, "settings that work together")) from error
        if not trainer.is_world_process_zero():
            return 0
        model = trainer.model.eval()
        tokenizer.chat_template = template
        facts = {"data": mine.data, "conversations": len(rows), "train_loss": trained.training_loss}
        facts["train_seconds"] = round(trained.metrics["train_runtime"], 1)
        record = describe_run(name, config, trainer.state, **facts)
        comparison = _compare(mine, config, name, model, tokenizer, template, record)
        record["seconds"] = round(time.monotonic() - started, 1)
        save_run(folder, model, tokenizer, record, comparison, mine, config, model_config)
    if comparison:
        print(to_terminal(comparison))
    print(f"saved: {target}  ({record['seconds']:.0f} s)")
    print(f"next:  sintonia chat --model {target}")
    return 0


def _may_train(
    rows: list[dict[str, Any]], tokenizer: Any, name: Any, mine: Any, config: Any, model_config: Any
) -> bool:
    """Print what the doctor says of this run, notes left out; false where the run must not start."""
    settings = (mine, config, model_config)
    fields = {part.name: getattr(of, part.name) for of in settings for part in _fields(of)}
    report = doctor.examine(
        mine.data if Path(mine.data).is_file() else rows,
        tokenizer=tokenizer,
        recipe=fields,
        model=name,
        own=True,
        lang=doctor.environment_language(),
    )
    if report.count("error") or report.count("warning"):
        width = min(100, shutil.get_terminal_size().columns)
        color = sys.stdout.isatty() and "NO_COLOR" not in os.environ
        say(report.to_text(width=width, color=color, notes=False))
    return report.exit_code() == 0


def parse(argv: list[str]) -> tuple[SintoniaArguments, Any, Any]:
    """`(SintoniaArguments, SFTConfig, ModelConfig)` from flags over a recipe over this machine's defaults.

    Raises:
        InputError: a recipe that is not there or not YAML, an unknown field, a value out of range.

    Explained in: sft.md#one-command
    """
    from trl import ModelConfig, SFTConfig, TrlParser

    parser = TrlParser((SintoniaArguments, SFTConfig, ModelConfig), prog="sintonia sft", allow_abbrev=False)
    parser.set_defaults(**machine_defaults())
    argv = _with_recipe(argv)
    parser.error = _usage_error
    try:
        *parsed, of_recipe, of_flags = parser.parse_args_and_config(
            argv, return_remaining_strings=True, separate_remaining_strings=True
        )
    except InputError:
        raise
    except (ValueError, TypeError) as error:
        raise InputError(Fault("sintonia sft", first_line(error), "usable fields")) from None
    known = [action.dest for action in parser._actions]
    recipe = argv[argv.index("--config") + 1]
    faults = [_unknown(recipe, text, known) for text in of_recipe if text.startswith("--")]
    faults += [_unknown("sintonia sft", text, known) for text in of_flags if text.startswith("--")]
    if of_flags and not faults:
        faults = [_unknown("sintonia sft", of_flags[0], known)]
    if faults:
        raise InputError(faults)
    mine, config, model_config = parsed
    unknown = [lang for lang in mine.languages if lang not in LANGUAGES]
    if unknown:
        raise InputError(Fault("--languages", " ".join(unknown), " ".join(LANGUAGES)))
    return mine, config, model_config


def _usage_error(message: str) -> None:
    """Say what is wrong without argparse's usage, which here is some 900 lines long."""
    raise InputError(Fault("sintonia sft", message, "a flag that `sintonia sft --help` lists"))


def _unknown(where: str, text: str, known: list[str]) -> Fault:
    name = text.removeprefix("--").split("=")[0].replace("-", "_")
    near = difflib.get_close_matches(name, known, n=1)
    hint = f"did you mean {near[0]}?" if near else ""
    return Fault(where, repr(text), "a field of SFTConfig or ModelConfig", hint)


def _with_recipe(argv: list[str]) -> list[str]:
    """The arguments with a readable recipe in them, in the one form that TrlParser takes."""
    import yaml

    argv = [part for arg in argv for part in (arg.split("=", 1) if arg.startswith("--config=") else [arg])]
    if "--config" not in argv:
        argv = ["--config", str(DEFAULT_RECIPE), *argv]
    place = argv.index("--config") + 1
    if place >= len(argv):
        raise InputError(Fault("--config", "nothing after it", "the path of a YAML recipe"))
    path = Path(argv[place])
    if path.is_dir() or not path.is_file():
        found = "a directory" if path.is_dir() else "no such file"
        raise InputError(Fault(str(path), found, "a YAML recipe", f"see {DEFAULT_RECIPE.parent}"))
    try:
        content = yaml.safe_load(path.read_text("utf-8"))
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        mark = getattr(error, "problem_mark", None)
        where = f"{path}:{mark.line + 1}" if mark else str(path)
        raise InputError(Fault(where, "invalid YAML", "`field: value` lines in UTF-8")) from None
    if not isinstance(content, dict):
        raise InputError(Fault(str(path), "no fields", "`field: value` lines"))
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
        "save_strategy": "no",
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


def build_dataset(rows: list[dict[str, Any]], tokenizer: Any, chat_template: str) -> Any:
    """A `datasets.Dataset` of `input_ids` and `labels`, which TRL takes as they are.

    Raises:
        InputError: no row has a token to learn from.

    Explained in: sft.md#own-labels
    """
    from datasets import Dataset

    examples = encode([row["messages"] for row in rows], tokenizer, chat_template=chat_template)
    targets = [labels(example) for example in examples]
    if not any(label != IGNORE_INDEX for row in targets for label in row):
        raise InputError(Fault("data", "no supervised token", "assistant turns that the template marks"))
    return Dataset.from_dict({"input_ids": [example["input_ids"] for example in examples], "labels": targets})


def _rows(mine: SintoniaArguments) -> list[dict[str, Any]]:
    if mine.data == COURSE:
        return course_rows("train", mine.languages)
    return list(load_rows(mine.data))


def _trainer(name: Any, config: Any, model_config: Any, dataset: Any, tokenizer: Any) -> Any:
    import torch
    from transformers import ProgressCallback, set_seed
    from trl import SFTTrainer, get_peft_config

    class LossBar(ProgressCallback):
        """The progress bar with the falling loss at its end, in place of a line per log."""

        def on_log(self, args: Any, state: Any, control: Any, logs: Any = None, **_: Any) -> None:
            if self.training_bar is not None and "loss" in (logs or {}):
                self.training_bar.set_postfix(loss=f"{float(logs['loss']):.3f}")

    class SupervisedTrainer(SFTTrainer):
        """TRL's trainer with `supervised_loss`: on a CPU, TRL scores every position, and twice."""

        def compute_loss(
            self, model: Any, inputs: Any, return_outputs: bool = False, num_items_in_batch: Any = None
        ) -> Any:
            loss = supervised_loss(model, inputs, num_items_in_batch)
            if self.args.average_tokens_across_devices and num_items_in_batch is not None:
                loss = loss * self.accelerator.num_processes  # DDP averages gradients over the processes
            return (loss, None) if return_outputs else loss

    if not torch.cuda.is_available():
        # A launcher may have set one thread a process; the cores are there to be used.
        torch.set_num_threads(max(1, len(os.sched_getaffinity(0)) // config.world_size))
    set_seed(config.seed)
    options = {"dtype": model_config.dtype, "attn_implementation": model_config.attn_implementation}
    model = models.load_model(name, **{key: value for key, value in options.items() if value})
    model.config.use_cache = False
    peft_config = get_peft_config(model_config)
    plain = config.use_cpu and config.loss_type == "nll" and not config.label_smoothing_factor
    keeps = "logits_to_keep" in inspect.signature(model.forward).parameters
    trainer_class = SupervisedTrainer if plain and keeps else SFTTrainer
    trainer = trainer_class(
        model=model,
        args=config,
        train_dataset=dataset,
        processing_class=tokenizer,
        peft_config=peft_config,
    )
    trainer.remove_callback(ProgressCallback)
    trainer.add_callback(LossBar)
    return trainer


def _compare(
    mine: SintoniaArguments,
    config: Any,
    name: Any,
    model: Any,
    tokenizer: Any,
    template: str,
    record: Any,
) -> Comparison | None:
    if not mine.compare_after:
        return None
    from tqdm import tqdm

    rows = choose(course_rows("test", mine.languages), mine.compare_prompts)
    provenance = {
        "data": f"{mine.data}, {record['conversations']} conversations",
        "seed": str(config.seed),
        "machine": record["machine"],
        **{package: version for package, version in record["versions"].items() if version},
    }
    called = label(name)
    with tqdm(total=2 * len(rows), desc="replies", dynamic_ncols=True) as bar:
        options = {"chat_template": template, "on_batch": bar.update}
        before = base_answers(name, tokenizer, rows, tuned=model, **options)
        after = ask(model, tokenizer, rows, **options)
    losses = [(step, loss) for step, loss in record["losses"]]
    tuned = (f"{called}, tuned", after)
    return set_side_by_side(rows, (called, before), [tuned], losses=losses, provenance=provenance)


if __name__ == "__main__":
    from sintonia.cli import main as command

    sys.exit(command(["sft", *sys.argv[1:]]))
