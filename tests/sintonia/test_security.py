"""The page on security keeps its word: every test that it names exists, in four languages alike."""

from __future__ import annotations

import ast
import re

import pytest
from yaml.constructor import SafeConstructor

from sintonia import InputError
from sintonia.recipe_files import read_recipe
from sitekit.settings import LOADER

_TEST = re.compile(r"`(tests/[\w/]+\.py)::(\w+)`")
LANGUAGES = ("pt", "es", "zh", "en")


def page(root, lang: str) -> list[str]:
    """The lines of the table of threats, its head left out."""
    lines = (root / "docs" / lang / "security.md").read_text("utf-8").splitlines()
    return [line for line in lines if line.startswith("| ")][2:]


@pytest.mark.parametrize("lang", LANGUAGES)
def test_every_line_of_the_threat_model_names_tests_that_exist(root, lang):
    assert len(page(root, lang)) >= 12
    for line in page(root, lang):
        named = _TEST.findall(line)
        assert named, line
        for file, name in named:
            tree = ast.parse((root / file).read_text("utf-8"))
            functions = {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}
            assert name in functions, f"{file}::{name}"


def test_the_four_pages_name_the_same_tests_in_the_same_order(root):
    named = [[_TEST.findall(line) for line in page(root, lang)] for lang in LANGUAGES]
    assert named == [named[0]] * 4


@pytest.mark.parametrize(
    "text",
    [
        "model: !!python/object/apply:os.system ['echo run > {run}']\n",
        "model: !!python/object/new:os.system ['echo run > {run}']\n",
        "model: !!python/name:os.system\n",
        "!!python/object/apply:builtins.open ['{run}', 'w']\n",
    ],
)
def test_a_recipe_builds_no_object(tmp_path, text):
    path = tmp_path / "recipe.yaml"
    path.write_text(text.format(run=tmp_path / "run"))
    with pytest.raises(InputError, match="found invalid YAML"):
        read_recipe(path)
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize("id", ["../decode", "/etc", "decode/../decode", "..", "", "decode\x00"])
@pytest.mark.parametrize("verb", ["start", "check", "hint", "solution"])
def test_an_exercise_s_id_is_no_path(run, tmp_path, monkeypatch, verb, id):
    monkeypatch.setenv("SINTONIA_EXERCISES", str(tmp_path / "here"))
    done = run("exercise", verb, id, "--lang", "en")
    assert done.code == 2
    assert not list(tmp_path.iterdir())


def test_every_yaml_of_ours_is_read_with_a_safe_loader(root):
    assert issubclass(LOADER, SafeConstructor)
    for path in sorted((root / "code").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Call) and ast.unparse(node.func) in ("yaml.load", "yaml.load_all"):
                given = {keyword.arg: ast.unparse(keyword.value) for keyword in node.keywords}
                loader = given.get("Loader", "")
                place = f"{path.relative_to(root)}:{node.lineno}"
                assert loader in ("loader", "LOADER") or loader.endswith(("SafeLoader", "_ConfigLoader")), (
                    place
                )
            if isinstance(node, ast.Call) and ast.unparse(node.func) == "yaml.unsafe_load":
                pytest.fail(f"{path}:{node.lineno}")
