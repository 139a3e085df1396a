"""The house stands as ARCHITECTURE says: no package at the root of code/, one direction of import."""

from __future__ import annotations

import ast
import json
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
CODE = ROOT / "code"
# A file imports only files to its left. Those that do not exist yet are named so that the rule is
# there before they are. sft compares when it is done, so it stands right of comparison.
ORDER = [
    "errors",
    "hub_faults",
    "weight_files",
    "starting",
    "recipe_files",
    "cpu_threads",
    "json_lists",
    "tables",
    "sources",
    "row_formats",
    "message_checks",
    "conversations",
    "conversion",
    "sandbox_limits",
    "sandbox_filters",
    "sandbox_globals",
    "sandbox",
    "template_program",
    "template_spans",
    "template_data",
    "template_files",
    "chat_templates",
    "template_probes",
    "template_questions",
    "models",
    "token_cuts",
    "token_pieces",
    "fast_tokenizers",
    "row_encoding",
    "truncation",
    "loss_masks",
    "arrow_shards",
    "encoded_datasets",
    "streams",
    "packing",
    "collation",
    "estimates",
    "similarity",
    "text_checks",
    "fault_words",
    "findings",
    "finding_layout",
    "characters",
    "checks_data",
    "checks_languages",
    "checks_template",
    "checks_lengths",
    "run_facts",
    "checks_run",
    "scan",
    "doctor",
    "generation",
    "instruction_checks",
    "intervals",
    "evaluation",
    "answers",
    "comparison",
    "run_estimates",
    "run_comparisons",
    "report_tables",
    "terminal_reports",
    "html_reports",
    "reports",
    "pictures",
    "launches",
    "run_folders",
    "checkpoints",
    "resuming",
    "run_watch",
    "run_failures",
    "training_data",
    "sft_arguments",
    "loop_recipes",
    "small_model",
    "training_loop",
    "sft",
    "exercises",
    "cli",
    "__main__",
]
MODULES = sorted((CODE / "sintonia").glob("*.py"))
HEAVY = ("torch", "transformers", "trl", "datasets", "peft", "accelerate", "tokenizers")


def imported(path: Path) -> set[str]:
    """Dotted names of everything a file imports, at its top or inside a function."""
    names = set()
    tree = ast.parse(path.read_text("utf-8"))
    # What stands under `if __name__ == "__main__"` runs as a command, and nobody imports it.
    tree.body = [node for node in tree.body if "__name__" not in ast.dump(getattr(node, "test", ast.Pass()))]
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}:{node.lineno}: a relative import"
            names.add(node.module)
            names |= {f"{node.module}.{alias.name}" for alias in node.names}
    return names


def test_code_is_a_folder_and_never_a_package(spawn):
    assert not (CODE / "__init__.py").exists()
    done = spawn(["-c", "import code; print(code.__file__)"], cwd=ROOT)
    assert Path(done.stdout.strip()).parent != ROOT
    assert done.stdout.strip().endswith("code.py")


def test_packages_are_found_under_code():
    from setuptools import find_packages

    found = find_packages(str(CODE), include=["sintonia*", "sitekit*"])
    assert {"sintonia", "sitekit"} <= set(found)
    assert "code" not in find_packages(str(ROOT))


def test_pyproject_looks_for_packages_there():
    import tomllib

    settings = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    assert settings["tool"]["setuptools"]["packages"]["find"]["where"] == ["code"]
    needed = " ".join(settings["project"]["dependencies"])
    assert "torch" not in needed and "trl" not in needed


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.stem)
def test_a_file_imports_only_files_to_its_left(path):
    if path.stem == "__init__":
        return
    assert path.stem in ORDER, f"{path.name} has no place in the order of the rooms"
    own = {name.split(".")[1] for name in imported(path) if name.startswith("sintonia.")}
    siblings = {file.stem for file in MODULES}
    to_the_left = set(ORDER[: ORDER.index(path.stem)])
    assert own & siblings <= to_the_left


def test_the_order_is_what_the_rule_reads():
    assert "sintonia.comparison" in imported(CODE / "sintonia" / "sft.py")
    assert "sintonia.models" in imported(CODE / "sintonia" / "cli.py")  # imported inside a function


def test_only_sft_imports_trl():
    packages = [*MODULES, *(CODE / "sitekit").rglob("*.py")]
    users = {path.name for path in packages if any(n.split(".")[0] == "trl" for n in imported(path))}
    assert users == {"sft.py"}


def test_sitekit_imports_no_ml():
    for path in (CODE / "sitekit").rglob("*.py"):
        roots = {name.split(".")[0] for name in imported(path)}
        assert not roots & set(HEAVY), path


def loaded(spawn, statement: str) -> set[str]:
    """Top-level modules in a fresh interpreter after a statement."""
    probe = (
        "import contextlib, io, json, sys\n"
        "with contextlib.redirect_stdout(io.StringIO()), contextlib.suppress(SystemExit):\n"
        f"    {statement}\n"
        "print(json.dumps(sorted({name.split('.')[0] for name in sys.modules})))\n"
    )
    done = spawn(["-c", probe])
    assert done.returncode == 0, done.stderr
    return set(json.loads(done.stdout))


@pytest.mark.parametrize("command", ["--help", "render {file} --row 1", "mask {file} --row 1"])
def test_light_commands_load_no_torch(spawn, data_folder, command):
    argv = [part.format(file=data_folder / "test" / "en.jsonl") for part in command.split()]
    modules = loaded(spawn, f"from sintonia.cli import main; assert main({argv!r}) == 0")
    assert "sintonia" in modules
    assert not modules & {"torch", "transformers", "trl", "datasets", "peft"}


def test_importing_the_package_loads_no_torch(spawn):
    assert not loaded(spawn, "import sintonia") & set(HEAVY)


@pytest.mark.parametrize("command", ["render", "mask"])
def test_a_local_fast_tokenizer_needs_no_torch(spawn, tiny_folder, data_folder, command):
    argv = [command, str(data_folder / "test" / "en.jsonl"), "--row", "1", "--model", str(tiny_folder)]
    modules = loaded(spawn, f"from sintonia.cli import main; assert main({argv!r}) == 0")
    assert "tokenizers" in modules
    assert not modules & {"transformers", "torch"}


# What a distribution is called where its module is called otherwise.
MODULES_OF = {"bs4": "beautifulsoup4", "yaml": "pyyaml", "autocorrect_py": "autocorrect-py"}
OF_NOTEBOOKS = {"google"}  # Colab's own, looked for and never needed


def declared() -> set[str]:
    """Every distribution that pyproject.toml names, in any extra."""
    import re
    import tomllib

    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    named = [*project["dependencies"], *(n for e in project["optional-dependencies"].values() for n in e)]
    return {re.match(r"[\w.-]+", line).group().lower().replace("_", "-") for line in named}


def foreign_imports(path: Path) -> set[str]:
    """Top-level names that a file imports, anywhere in it, and that are neither ours nor Python's."""
    import sys

    roots = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            roots |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            roots.add(node.module.split(".")[0])
    beside = {file.stem for file in path.parent.glob("*.py")}
    return roots - set(sys.stdlib_module_names) - {"sintonia", "sitekit"} - beside - OF_NOTEBOOKS


def test_everything_that_code_imports_is_declared():
    users: dict[str, str] = {}
    for path in sorted(CODE.rglob("*.py")):
        for name in foreign_imports(path):
            users.setdefault(MODULES_OF.get(name, name).lower().replace("_", "-"), str(path))
    assert "numpy" in users and "trl" in users
    left = {name: path for name, path in users.items() if name not in declared()}
    assert not left, f"imported, and no dependency of pyproject.toml: {left}"
    pins = (ROOT / "constraints.txt").read_text("utf-8").lower().replace("_", "-")
    assert not [name for name in users if f"\n{name}==" not in pins]
