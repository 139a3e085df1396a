"""Every recipe says what it costs, is read by `sintonia sft`, and makes a step on a tiny model."""

from __future__ import annotations

import math

import pytest
import yaml

from sintonia import InputError, models, training_data
from sintonia import sft as training
from sintonia.chat_templates import find_template
from sintonia.run_watch import StopRequest
from sintonia.starting import adapter_for_float16, refuse_remote_code, without_collection

FULL = ("cpu-full.yaml", "gpu-full.yaml")
LORA = ("cpu-lora.yaml", "colab-t4-lora.yaml", "colab-t4-qlora.yaml", "gpu-lora-8b.yaml")
GPU = ("gpu-full.yaml", *LORA[1:])
HEAD = ("# command:", "# time:", "# memory:", "# hardware:")
# What only a GPU can do is left out of the dry run; everything else is the recipe's own.
ON_CPU = ["--use_cpu", "true", "--bf16", "false", "--fp16", "false", "--load_in_4bit", "false"]
ON_CPU += ["--dtype", "float32", "--max_steps", "1", "--save_strategy", "no", "--max_length", "256"]


@pytest.fixture(scope="module")
def folder(root):
    return root / "code" / "recipes"


def parsed(path, *flags):
    return training.parse(["--config", str(path), *map(str, flags)])


def test_every_recipe_is_looked_at(folder):
    assert {path.name for path in folder.glob("*.yaml")} == {*FULL, *LORA, "from-scratch.yaml"}


@pytest.mark.parametrize("name", [*FULL, *LORA])
def test_its_head_says_how_long_how_much_and_on_what(folder, name):
    comments = [line for line in (folder / name).read_text("utf-8").splitlines() if line.startswith("#")]
    for word in HEAD:
        assert sum(line.startswith(word) for line in comments) == 1, word
    assert f"code/recipes/{name}" in "".join(comments)


@pytest.mark.parametrize("name", [*FULL, *LORA])
def test_it_makes_a_step_on_a_tiny_model(folder, name, tiny_folder, tmp_path):
    rows = training.course_rows("train", ["en"])[:16]
    flags = ["--model", tiny_folder, "--output_dir", tmp_path / "out", *ON_CPU]
    mine, config, model_config = parsed(folder / name, *flags)
    tokenizer = models.load_tokenizer(tiny_folder)
    dataset = training_data.build_dataset(rows, tokenizer, find_template("smollm2")[1])
    trainer = training._trainer(str(tiny_folder), config, model_config, dataset, tokenizer, StopRequest())
    trained = [path for path, parameter in trainer.model.named_parameters() if parameter.requires_grad]
    assert all("lora_" in path for path in trained) is (name in LORA)
    done = trainer.train()
    assert done.global_step == 1 and math.isfinite(done.training_loss) and done.training_loss > 0


@pytest.mark.parametrize("name", GPU)
def test_a_gpu_recipe_is_refused_without_one_before_anything_is_fetched(folder, name, run, monkeypatch):
    monkeypatch.setattr("torch.cuda.is_available", lambda: False)
    done = run("sft", "--config", folder / name)
    assert done.code == 2 and not done.out
    assert f"{name}: found no GPU; expected one, as the recipe says" in done.err
    assert "--use_cpu true" in done.err


@pytest.mark.parametrize("name", GPU)
def test_its_fields_are_what_the_run_is_given(folder, name):
    written = yaml.safe_load((folder / name).read_text("utf-8"))
    read = dict(pair for of in parsed(folder / name, "--use_cpu", "true") for pair in vars(of).items())
    shown = {"use_cpu": False, "lora_target_modules": [read["lora_target_modules"]]}
    assert {field: shown.get(field, read[field]) for field in written} == written
    assert read["fp16"] is not read["bf16"]


# ------------------------------------------------------------------ quantization


def test_four_bits_without_what_they_need_say_what_is_missing(run, tiny_folder, tmp_path, monkeypatch):
    from sintonia import starting

    monkeypatch.setattr(starting, "_cuda", lambda: False)
    monkeypatch.setattr(starting.importlib.util, "find_spec", lambda name: None)
    flags = ("--model", tiny_folder, "--output_dir", tmp_path / "out", "--use_peft", "false")
    done = run("sft", *flags, "--load_in_4bit", "true")
    assert done.code == 2 and not (tmp_path / "out").exists()
    assert "--load_in_4bit: found full fine-tuning; expected --use_peft true" in done.err
    assert "--load_in_4bit: found no CUDA GPU" in done.err
    assert "--load_in_4bit: found no bitsandbytes" in done.err


def test_four_bits_reach_the_loader(folder, monkeypatch):
    """What TRL makes of the fields needs bitsandbytes, so it is pretended here."""
    flags = ["--use_cpu", "true", "--bf16", "false", "--fp16", "false"]
    _, config, model_config = parsed(folder / "colab-t4-qlora.yaml", *flags)
    asked = {}
    monkeypatch.setattr("trl.get_quantization_config", lambda given: {"load_in_4bit": given.load_in_4bit})

    def load(name, **options):
        asked.update(options)
        raise InputError([])

    monkeypatch.setattr(models, "load_model", load)
    with pytest.raises(InputError):
        training._trainer("any", config, model_config, None, None, StopRequest())
    assert asked["quantization_config"] == {"load_in_4bit": True}
    assert asked["device_map"] == {"": 0} and asked["dtype"] == "float16"


def test_under_float16_an_adapter_in_bfloat16_becomes_float32():
    import torch

    class Config:
        fp16 = True

    model = torch.nn.Sequential(torch.nn.Linear(2, 2), torch.nn.Linear(2, 2)).bfloat16()
    model[0].requires_grad_(False)
    adapter_for_float16(model, Config)
    assert model[0].weight.dtype == torch.bfloat16 and model[1].weight.dtype == torch.float32


# ------------------------------------------------------------------ remote code


@pytest.mark.parametrize(
    "field",
    ["trust_remote_code: true", "model_init_kwargs: {trust_remote_code: true}", "trust-remote-code: 'yes'"],
)
def test_a_recipe_may_not_ask_for_remote_code(tmp_path, field):
    path = tmp_path / "recipe.yaml"
    path.write_text(f"max_steps: 2\n{field}\n", "utf-8")
    with pytest.raises(InputError, match="trust_remote_code") as caught:
        parsed(path)
    assert str(path) in str(caught.value)


def test_the_command_line_may(tmp_path):
    path = tmp_path / "recipe.yaml"
    path.write_text("trust_remote_code: true\n", "utf-8")
    _, config, _ = parsed(path, "--trust_remote_code", "true")
    assert config.trust_remote_code is True
    path.write_text("trust_remote_code: false\n", "utf-8")  # as a saved recipe says
    assert parsed(path)[1].trust_remote_code is False
    refuse_remote_code({"trust_remote_code": True}, "a.yaml", ["--trust-remote-code=true"])


def test_nothing_trusts_remote_code_by_itself(tmp_path):
    path = tmp_path / "recipe.yaml"
    path.write_text("max_steps: 2\n", "utf-8")
    assert parsed(path)[1].trust_remote_code is False


def test_garbage_is_looked_for_again_after_an_error():
    import gc

    with pytest.raises(ZeroDivisionError), without_collection():
        assert not gc.isenabled()
        1 / 0  # noqa: B018
    assert gc.isenabled()
