"""The figure of the lesson Evaluation shows the recorded replies, and its text alternative says them."""

from __future__ import annotations

import doctest
import importlib.util
import json
import re
import shutil
from pathlib import Path

import pytest
import yaml

from sitekit.figures import Figures

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def figure():
    """benchmarks/evaluation_figure.py as a module."""
    path = ROOT / "benchmarks" / "evaluation_figure.py"
    spec = importlib.util.spec_from_file_location("evaluation_figure", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def cells(figure):
    return json.loads(figure.RECORD.read_text("utf-8"))["cells"]


def test_the_figure_and_its_words_show_the_record(figure):
    assert figure.main(["--check"]) == 0
    assert not Figures(figure.FIGURE.parent).findings("evaluation")


def test_another_record_is_noticed(figure, cells, tmp_path, monkeypatch, capsys):
    for answer in cells["base"]["answers"][:40]:
        answer["stopped"] = not answer["stopped"]
    (tmp_path / "results.json").write_text(json.dumps({"cells": cells}), "utf-8")
    for name in ("FIGURE", "WORDS"):
        monkeypatch.setattr(figure, name, shutil.copy(getattr(figure, name), tmp_path))
    monkeypatch.setattr(figure, "ROOT", tmp_path)
    for name in ("FIGURE", "WORDS"):
        monkeypatch.setattr(figure, name, Path(getattr(figure, name)))
    monkeypatch.setattr(figure, "RECORD", tmp_path / "results.json")
    assert figure.main(["--check"]) == 1
    assert "expected the record's" in capsys.readouterr().err
    assert figure.main([]) == 0 and figure.main(["--check"]) == 0


def test_not_every_answer_is_green(figure):
    """What the lesson says of the picture: some questions cannot be decided."""
    svg = figure.FIGURE.read_text("utf-8")
    signs = re.findall(r">([▲▼?])</text>", svg)
    assert len(signs) == len(figure.MEASURES) * len(figure.LANGUAGES)
    assert 0 < signs.count("?") < len(signs)


def test_the_text_alternative_names_every_figure(figure):
    words = yaml.safe_load(figure.WORDS.read_text("utf-8"))
    for lang in figure.LANGUAGES:
        for measure in figure.MEASURES:
            assert words[measure][lang] in words["alt"][lang]
        assert len(re.findall(r"\b(?:pt|es|zh|en) \d+", words["alt"][lang])) == 20


def test_nothing_leaves_the_drawing(figure):
    svg = figure.FIGURE.read_text("utf-8")
    width, height = map(float, re.search(r'viewBox="0 0 (\S+) (\S+)"', svg).groups())
    boxes = re.findall(r'x="([\d.]+)" y="([\d.]+)" width="([\d.]+)"', svg)
    assert len(boxes) > 60
    assert all(float(x) > 0 and float(x) + float(w) < width and float(y) < height for x, y, w in boxes)


def test_examples_in_docstrings(figure):
    found = doctest.testmod(figure)
    assert found.attempted >= 2 and not found.failed
