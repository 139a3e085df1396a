"""`benchmarks/train.py` and `benchmarks/gpu.py`, their parts tried on a tiny model on a CPU."""

from __future__ import annotations

import importlib.util
import json
import sys

import pytest

from sintonia import models, training_data


@pytest.fixture(scope="module")
def script(root):
    """`script(name)` -> a file of benchmarks/ as a module."""
    sys.path.insert(0, str(root / "benchmarks"))

    def load(name):
        spec = importlib.util.spec_from_file_location(f"benchmark_{name}", root / "benchmarks" / f"{name}.py")
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        return module

    yield load
    sys.path.remove(str(root / "benchmarks"))


# ------------------------------------------------------------------ train.py


def test_every_trainer_sees_the_same_rows_and_ours_goes_on_where_it_stopped(script, tiny_folder, tmp_path):
    train = script("train")
    argv = ["--model", str(tiny_folder), "--rows", "8", "--rounds", "1", "--out", str(tmp_path)]
    assert train.main(argv) == 0
    result = json.loads((tmp_path / "results.json").read_text("utf-8"))
    assert len(result["cells"]) == len(train.SETTINGS) * len(train.KINDS)
    for kind in train.KINDS:
        of_kind = {cell["setting"]: cell for cell in result["cells"] if cell["kind"] == kind}
        whole = {cell["tokens"] for name, cell in of_kind.items() if name != train.DEFAULTS}
        assert len(whole) == 1
        assert all(cell["cpu_seconds"] > 0 for cell in of_kind.values())
        grouped, mine = of_kind["TRL, the same, group_by_length"], of_kind[train.OURS]
        assert mine["losses"] == pytest.approx(grouped["losses"], rel=1e-5)
    page = (tmp_path / "README.md").read_text("utf-8")
    assert all(page.count(f"| {setting} |") == 2 for setting in train.SETTINGS)
    assert train.main(argv) == 0
    assert json.loads((tmp_path / "results.json").read_text("utf-8"))["cells"] == result["cells"]


def test_prompt_heavy_rows_are_mostly_prompt(script):
    train = script("train")
    shares = {}
    for kind in train.KINDS:
        rows = train.rows_of(kind, 8)
        turns = [turn for row in rows for turn in row["messages"]]
        answers = sum(len(turn["content"]) for turn in turns if turn["role"] == "assistant")
        shares[kind] = answers / sum(len(turn["content"]) for turn in turns)
        assert {row["lang"] for row in rows} == {"pt", "es", "zh", "en"}
    assert shares["prompt-heavy"] < 0.25 < shares["short"]


def test_our_gradients_are_those_of_the_plain_loss(script, tiny_folder, tmp_path):
    """A whole batch as the trainer collates it: padding, prompts and all; 1e-6 of the gradient's length."""
    import torch

    from sintonia.chat_templates import find_template

    train = script("train")
    tokenizer = models.load_tokenizer(tiny_folder)
    rows = train.rows_of("prompt-heavy", 8)
    dataset = training_data.build_dataset(rows, tokenizer, find_template("smollm2")[1])
    trainer = train.ours(train.OURS, dataset, tokenizer, tiny_folder, str(tmp_path / "out"))
    model = trainer.model.double().train()
    batch = next(iter(trainer.get_train_dataloader()))
    count = (batch["labels"] != -100).sum()
    found = []
    for loss_of in (
        lambda: trainer.compute_loss(model, dict(batch), num_items_in_batch=count),
        lambda: model(**batch, use_cache=False).loss,
    ):
        model.zero_grad()
        loss = loss_of()
        loss.backward()
        parts = [part.grad.flatten() for part in model.parameters() if part.grad is not None]
        found.append((loss.item(), torch.cat(parts)))
    (ours, mine), (plain, theirs) = found
    assert ours == pytest.approx(plain, rel=1e-6)
    assert theirs.norm() > 0 and (mine - theirs).norm() <= 1e-6 * theirs.norm()


# ------------------------------------------------------------------ gpu.py


@pytest.fixture
def on_cpu(script):
    gpu = script("gpu")
    flags = ["--shape", "tiny", "--device", "cpu", "--length", "64", "--rows", "2", "--steps", "1"]
    return gpu, gpu.parser().parse_args(flags)


def test_a_setting_trains_packed_and_counts_its_tokens(on_cpu):
    gpu, options = on_cpu
    stock, ours = gpu.settings(options)
    assert (stock["trainer"], stock["packing"]) == ("TRL", False)
    assert (ours["trainer"], ours["packing"]) == ("sintonia", True)
    measured = gpu.measure(ours, options)
    assert measured["tokens_per_second"] > 0 and measured["loss"] > 0
    assert "mfu" not in measured  # which is a claim about a GPU


def test_what_is_not_installed_is_named(on_cpu, monkeypatch):
    gpu, options = on_cpu
    monkeypatch.setattr(gpu.importlib.util, "find_spec", lambda name: None)
    setting = {"trainer": "sintonia", "attention": "flash_attention_2", "packing": True, "with": ""}
    assert gpu.in_a_process(setting, []) == {"failed": "flash_attn is not installed"}
    assert gpu.in_a_process({**setting, "attention": "sdpa", "with": "liger"}, []) == {
        "failed": "liger_kernel is not installed"
    }


def test_options_multiply_the_settings(script):
    gpu = script("gpu")
    options = gpu.parser().parse_args(["--attention", "sdpa", "flex_attention", "--liger", "--compile"])
    chosen = [(one["attention"], one["with"]) for one in gpu.settings(options)[1:]]
    assert chosen == [
        (kind, extra) for kind in ("sdpa", "flex_attention") for extra in ("", "liger", "compile")
    ]


def test_the_arithmetic_of_a_token(script):
    gpu = script("gpu")
    config = gpu.llama("135M")
    assert gpu.flops_a_token(134_515_008, config, 0) == 6 * 134_515_008
    assert gpu.flops_a_token(0, config, 100) == 12 * 30 * 576 * 100
    assert 50 < gpu.mean_attended() < 350


def test_a_table_says_what_failed_and_how_many_times_faster(script):
    gpu = script("gpu")
    cell = {"attention": "sdpa", "with": ""}
    cells = [
        {"trainer": "TRL", **cell, "tokens_per_second": 100.0, "peak_bytes": 2**30},
        {"trainer": "sintonia", **cell, "tokens_per_second": 250.0, "peak_bytes": 2**31, "mfu": 0.456},
        {"trainer": "sintonia", **cell, "with": "liger", "failed": "liger_kernel is not installed"},
    ]
    result = {"conditions": {}, "shape": "135M", "rows": 8, "length": 2048, "steps": 20, "cells": cells}
    page = gpu.as_markdown(result)
    assert "| sintonia | sdpa |  | 250 | 45.6% | 2.0 GiB | 2.50 |" in page
    assert "| sintonia | sdpa | liger | liger_kernel is not installed |" in page


def test_without_a_gpu_nothing_is_written(script, tmp_path, monkeypatch, capsys):
    gpu = script("gpu")
    monkeypatch.setattr(gpu, "in_a_process", lambda setting, arguments: {"failed": "no CUDA GPU"})
    assert gpu.main(["--out", str(tmp_path / "gpu")]) == 1
    assert not (tmp_path / "gpu").exists()
    assert "nothing written" in capsys.readouterr().err
