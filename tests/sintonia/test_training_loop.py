"""The loop is the same training as TRL's, step by step; it writes the same folder; it refuses by name."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
import yaml

from sintonia import InputError, collate, encode, labels, models, pack, small_model
from sintonia.loop_recipes import SCHEDULES, LoopArguments, parse
from sintonia.training_loop import learning_rate, next_token_loss, prepare, steps, train

QUICK = (
    "--max_steps",
    "2",
    "--per_device_train_batch_size",
    "2",
    "--logging_steps",
    "1",
    "--languages",
    "en",
)


def refused(argv) -> list[str]:
    with pytest.raises(InputError) as caught:
        parse([str(part) for part in argv])
    return str(caught.value).splitlines()


@pytest.fixture
def model(tiny_folder):
    """A fresh tiny model, because the tests change it."""
    return models.load_model(tiny_folder)


@pytest.fixture(scope="session")
def examples(tiny, course):
    rows = [course["train", lang][number] for number in (0, 9, 37) for lang in ("pt", "zh")]
    return encode([row["messages"] for row in rows], tiny[1])


# ------------------------------------------------------------------ the same loss, the same steps


def trl_losses(folder, examples, tmp_path, **settings) -> tuple[list[float], object]:
    """The loss of each batch in a real SFTTrainer, unrounded, and its model after training."""
    from datasets import Dataset
    from trl import SFTConfig, SFTTrainer

    class Watched(SFTTrainer):
        def compute_loss(self, *args, **kwargs):
            result = super().compute_loss(*args, **kwargs)
            seen.append((result[0] if isinstance(result, tuple) else result).item())
            return result

    seen: list[float] = []
    config = SFTConfig(
        output_dir=str(tmp_path / "trl"),
        use_cpu=True,
        bf16=False,
        activation_checkpointing=False,
        report_to="none",
        save_strategy="no",
        disable_tqdm=True,
        dataloader_pin_memory=False,
        **settings,
    )
    rows = {"input_ids": [row["input_ids"] for row in examples], "labels": [labels(row) for row in examples]}
    trainer = Watched(
        model=models.load_model(folder),
        args=config,
        train_dataset=Dataset.from_dict(rows),
        processing_class=models.load_tokenizer(folder),
    )
    trainer.train()
    return seen, trainer.model


def test_the_loss_of_a_batch_is_trls(tiny_folder, model, examples, tmp_path):
    import torch

    count = len(examples)
    theirs, _ = trl_losses(
        tiny_folder, examples, tmp_path, max_steps=1, per_device_train_batch_size=count, learning_rate=0.0
    )
    batch = collate(examples, 77)
    supervised = int((batch["labels"] != -100).sum())
    with torch.no_grad():
        ours = next_token_loss(model, batch, supervised).item()
        own = model(**batch).loss.item()
    assert ours == pytest.approx(theirs[0], abs=1e-5)
    assert ours == pytest.approx(own, abs=1e-5)
    assert ours > 1


@pytest.mark.parametrize("summed", [1, 2])
def test_five_steps_are_trls(tiny_folder, model, examples, tmp_path, summed):
    import torch

    settings = {
        "max_steps": 5,
        "per_device_train_batch_size": 4 // summed,
        "gradient_accumulation_steps": summed,
        "learning_rate": 1e-2,
        "lr_scheduler_type": "cosine",
        "warmup_steps": 2,
        "weight_decay": 0.1,
        "max_grad_norm": 0.5,
        "train_sampling_strategy": "sequential",
    }
    theirs, their_model = trl_losses(tiny_folder, examples, tmp_path, **settings)
    ours = train(model, examples, LoopArguments(**settings), pad_token_id=2)
    batches = [len(step) for step in steps([1] * len(examples), LoopArguments(**settings))]
    summed_up = [sum(theirs[sum(batches[:n]) : sum(batches[: n + 1])]) for n in range(5)]
    assert ours == pytest.approx(summed_up, abs=1e-5)
    assert ours[4] < ours[0] - 0.5
    for (name, mine), other in zip(model.named_parameters(), their_model.parameters(), strict=True):
        assert torch.allclose(mine, other, atol=1e-4), name


def test_labels_shifted_before_are_shifted_twice(model, examples):
    import torch

    batch = collate(examples, 0)
    with torch.no_grad():
        once = next_token_loss(model, batch, 1)
        batch["labels"] = torch.roll(batch["labels"], -1, dims=1)
        twice = next_token_loss(model, batch, 1)
    assert abs(once - twice) > 1


def test_a_step_is_the_same_in_one_batch_in_several_and_packed(model, tiny_folder, examples):
    together = LoopArguments(per_device_train_batch_size=6, max_steps=1)
    ways = {
        "one by one": (
            examples,
            replace(together, per_device_train_batch_size=1, gradient_accumulation_steps=6),
        ),
        "packed": (pack(examples, 400), replace(together, per_device_train_batch_size=9)),
    }
    [expected] = train(model, examples, together, pad_token_id=2)
    for way, (rows, arguments) in ways.items():
        [found] = train(models.load_model(tiny_folder), rows, arguments, pad_token_id=2)
        assert found == pytest.approx(expected, abs=1e-4), way


def test_only_the_adapter_changes(tiny_folder, examples):
    import torch
    from peft import LoraConfig

    before = models.load_model(tiny_folder)
    model = models.attach_lora(models.load_model(tiny_folder), LoraConfig(r=4, target_modules="all-linear"))
    losses = train(
        model, examples, LoopArguments(max_steps=8, learning_rate=0.02, per_device_train_batch_size=6), 2
    )
    assert losses[-1] < losses[0]
    base = model.unload()
    for (name, one), other in zip(before.named_parameters(), base.parameters(), strict=True):
        assert torch.equal(one, other), name


# ------------------------------------------------------------------ steps and learning rates


@pytest.mark.parametrize("kind", SCHEDULES)
@pytest.mark.parametrize("warm", [0, 3, 0.25])
def test_the_schedules_are_those_of_transformers(kind, warm):
    import torch
    from transformers import get_scheduler

    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=0.5)
    warmup = {0: 0, 3: 3, 0.25: 3}[warm]
    scheduler = get_scheduler(kind, optimizer, num_warmup_steps=warmup, num_training_steps=12)
    arguments = LoopArguments(learning_rate=0.5, lr_scheduler_type=kind, warmup_steps=warm)
    for step in range(12):
        assert learning_rate(step, 12, arguments) == pytest.approx(scheduler.get_last_lr()[0]), step
        optimizer.step()
        scheduler.step()


def test_a_run_is_planned_whole():
    plan = list(
        steps(
            [5] * 5,
            LoopArguments(
                per_device_train_batch_size=2, gradient_accumulation_steps=2, num_train_epochs=2, seed=1
            ),
        )
    )
    assert [[len(batch) for batch in step] for step in plan] == [[2, 2], [1]] * 2
    epochs = [sorted(sum(plan[0] + plan[1], [])), sorted(sum(plan[2] + plan[3], []))]
    assert epochs == [[0, 1, 2, 3, 4]] * 2
    assert plan[:2] != plan[2:]  # another order each time


@pytest.mark.parametrize(("changes", "count"), [({"max_steps": 7}, 7), ({"num_train_epochs": 0.5}, 2)])
def test_how_many_steps(changes, count):
    for sampling in ("random", "sequential", "group_by_length"):
        arguments = LoopArguments(per_device_train_batch_size=1, train_sampling_strategy=sampling, **changes)
        assert len(list(steps([3, 1, 2], arguments))) == count


# ------------------------------------------------------------------ recipes


def test_every_recipe_for_a_cpu_is_understood(root):
    paths = sorted((root / "code" / "recipes").glob("*.yaml"))
    found, refused = {}, {}
    for path in paths:
        try:
            found[path.name] = parse(["--config", str(path)])
        except InputError as error:
            refused[path.name] = error
    assert found["cpu-lora.yaml"].use_peft and found["cpu-lora.yaml"].lora_target_modules == ["all-linear"]
    assert {"cpu-full.yaml", "cpu-lora.yaml", "from-scratch.yaml"} <= set(found)
    # The loop is plain float32: it says so of every field that chooses a GPU's precision.
    assert refused and all("sintonia sft" in str(error) for error in refused.values())
    assert all("use_cpu: false" in (path.read_text("utf-8")) for path in paths if path.name in refused)
    assert found["from-scratch.yaml"].model == small_model.SCRATCH
    assert not found["from-scratch.yaml"].use_peft


def test_defaults_are_trls():
    from trl import ModelConfig, SFTConfig

    theirs = {**SFTConfig.__dataclass_fields__, **ModelConfig.__dataclass_fields__}
    ours = LoopArguments.__dataclass_fields__
    assert set(ours) - set(theirs) == {
        *("model", "data", "languages", "chat_template", "overwrite", "compare_after"),
        "compare_prompts",
    }
    for name in set(ours) & set(theirs):
        default = theirs[name].default
        assert ours[name].default == getattr(default, "value", default), name


def test_flags_win_over_the_recipe(tmp_path):
    recipe = tmp_path / "r.yaml"
    recipe.write_text("learning_rate: 1e-3\nmax_length: null\nlanguages: pt\nseed: 7\n")
    arguments = parse(["--config", str(recipe), "--seed", "8", "--use_peft", "--packing", "false"])
    assert (arguments.learning_rate, arguments.max_length, arguments.languages) == (1e-3, None, ["pt"])
    assert (arguments.seed, arguments.use_peft, arguments.packing) == (8, True, False)


def test_what_the_loop_does_not_know_is_refused_by_name(tmp_path):
    recipe = tmp_path / "r.yaml"
    recipe.write_text("bf16: true\nlearning_rates: 1\nlora_r: 0\nseed: x\npacking: 3\nlanguages: [fr]\n")
    assert refused(["--config", recipe]) == [
        f"{recipe}: found the field 'bf16'; expected one that sintonia loop knows; "
        "leave it out, or use sintonia sft",
        f"{recipe}: found the field 'learning_rates'; expected one that sintonia loop knows; "
        "did you mean learning_rate?",
        f"{recipe}: found lora_r: 0; expected at least 1",
        f"{recipe}: found seed: 'x'; expected a whole number",
        f"{recipe}: found packing: 3; expected true or false",
        f"{recipe}: found languages: ['fr']; expected pt or es or zh or en",
    ]
    assert "unrecognized arguments: --deepspeed" in refused(["--deepspeed", "ds.json"])[0]
    assert refused(["--seed", "1.5"]) == ["sintonia loop: found seed: '1.5'; expected a whole number"]


def test_a_recipe_that_cannot_be_read_is_refused(tmp_path, run):
    broken = tmp_path / "broken.yaml"
    broken.write_text("seed: 1\n  x: [\n")
    empty = tmp_path / "empty.yaml"
    empty.write_text("- seed\n")
    assert "no such file" in refused(["--config", tmp_path / "none.yaml"])[0]
    assert "a directory" in refused(["--config", tmp_path])[0]
    assert refused(["--config", broken])[0].startswith(f"{broken}:2: found invalid YAML")
    assert "no fields" in refused(["--config", empty])[0]
    done = run("loop", "--config", broken)
    assert (done.code, done.out) == (2, "") and done.err.startswith("sintonia: ")


# ------------------------------------------------------------------ the command


def test_a_lora_run_leaves_the_folder_that_sft_leaves(run, tiny_folder, trained_folder, root, tmp_path):
    target = tmp_path / "runs" / "loop"
    recipe = root / "code" / "recipes" / "cpu-lora.yaml"
    done = run("loop", "--config", recipe, "--model", tiny_folder, "--output_dir", target, *QUICK)
    assert done.code == 0, done.err
    assert {path.name for path in target.iterdir()} == {path.name for path in trained_folder.iterdir()}
    assert [path.name for path in target.parent.iterdir()] == ["loop"]
    ours, theirs = (json.loads((folder / "run.json").read_text()) for folder in (target, trained_folder))
    assert set(ours) >= set(theirs) - {"findings", "doctor", "resumed_after"}
    assert [step for step, _ in ours["losses"]] == [1, 2]
    before, after = ours["scores"]["en"]
    assert after["response_loss"] < before["response_loss"]
    saved = yaml.safe_load((target / "recipe.yaml").read_text("utf-8"))
    assert (saved["max_steps"], saved["lora_r"], saved["seed"]) == (2, 16, 42)
    assert done.out.splitlines()[-1] == f"next:  sintonia chat --model {target}"
    again = run("loop", "--model", tiny_folder, "--output_dir", target, *QUICK)
    assert again.code == 2 and "--overwrite" in again.err


def test_the_recipe_that_a_run_saves_makes_the_same_run(run, tiny_folder, tmp_path):
    options = ("--compare_after", "false", "--output_dir")
    first = run("loop", "--model", tiny_folder, "--learning_rate", "0.01", *QUICK, *options, tmp_path / "a")
    assert first.code == 0, first.err
    second = run("loop", "--config", tmp_path / "a" / "recipe.yaml", "--output_dir", tmp_path / "b")
    assert second.code == 0, second.err
    weights = [(tmp_path / name / "model.safetensors").read_bytes() for name in "ab"]
    assert weights[0] == weights[1]
    assert weights[0] != (tiny_folder / "model.safetensors").read_bytes()


def test_from_scratch_in_small(run, monkeypatch, tmp_path, course):
    quick = small_model.Making(vocabulary=300, hidden=32, layers=1, echo_steps=1, steps=3, batch=2, window=16)
    monkeypatch.setattr(small_model, "Making", lambda: quick)
    monkeypatch.setattr(small_model, "DRILLS", 2)
    monkeypatch.setenv("SINTONIA_CACHE", str(tmp_path / "cache"))
    target = tmp_path / "run"
    done = run("loop", "--model", "scratch", "--data", "course+drills", "--output_dir", target, *QUICK)
    assert done.code == 0, done.err
    assert done.out.startswith("making a base model: ")
    assert f"data: course+drills, {len(course['train', 'en']) + 2} conversations" in done.out
    base = models.base_of(target)
    assert models.load_model(target).config.hidden_size == models.load_model(base).config.hidden_size == 32
    assert json.loads((target / "run.json").read_text())["scores"]["en"][1]["prompts"] > 0
    # No path of this machine is shown, and no more prompts are asked than the recipe says.
    assert f"model: {Path(base).name} (made from the course's text)" in done.out.splitlines()
    card = (target / "README.md").read_text("utf-8")
    assert f'base_model: "{Path(base).name}"' in card and "sintonia loop --model scratch" in card
    assert str(tmp_path) not in card + (target / "report.md").read_text("utf-8")
    assert json.loads((target / "run.json").read_text())["scores"]["en"][1]["prompts"] == 10


def test_packs_go_through_the_command(run, tiny_folder, tmp_path, course):
    done = run(
        *("loop", "--model", tiny_folder, "--packing", "true", "--max_length", "256", *QUICK),
        *("--compare_after", "false", "--output_dir", tmp_path / "run"),
    )
    assert done.code == 0, done.err
    record = json.loads((tmp_path / "run" / "run.json").read_text())
    assert record["conversations"] <= len(course["train", "en"]) and len(record["losses"]) == 2


def test_nothing_is_left_of_a_run_that_fails(run, tiny_folder, tmp_path, monkeypatch):
    from sintonia import training_loop

    def burst(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr(training_loop, "next_token_loss", burst)
    done = run("loop", "--model", tiny_folder, "--output_dir", tmp_path / "runs" / "x", *QUICK)
    assert done.code == 130
    assert not (tmp_path / "runs").exists()


def test_lora_settings_that_peft_refuses(run, tiny_folder, tmp_path):
    done = run(
        *("loop", "--model", tiny_folder, "--use_peft", "true", "--lora_target_modules", "nothing"),
        *("--output_dir", tmp_path / "run", *QUICK),
    )
    assert done.code == 2 and "lora settings" in done.err
    assert not (tmp_path / "run").exists()


def test_what_is_cut_is_said_and_what_is_emptied_is_left_out(tiny, rows_file, capsys):
    rows = [
        {"messages": [{"role": "user", "content": "a" * n}, {"role": "assistant", "content": "b" * 9}]}
        for n in (1, 400)
    ]
    path = rows_file(*rows)
    examples = prepare(LoopArguments(data=str(path), max_length=200), tiny[1])
    assert len(examples) == 1
    assert "warning: 1 of 2 rows cut" in capsys.readouterr().out
    with pytest.raises(InputError, match="no supervised token"):
        prepare(LoopArguments(data=str(path), max_length=3), tiny[1])
