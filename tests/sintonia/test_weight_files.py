"""Weights come from whole safetensors files in the folder itself, and no pickle is ever opened."""

from __future__ import annotations

import ast
import json
import pickle
import shutil

import pytest

from sintonia import InputError, models
from sintonia.weight_files import ADAPTER, INDEX, check_weights


class Bomb:
    """Writes a file when it is unpickled."""

    def __init__(self, path) -> None:
        self.path = str(path)

    def __reduce__(self):
        return open, (self.path, "w")


@pytest.fixture
def folder(tiny_folder, tmp_path):
    """A copy of the tiny model to break."""
    return shutil.copytree(tiny_folder, tmp_path / "model")


def refused(call, *arguments) -> str:
    with pytest.raises(InputError) as caught:
        call(*arguments)
    return str(caught.value)


@pytest.mark.parametrize("name", ["pytorch_model.bin", "model.pt", "consolidated.00.pth", "m.ckpt", "w.pkl"])
def test_a_pickle_is_refused_unopened_and_says_what_to_do(folder, tmp_path, name):
    (folder / "model.safetensors").unlink()
    with (folder / name).open("wb") as stream:
        pickle.dump(Bomb(tmp_path / "run"), stream)
    assert refused(models.load_model, folder) == (
        f"{folder}: found only pickled weights ({name}); expected a *.safetensors file; "
        "opening a pickle can run any program, so have its author save it as safetensors"
    )
    assert not (tmp_path / "run").exists()


def test_a_pickle_beside_safetensors_stays_shut(folder, tmp_path):
    with (folder / "pytorch_model.bin").open("wb") as stream:
        pickle.dump(Bomb(tmp_path / "run"), stream)
    assert models.load_model(folder).config.hidden_size == 32
    assert not (tmp_path / "run").exists()


def test_an_adapter_of_a_pickle_is_refused_even_beside_other_safetensors(folder, tmp_path):
    (folder / "adapter_config.json").write_text(json.dumps({"base_model_name_or_path": str(folder)}))
    with (folder / "adapter_model.bin").open("wb") as stream:
        pickle.dump(Bomb(tmp_path / "run"), stream)
    said = refused(models.load_model, folder)
    assert f"found only pickled weights (adapter_model.bin); expected {ADAPTER}" in said
    assert not (tmp_path / "run").exists()


def test_an_adapter_of_the_hub_without_safetensors_is_refused(monkeypatch):
    asked = []

    def cached_file(name, file, **options):
        asked.append(file)
        if file == ADAPTER:
            raise OSError(f"{name} does not appear to have a file named {file}.")
        return "/cache/adapter_config.json"

    monkeypatch.setattr("transformers.utils.cached_file", cached_file)
    assert ADAPTER in refused(models.load_model, "org/pickled-adapter")
    assert asked == ["adapter_config.json", ADAPTER]


def test_weights_in_parts_must_all_be_there(folder):
    (folder / "model.safetensors").rename(folder / "model-00001-of-00002.safetensors")
    shards = {"a": "model-00001-of-00002.safetensors", "b": "model-00002-of-00002.safetensors"}
    (folder / INDEX).write_text(json.dumps({"weight_map": shards}))
    assert refused(models.load_model, folder) == (
        f"{folder}: found 1 of 2 weight files missing (model-00002-of-00002.safetensors); "
        "expected all of them; give the command that downloads it again; it goes on where it stopped"
    )


@pytest.mark.parametrize("name", ["../other.safetensors", "/etc/passwd", "..", "a\\b", ""])
def test_an_index_cannot_name_a_file_outside_its_folder(folder, name):
    (folder / "model.safetensors").rename(folder / "model-00001.safetensors")
    (folder / INDEX).write_text(json.dumps({"weight_map": {"a": name}}))
    said = refused(models.load_model, folder)
    assert said == f"{folder / INDEX}: found the file {name!r}; expected names of files in the same folder"


@pytest.mark.parametrize("text", ["{", "[]", '{"weight_map": 3}', "\xff"])
def test_a_damaged_index(folder, text):
    (folder / "model.safetensors").rename(folder / "model-00001.safetensors")
    (folder / INDEX).write_text(text, encoding="latin-1")
    assert "found no list of weight files; expected JSON with `weight_map`" in refused(check_weights, folder)


def test_a_git_lfs_pointer(folder):
    (folder / "model.safetensors").write_text("version https://git-lfs.github.com/spec/v1\noid sha256:0\n")
    assert refused(models.load_model, folder).endswith(
        "found a Git LFS pointer; expected the weights themselves; git lfs pull"
    )


def test_a_download_that_stopped(folder):
    (folder / "model.safetensors").unlink()
    (folder / ".cache" / "huggingface" / "download").mkdir(parents=True)
    (folder / ".cache" / "huggingface" / "download" / "model.abc.incomplete").touch()
    assert "found a download that stopped half-way" in refused(models.load_model, folder)


def test_a_repository_s_own_code_is_refused_and_nobody_is_asked(folder, tmp_path, monkeypatch):
    monkeypatch.setattr("builtins.input", lambda *_: pytest.fail("somebody was asked"))
    config = json.loads((folder / "config.json").read_text())
    config |= {
        "auto_map": {"AutoModelForCausalLM": "own.Own", "AutoConfig": "own.Config"},
        "model_type": "own",
    }
    (folder / "config.json").write_text(json.dumps(config))
    (folder / "own.py").write_text(f"open({str(tmp_path / 'run')!r}, 'w')\n")
    assert "found nothing usable (" in refused(models.load_model, folder)
    assert not (tmp_path / "run").exists()


def calls(root):
    """`(file:line, call)` of every call in the package, the recorded listings and the labs."""
    for folder in ("sintonia", "examples", "labs", "sitekit"):
        for path in sorted((root / "code" / folder).rglob("*.py")):
            for node in ast.walk(ast.parse(path.read_text("utf-8"))):
                if isinstance(node, ast.Call):
                    yield f"{path.relative_to(root)}:{node.lineno}", node


def test_no_source_of_ours_trusts_remote_code(root):
    found = 0
    for place, call in calls(root):
        for keyword in call.keywords:
            if keyword.arg == "trust_remote_code":
                assert isinstance(keyword.value, ast.Constant) and keyword.value.value is False, place
                found += 1
        if isinstance(call.func, ast.Attribute) and call.func.attr == "setdefault":
            name, *value = call.args
            if isinstance(name, ast.Constant) and name.value == "trust_remote_code":
                assert isinstance(value[0], ast.Constant) and value[0].value is False, place
                found += 1
    assert found >= 2
    for path in sorted((root / "code" / "recipes").rglob("*.yaml")):
        assert "trust_remote_code" not in path.read_text("utf-8"), path


def test_no_source_of_ours_opens_a_pickle(root):
    for place, call in calls(root):
        name = ast.unparse(call.func)
        assert name not in ("pickle.load", "pickle.loads", "torch.load", "joblib.load", "dill.load"), place
        if name.endswith("AutoModelForCausalLM.from_pretrained") and "code/sintonia/" in place:
            options = {keyword.arg: ast.unparse(keyword.value) for keyword in call.keywords}
            assert options.get("use_safetensors") == "True" or "gguf_file" in options, place
