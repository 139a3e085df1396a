"""Supervised fine-tuning in plain PyTorch: all that `sintonia sft` does, written to be read.

    sintonia loop --config code/recipes/from-scratch.yaml
    sintonia loop --config code/recipes/cpu-lora.yaml --max_steps 2

Read `train` first. It is the whole method: predict, compare with the next token where the assistant
wrote it, and step. No trainer, no launcher, one process. In the data labels are never shifted; here they
are, by hand, because this file shows how. A test holds the losses equal to TRL's, to five decimals.
"""

from __future__ import annotations

import contextlib
import math
import random
import time
from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import Any

from sintonia import models, small_model
from sintonia.answers import choose
from sintonia.chat_templates import find_template
from sintonia.collation import collate, length_grouped_batches
from sintonia.comparison import course_rows
from sintonia.conversations import load_rows
from sintonia.errors import Fault, InputError, first_line
from sintonia.loop_recipes import COURSE, WITH_DRILLS, LoopArguments, parse
from sintonia.loss_masks import IGNORE_INDEX, encode
from sintonia.packing import check_packing, pack
from sintonia.reports import to_terminal
from sintonia.run_comparisons import compare_run
from sintonia.run_folders import Unfinished, describe_run, output_folder, save_run, say
from sintonia.truncation import truncate


def next_token_loss(model: Any, batch: dict[str, Any], divisor: int) -> Any:
    """The masked loss of a batch: how surprised the model is by each token that the assistant wrote.

    Args:
        batch: as `collate` makes it; `input_ids`, `labels` and the rest are each (batch, seq).
        divisor: supervised tokens to divide by: those of all batches that make one step.

    Returns:
        A scalar tensor, in nats a token.

    Explained in: from-scratch.md#the-loop
    """
    import torch

    read = {name: tensor for name, tensor in batch.items() if name != "labels"}
    logits = model(**read, use_cache=False).logits  # (batch, seq, vocabulary)
    guesses = logits[:, :-1]  # what is written at place i is a guess ...
    targets = batch["labels"][:, 1:]  # ... at the token of place i + 1: the shift, by hand
    graded = targets != IGNORE_INDEX  # (batch, seq - 1); what nobody grades has no term in the sum
    total = torch.nn.functional.cross_entropy(guesses[graded].float(), targets[graded], reduction="sum")
    return total / divisor


def train(
    model: Any,
    examples: list[dict[str, list[int]]],
    arguments: LoopArguments,
    pad_token_id: int,
    on_step: Callable[[int, int, float], None] | None = None,
) -> list[float]:
    """Change the model so that the replies in `examples` surprise it less.

    Args:
        model: anything that gives logits; only parameters that ask for gradients are changed.
        examples: conversations as `encode` makes them, or packs as `pack` does.
        on_step: called after each step with its number from 1, the number of all steps, and the loss.

    Returns:
        The loss of each step, before it was taken, in nats a supervised token.

    Explained in: from-scratch.md#the-loop
    """
    import torch

    torch.manual_seed(arguments.seed)  # dropout draws too
    plan = list(steps([len(example["input_ids"]) for example in examples], arguments))
    matrices = [p for p in model.parameters() if p.requires_grad and p.ndim > 1]
    vectors = [p for p in model.parameters() if p.requires_grad and p.ndim <= 1]  # norms and biases
    optimizer = torch.optim.AdamW(
        [
            {"params": matrices, "weight_decay": arguments.weight_decay},
            {"params": vectors, "weight_decay": 0.0},
        ],
        betas=(arguments.adam_beta1, arguments.adam_beta2),
        eps=arguments.adam_epsilon,
    )
    losses = []
    model.train()
    for number, step in enumerate(plan):
        for group in optimizer.param_groups:
            group["lr"] = learning_rate(number, len(plan), arguments)
        batches = [collate([examples[index] for index in batch], pad_token_id) for batch in step]
        # One divisor for the whole step: a mean of each batch's mean would weigh short batches too much.
        supervised = sum(int((batch["labels"] != IGNORE_INDEX).sum()) for batch in batches)
        losses.append(0.0)
        for batch in batches:
            batch = {name: tensor.to(model.device) for name, tensor in batch.items()}
            loss = next_token_loss(model, batch, max(1, supervised))
            loss.backward()  # adds to the gradients that are there
            losses[-1] += loss.item()
        if arguments.max_grad_norm:
            torch.nn.utils.clip_grad_norm_(matrices + vectors, arguments.max_grad_norm)
        optimizer.step()
        optimizer.zero_grad()
        if on_step:
            on_step(number + 1, len(plan), losses[-1])
    model.eval()
    return losses


def steps(lengths: list[int], arguments: LoopArguments) -> Iterator[list[list[int]]]:
    """The whole run as indices: each step a list of batches, each batch a list of examples.

    Example:
        >>> list(steps([3, 3, 3], LoopArguments(per_device_train_batch_size=2, num_train_epochs=1,
        ...                                     train_sampling_strategy="sequential")))
        [[[0, 1]], [[2]]]

    Explained in: from-scratch.md#the-loop
    """
    size, summed = arguments.per_device_train_batch_size, arguments.gradient_accumulation_steps
    an_epoch = math.ceil(math.ceil(len(lengths) / size) / summed)
    left = max(1, math.ceil(arguments.num_train_epochs * an_epoch))
    left = arguments.max_steps if arguments.max_steps > 0 else left
    epoch = 0
    while left > 0:
        seed = arguments.seed + epoch
        if arguments.train_sampling_strategy == "group_by_length":
            batches = length_grouped_batches(lengths, size, seed)
        else:
            order = list(range(len(lengths)))
            if arguments.train_sampling_strategy == "random":
                random.Random(seed).shuffle(order)
            batches = [order[first : first + size] for first in range(0, len(order), size)]
        for first in range(0, len(batches), summed):
            if left > 0:
                yield batches[first : first + summed]
                left -= 1
        epoch += 1


def learning_rate(step: int, steps: int, arguments: LoopArguments) -> float:
    """The learning rate of a step, from 0: up in a line while warming up, then down as the schedule says.

    Example:
        >>> arguments = LoopArguments(learning_rate=1.0, lr_scheduler_type="cosine", warmup_steps=2)
        >>> [round(learning_rate(step, 6, arguments), 3) for step in range(6)]
        [0.0, 0.5, 1.0, 0.854, 0.5, 0.146]

    Explained in: from-scratch.md#the-loop
    """
    kind, peak, warm = arguments.lr_scheduler_type, arguments.learning_rate, arguments.warmup_steps
    if kind == "constant":
        return peak
    warm = math.ceil(warm * steps) if warm < 1 else int(warm)
    if step < warm:
        return peak * step / warm
    if kind == "constant_with_warmup":
        return peak
    done = (step - warm) / max(1, steps - warm)
    return peak * (1 - done if kind == "linear" else (1 + math.cos(math.pi * done)) / 2)


def main(argv: list[str]) -> int:
    """Parse, encode, train, compare, save. Returns the exit code.

    Raises:
        InputError: a recipe, field, dataset, model or folder that cannot be used.

    Explained in: from-scratch.md#the-loop
    """
    started = time.monotonic()
    arguments = parse(argv)
    target = output_folder(arguments.output_dir, arguments.overwrite)
    scratch = arguments.model == small_model.SCRATCH
    name = str(small_model.base_folder(say=say)) if scratch else arguments.model
    say(models.describe(name))
    tokenizer = models.load_tokenizer(name)
    tokenizer.chat_template = find_template(arguments.chat_template, tokenizer)[1]
    examples = prepare(arguments, tokenizer)
    model = _trainable(models.load_model(name), arguments)
    if arguments.packing:
        check_packing(model, use_cache=False, batch_size=arguments.per_device_train_batch_size)
    with Unfinished(target) as folder:
        began, log = time.monotonic(), []
        with _logged(arguments, log) as on_step:
            # Any id will do for padding, because it is known by its place.
            losses = train(model, examples, arguments, tokenizer.pad_token_id or 0, on_step)
        record = describe_run(
            name,
            arguments,
            SimpleNamespace(log_history=log),
            data=arguments.data,
            conversations=sum(len(example.get("seq_lengths", [0])) for example in examples),
            train_loss=sum(losses) / len(losses),
            train_seconds=round(time.monotonic() - began, 1),
        )
        comparison = None
        if arguments.compare_after:
            asked = choose(course_rows("test", arguments.languages), arguments.compare_prompts)
            comparison = compare_run(name, model, tokenizer, asked, record)
        record["seconds"] = round(time.monotonic() - started, 1)
        save_run(folder, model, tokenizer, record, comparison, arguments)
    if comparison:
        say(to_terminal(comparison))
    say(f"saved: {target}  ({record['seconds']:.0f} s)")
    say(f"next:  sintonia chat --model {target}")
    return 0


def prepare(arguments: LoopArguments, tokenizer: Any) -> list[dict[str, list[int]]]:
    """The examples that a recipe asks for: read, encoded, cut to `max_length` and, if it says so, packed.

    Raises:
        InputError: data that cannot be read, or in which nothing is left to learn.

    Explained in: from-scratch.md#the-loop
    """
    course = arguments.data in (COURSE, WITH_DRILLS)
    rows = course_rows("train", arguments.languages) if course else list(load_rows(arguments.data))
    if arguments.data == WITH_DRILLS:
        rows += small_model.drills(small_model.DRILLS, arguments.languages, arguments.seed)
    examples = encode([row["messages"] for row in rows], tokenizer)
    tokens = sum(len(example["input_ids"]) for example in examples)
    supervised = sum(sum(example["assistant_mask"]) for example in examples)
    say(
        f"data: {arguments.data}, {len(rows)} conversations, {tokens} tokens, {supervised} of them supervised"
    )
    if arguments.max_length:
        examples, cut = truncate(examples, arguments.max_length, "keep_start")
        if cut:
            say(f"warning: {cut}")
    examples = [example for example in examples if any(example["assistant_mask"])]
    if not examples:
        raise InputError(Fault(arguments.data, "no supervised token", "assistant turns within max_length"))
    return pack(examples, arguments.max_length) if arguments.packing else examples


def _trainable(model: Any, arguments: LoopArguments) -> Any:
    """The model where it will be trained, under a fresh LoRA adapter if the recipe wants one."""
    import torch

    torch.manual_seed(arguments.seed)  # of the adapter's first weights
    if arguments.use_peft:
        from peft import LoraConfig

        modules = arguments.lora_target_modules
        try:
            config = LoraConfig(
                task_type="CAUSAL_LM",
                r=arguments.lora_r,
                lora_alpha=arguments.lora_alpha,
                lora_dropout=arguments.lora_dropout,
                target_modules="all-linear" if modules == ["all-linear"] else modules,
            )
            model = models.attach_lora(model, config)
        except ValueError as error:
            raise InputError(Fault("lora settings", first_line(error), "ones that peft takes")) from None
    return model.to("cuda" if torch.cuda.is_available() else "cpu")


@contextlib.contextmanager
def _logged(arguments: LoopArguments, log: list[dict[str, Any]]) -> Iterator[Callable]:
    """An `on_step` that moves a progress bar, and records mean losses as the Trainer does."""
    from tqdm import tqdm

    since: list[float] = []
    with tqdm(desc="steps", dynamic_ncols=True) as bar:

        def on_step(number: int, steps: int, loss: float) -> None:
            bar.total = steps
            bar.set_postfix(loss=f"{loss:.3f}", refresh=False)
            bar.update()
            since.append(loss)
            if number % arguments.logging_steps == 0 or (number == 1 and arguments.logging_first_step):
                log.append({"step": number, "loss": sum(since) / len(since)})
                since.clear()

        yield on_step
