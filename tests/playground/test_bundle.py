"""What is committed under docs/assets/playground is what the sources build, light, and licensed."""

from __future__ import annotations

import gzip
import json
import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
BUNDLE = ROOT / "docs" / "assets" / "playground"
SOURCES = ROOT / "code" / "playground"


def packed(name: str) -> int:
    return len(gzip.compress((BUNDLE / name).read_bytes(), 9))


def test_the_committed_bundle_is_what_the_sources_build(node, built):
    done = node("build.mjs", "--check", cwd=built / "code" / "playground")
    assert (done.returncode, done.stdout) == (0, ""), done.stderr


def test_a_stale_bundle_is_seen(node, built):
    file = built / "docs" / "assets" / "playground" / "worker.js"
    before = file.read_text(encoding="utf-8")
    file.write_text(before + "\n", encoding="utf-8")
    done = node("build.mjs", "--check", cwd=built / "code" / "playground")
    file.write_text(before, encoding="utf-8")
    assert done.returncode == 1
    assert "docs/assets/playground/worker.js: found something else" in done.stdout


def test_budgets_of_what_is_fetched():
    assert sum(packed(name) for name in ("playground.js", "worker.js", "engine.js")) <= 40_000
    assert packed("tokenizer.json") <= 450_000
    assert packed("playground.css") <= 4_000


def test_licences_stand_beside_the_bundle():
    text = (BUNDLE / "LICENSES.txt").read_text(encoding="utf-8")
    packages = json.loads((SOURCES / "package.json").read_text(encoding="utf-8"))["dependencies"]
    for name, version in packages.items():
        assert f"{name} {version}" in text
    assert "Permission is hereby granted" in text and "Apache License" in text and "SmolLM2" in text


def test_the_lock_file_names_no_host_and_pins_everything():
    lock = json.loads((SOURCES / "package-lock.json").read_text(encoding="utf-8"))
    for name, package in lock["packages"].items():
        if name:
            assert package["integrity"].startswith("sha512-"), name
            assert "resolved" not in package, name
    assert not any("^" in v or "~" in v for v in lock["packages"][""]["dependencies"].values())


def test_no_html_is_made_of_text():
    html = r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\b|srcdoc"
    memory = r"localStorage|sessionStorage|indexedDB|document\.cookie"
    paths = sorted({*SOURCES.glob("engine/*.js"), *SOURCES.glob("view/*.js"), SOURCES / "worker.js"})
    assert len(paths) > 20
    for path in paths:
        source = path.read_text(encoding="utf-8")
        assert not re.search(f"{html}|{memory}", source), path
