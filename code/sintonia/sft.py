"""Supervised fine-tuning with TRL, on our ids and labels. The only file that imports trl.

    sintonia sft                                        the default recipe on the course's data
    sintonia sft --config code/recipes/cpu-lora.yaml --num_train_epochs 2
    accelerate launch --num_processes 2 -m sintonia sft --config RECIPE.yaml

A run is written beside its final place and moved there when it is whole. One that was killed goes on from its
last checkpoint when the same command is given again.
"""

from __future__ import annotations

import inspect
import os
import shutil
import sys
import time
from dataclasses import fields as _fields
from pathlib import Path
from typing import Any

from sintonia import checkpoints, doctor, models
from sintonia.answers import choose
from sintonia.chat_templates import find_template
from sintonia.comparison import course_rows
from sintonia.cpu_threads import threads
from sintonia.errors import Fault, InputError, first_line
from sintonia.evaluation import LANGUAGES
from sintonia.launches import agreed, check_wrapper, describe_launch, whole_weights
from sintonia.loss_masks import supervised_loss
from sintonia.reports import to_terminal
from sintonia.resuming import Resumable, plan_of, unfinished_twin
from sintonia.run_comparisons import compare_run
from sintonia.run_failures import write_failed_batch
from sintonia.run_folders import describe_run, is_main_process, output_folder, save_run, say, versions
from sintonia.run_watch import NotFinite, StopRequest, check_finite, is_disk_full, watchers
from sintonia.sft_arguments import (
    SintoniaArguments,
    machine_defaults,
    save_now_and_then,
    unknown_field,
    usage_error,
    with_recipe,
)
from sintonia.starting import adapter_for_float16, check_quantization
from sintonia.training_data import training_data


def main(argv: list[str]) -> int:
    """Parse, let the doctor look, train, compare, save. Returns the exit code.

    0 done, 1 the doctor found an error or the loss became no number, 130 stopped by Ctrl-C or SIGTERM.

    Raises:
        InputError: a recipe, flag, dataset, model or folder that cannot be used; a full disk.

    Explained in: sft.md#one-command
    """
    from safetensors import SafetensorError

    started = time.monotonic()
    mine, config, model_config = parse(argv)
    check_quantization(model_config, config)
    kind = config.distributed_state.distributed_type.value
    if launched := describe_launch(config.world_size, kind):
        say(launched)
    named = config.output_dir not in (None, "trainer_output")  # the latter fills TRL in when nobody said
    target = Path(agreed(str(output_folder(config.output_dir, mine.overwrite))))
    name = mine.model or model_config.model_name_or_path
    data = training_data(mine, config)
    say(models.describe(name))
    tokenizer = models.load_tokenizer(name)
    recipe = {
        part.name: getattr(of, part.name) for of in (mine, config, model_config) for part in _fields(of)
    }
    if mine.doctor and not agreed(_may_train(data.examined, tokenizer, name, recipe)):
        return 1
    template = find_template(mine.chat_template, tokenizer)[1]
    data.encode(tokenizer, template)
    dataset, facts = data.in_plan()
    plan = plan_of(name, dataset, recipe, processes=config.world_size, versions=versions(), **facts)
    if not named:
        target = Path(agreed(str(unfinished_twin(target.parent, plan) or target)))
    keep = save_now_and_then(config, len(data.rows))
    stop = StopRequest()
    run = Resumable(target, plan, anew=mine.overwrite, keep=keep)
    try:
        with run as folder:
            config.output_dir = str(folder)
            dataset = data.for_trainer(run.checkpoint)
            trainer = _trainer(name, config, model_config, dataset, tokenizer, stop)
            data.attach(trainer)
            _train(trainer, run.checkpoint, stop)
            whole = whole_weights(trainer.model)
            if not trainer.is_world_process_zero():
                return 0
            model = trainer.model.eval()
            tokenizer.chat_template = template
            record = describe_run(
                name,
                config,
                trainer.state,
                data=mine.data,
                conversations=data.learned(trainer.state.global_step),
                resumed_after=checkpoints.step_of(run.checkpoint) if run.checkpoint else None,
                train_seconds=round(time.monotonic() - trainer.began, 1),
            )
            if left_out := data.left_out():
                say(f"data: {left_out} conversations could not be used and were left out")
            comparison = None
            if mine.compare_after and whole:  # a reply would need the other processes
                say(f"not compared: no process holds the whole model; sintonia compare --tuned {target}")
            elif mine.compare_after:
                asked = choose(course_rows("test", mine.languages), mine.compare_prompts)
                comparison = compare_run(name, model, tokenizer, asked, record)
            record["seconds"] = round(time.monotonic() - started, 1)
            save_run(folder, model, tokenizer, record, comparison, mine, config, model_config, weights=whole)
    except KeyboardInterrupt:
        say(f"\nsintonia: stopped; {run.left()}")
        return 130
    except NotFinite as failure:
        _tell(failure, trainer, target, data, tokenizer, name, recipe)
        return 1
    except (OSError, RuntimeError, SafetensorError) as error:
        if not is_disk_full(error, run.folder):
            raise
        fix = f"free some and give the same command again; {run.left()}"
        raise InputError(Fault(str(run.folder), "no space left on the disk", "room to write", fix)) from error
    if comparison:
        print(to_terminal(comparison))
    print(f"saved: {target}  ({record['seconds']:.0f} s)")
    print(f"next:  sintonia chat --model {target}")
    return 0


def _train(trainer: Any, checkpoint: Path | None, stop: StopRequest) -> None:
    """Train, from a checkpoint or from the start; Ctrl-C ends it after the step that is being made."""
    trainer.began = time.monotonic()
    try:
        with stop.listening():
            trainer.train(resume_from_checkpoint=str(checkpoint) if checkpoint else None)
    except InputError:
        raise
    except ValueError as error:  # how TRL, peft and torch refuse a setting, some only at the first step
        reason = f"a setting that is refused ({first_line(error)})"
        raise InputError(Fault("sintonia sft", reason, "settings that work together")) from error
    if stop.asked:
        raise KeyboardInterrupt


def _tell(failure: NotFinite, trainer: Any, target: Path, data: Any, *of_run: Any) -> None:
    """Save the batch whose loss is no number, and print what the doctor makes of its rows."""
    tokenizer, name, recipe = of_run
    numbers, rows = data.of_batch(failure.batch.get("input_ids", []))
    path = target.with_name(f"{target.name}.failed-batch.json")
    facts = {"learning_rate": trainer.args.learning_rate, "log": trainer.state.log_history[-5:]}
    path.parent.mkdir(parents=True, exist_ok=True)
    for line in write_failed_batch(path, failure, numbers, trainer.model, tokenizer, **facts):
        print(f"sintonia: {line}", file=sys.stderr)
    if rows:
        report = doctor.examine(
            rows,
            tokenizer=tokenizer,
            recipe=recipe,
            model=name,
            own=True,
            lang=doctor.environment_language(),
        )
        print(report.to_text(notes=False), file=sys.stderr)


def _may_train(examined: Any, tokenizer: Any, name: Any, recipe: dict[str, Any]) -> bool:
    """Print what the doctor says of this run, notes left out; false where the run must not start."""
    if not is_main_process():
        return True  # one process looks, for all
    report = doctor.examine(
        examined,
        tokenizer=tokenizer,
        recipe=recipe,
        model=name,
        own=True,
        lang=doctor.environment_language(),
    )
    if report.count("error") or report.count("warning"):
        width = min(100, shutil.get_terminal_size().columns)
        color = sys.stdout.isatty() and "NO_COLOR" not in os.environ
        say(report.to_text(width=width, color=color, notes=False))
    return report.exit_code() == 0


def import_trainer() -> None:
    """Import what a run is going to need: four fifths of the seconds before its first step.

    Explained in: sft.md#one-command
    """
    import trl

    _ = (trl.ModelConfig, trl.SFTConfig, trl.SFTTrainer, trl.TrlParser)  # trl imports at first use


def parse(argv: list[str]) -> tuple[SintoniaArguments, Any, Any]:
    """`(SintoniaArguments, SFTConfig, ModelConfig)` from flags over a recipe over this machine's defaults.

    Raises:
        InputError: a recipe that is not there or not YAML, an unknown field, a value out of range.

    Explained in: sft.md#one-command
    """
    from trl import ModelConfig, SFTConfig, TrlParser

    parser = TrlParser((SintoniaArguments, SFTConfig, ModelConfig), prog="sintonia sft", allow_abbrev=False)
    parser.set_defaults(**machine_defaults())
    argv = with_recipe(argv)
    parser.error = usage_error
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
    faults = [unknown_field(recipe, text, known) for text in of_recipe if text.startswith("--")]
    faults += [unknown_field("sintonia sft", text, known) for text in of_flags if text.startswith("--")]
    if of_flags and not faults:
        faults = [unknown_field("sintonia sft", of_flags[0], known)]
    if faults:
        raise InputError(faults)
    mine, config, model_config = parsed
    unknown = [lang for lang in mine.languages if lang not in LANGUAGES]
    if unknown:
        raise InputError(Fault("--languages", " ".join(unknown), " ".join(LANGUAGES)))
    return mine, config, model_config


def _quantization(model_config: Any, config: Any) -> dict[str, Any]:
    """What `load_model` must be told for `--load_in_4bit` or `--load_in_8bit`."""
    from trl import get_quantization_config

    if not (model_config.load_in_4bit or model_config.load_in_8bit):
        return {}
    # Each process of a launch holds the whole quantized model on its own GPU.
    device_map = {"": config.local_process_index}
    return {"quantization_config": get_quantization_config(model_config), "device_map": device_map}


def _trainer(name: Any, config: Any, model_config: Any, dataset: Any, tokenizer: Any, stop: Any) -> Any:
    import torch
    from transformers import ProgressCallback, TrainerCallback, set_seed
    from trl import SFTTrainer, get_peft_config

    class LossBar(ProgressCallback):
        """The progress bar with the falling loss at its end, in place of a line per log."""

        def on_log(self, args: Any, state: Any, control: Any, logs: Any = None, **_: Any) -> None:
            if self.training_bar is not None and "loss" in (logs or {}):
                self.training_bar.set_postfix(loss=f"{float(logs['loss']):.3f}")

    class Wrapped(TrainerCallback):
        """Processes that do not work together train models that differ."""

        def on_train_begin(self, args: Any, state: Any, control: Any, **_: Any) -> None:
            check_wrapper(trainer.model_wrapped, kind)

    class WatchedTrainer(SFTTrainer):
        """TRL's trainer, stopped by the first loss that is no number."""

        def _run_epoch(self, *known: Any, **named: Any) -> None:
            if self.state.global_step < self.state.max_steps:
                super()._run_epoch(*known, **named)
            else:  # gone on from the last step's checkpoint: transformers would make one step more
                self.control.should_training_stop = True

        def training_step(self, model: Any, inputs: Any, num_items_in_batch: Any = None) -> Any:
            loss = super().training_step(model, inputs, num_items_in_batch)
            check_finite(loss, inputs, self.state.global_step + 1)
            return loss

    class SupervisedTrainer(WatchedTrainer):
        """The same with `supervised_loss`: on a CPU, TRL scores every position, and twice."""

        def compute_loss(
            self, model: Any, inputs: Any, return_outputs: bool = False, num_items_in_batch: Any = None
        ) -> Any:
            loss = supervised_loss(model, inputs, num_items_in_batch)
            if self.args.average_tokens_across_devices and num_items_in_batch is not None:
                loss = loss * self.accelerator.num_processes  # DDP averages gradients over the processes
            return (loss, None) if return_outputs else loss

    if not torch.cuda.is_available():
        torch.set_num_threads(threads(config.world_size))
    set_seed(config.seed)
    options = {"dtype": model_config.dtype, "attn_implementation": model_config.attn_implementation}
    options |= {"trust_remote_code": config.trust_remote_code, **_quantization(model_config, config)}
    model = models.load_model(name, **{key: value for key, value in options.items() if value})
    model.config.use_cache = False
    peft_config = get_peft_config(model_config)
    plain = config.use_cpu and config.loss_type == "nll" and not config.label_smoothing_factor
    keeps = "logits_to_keep" in inspect.signature(model.forward).parameters
    trainer_class = SupervisedTrainer if plain and keeps else WatchedTrainer
    limit = config.save_total_limit
    if not config.load_best_model_at_end:
        config.save_total_limit = None  # older ones go when the newer one is sealed, not before
    trainer = trainer_class(
        model=model,
        args=config,
        train_dataset=dataset,
        processing_class=tokenizer,
        peft_config=peft_config,
    )
    adapter_for_float16(trainer.model, config)
    trainer.remove_callback(ProgressCallback)
    kind = config.distributed_state.distributed_type.value
    for callback in (LossBar(), Wrapped(), *watchers(stop, limit)):
        trainer.add_callback(callback)
    return trainer


if __name__ == "__main__":
    from sintonia.cli import main as command

    sys.exit(command(["sft", *sys.argv[1:]]))
