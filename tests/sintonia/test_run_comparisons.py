"""Runs of one recipe with several seeds: one command, one report, and no second model in memory."""

from __future__ import annotations

import json
import shutil

import pytest

from sintonia import InputError, models
from sintonia.comparison import course_rows
from sintonia.run_comparisons import base_answers, base_of_runs, compare_folders


@pytest.fixture(scope="module")
def second(trained_folder, tmp_path_factory):
    """Another run of the recipe: the same adapter, but for its seed and a scaled weight."""
    import torch
    from safetensors.torch import load_file, save_file

    folder = tmp_path_factory.mktemp("second") / "two-steps-more"
    shutil.copytree(trained_folder, folder)
    weights = load_file(folder / "adapter_model.safetensors")
    torch.manual_seed(1)
    moved = {name: weight + 0.2 * torch.randn_like(weight) for name, weight in weights.items()}
    save_file(moved, folder / "adapter_model.safetensors")
    record = json.loads((folder / "run.json").read_text("utf-8"))
    (folder / "run.json").write_text(json.dumps({**record, "seed": 7}), "utf-8")
    return folder


def count_loads(monkeypatch) -> list[str]:
    """Names of the models that are loaded from now on."""
    loaded = []
    real = models.load_model

    def load_model(name=None, **options):
        loaded.append(str(name))
        return real(name, **options)

    monkeypatch.setattr(models, "load_model", load_model)
    return loaded


def test_compare_two_seeds(run, trained_folder, second, tmp_path):
    out = tmp_path / "report.json"
    done = run(
        *("compare", "--tuned", trained_folder, second, "--lang", "en", "--prompts", "3"),
        *("--max-new-tokens", "3", "--out", out),
    )
    assert done.code == 0, done.err
    assert "two-steps-more" in done.out and "over 2 seeds and prompts" in done.out
    read = json.loads(out.read_text("utf-8"))
    assert set(read["runs"]) == {trained_folder.name, second.name}
    assert read["provenance"]["seed"] == "42, 7"
    assert read["scores"]["en"][0]["prompts"] == 3
    assert len(read["exchanges"]) == 3 and all(len(one["others"]) == 1 for one in read["exchanges"])


def test_the_base_is_the_tuned_model_with_its_adapter_off(trained_folder, tiny_folder, tiny, monkeypatch):
    rows = course_rows("test", ["en"])[:3]
    apart = base_answers(tiny_folder, tiny[1], rows, max_new_tokens=4)
    loaded = count_loads(monkeypatch)
    together = compare_folders([trained_folder], rows, max_new_tokens=4)
    assert loaded == [str(trained_folder), str(tiny_folder)]  # the second one under the first's adapter
    assert [exchange.base for exchange in together.exchanges] == [answer.reply for answer in apart]
    scores = together.scores["en"][0]
    total, tokens = sum(answer.loss for answer in apart), sum(answer.tokens for answer in apart)
    assert scores.response_loss == pytest.approx(total / tokens, abs=1e-9)


def test_another_base_is_loaded(trained_folder, tiny_folder, tmp_path, monkeypatch):
    shutil.copytree(tiny_folder, tmp_path / "other")
    loaded = count_loads(monkeypatch)
    rows = course_rows("test", ["en"])[:1]
    result = compare_folders([trained_folder], rows, base=str(tmp_path / "other"), max_new_tokens=2)
    assert loaded == [str(trained_folder), str(tiny_folder), str(tmp_path / "other")]
    assert result.base_name == str(tmp_path / "other")


def test_runs_of_different_bases(trained_folder, second, tmp_path):
    odd = tmp_path / "odd"
    shutil.copytree(second, odd)
    record = json.loads((odd / "run.json").read_text("utf-8"))
    (odd / "run.json").write_text(json.dumps({**record, "model": "org/other"}), "utf-8")
    with pytest.raises(InputError, match="found the base org/other; expected .*; compare runs"):
        base_of_runs([trained_folder, odd])


def test_no_rows_and_no_folder(trained_folder, tmp_path):
    with pytest.raises(InputError, match="^compare: found no rows"):
        compare_folders([trained_folder], [])
    with pytest.raises(InputError, match="found no such folder"):
        compare_folders([trained_folder, tmp_path / "no"], course_rows("test", ["en"])[:1])


def test_a_run_compares_itself_on_so_many_prompts(trained_folder):
    record = json.loads((trained_folder / "run.json").read_text("utf-8"))
    assert record["scores"]["en"][0]["prompts"] == 10
    assert record["changes"]["en"]["perplexity"]["value"] < 1
    assert "compare_prompts: 10" in (trained_folder / "recipe.yaml").read_text("utf-8")
