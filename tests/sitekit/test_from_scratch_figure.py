"""The figure of the lesson From scratch is the drawing of what was recorded."""

from __future__ import annotations

import doctest
import importlib.util
import json
import re
from pathlib import Path

import pytest

from sitekit.figures import Figures

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def figure():
    """benchmarks/from_scratch_figure.py as a module."""
    path = ROOT / "benchmarks" / "from_scratch_figure.py"
    spec = importlib.util.spec_from_file_location("from_scratch_figure", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_figure_shows_the_record(figure, capsys, monkeypatch, tmp_path):
    assert figure.main(["--check"]) == 0
    changed = json.loads(figure.RECORD.read_text("utf-8"))
    changed["losses"]["echoes"][600] += 1
    (tmp_path / "results.json").write_text(json.dumps(changed), "utf-8")
    monkeypatch.setattr(figure, "RECORD", tmp_path / "results.json")
    assert figure.main(["--check"]) == 1
    assert "found another drawing" in capsys.readouterr().err


def test_what_the_words_say_is_in_the_record(figure):
    """Drawing and words are made apart, so the numbers of the text alternative are held to the record."""
    losses = json.loads(figure.RECORD.read_text("utf-8"))["losses"]
    echoes = [loss for _, loss in figure.means(list(enumerate(losses["echoes"])), 20)]
    assert round(echoes[0]) == 8 and round(echoes[1000]) == 5
    last = {limit: max(n for n, loss in enumerate(echoes) if loss > limit) for limit in (4.5, 1)}
    assert 900 < last[4.5] < 1150 and last[1] - last[4.5] < 120
    assert losses["text"][0] > 8 and round(losses["text"][-1]) == 3
    tuning = dict(losses["tuning"])
    assert round(tuning[1]) == 5 and 1 < tuning[50] < 2 and losses["tuning"][-1][1] < 0.2


def test_its_curves_stay_within_the_drawing(figure):
    svg = figure.FIGURE.read_text("utf-8")
    width, height = map(float, re.search(r'viewBox="0 0 (\S+) (\S+)"', svg).groups())
    points = re.findall(r"[ML](\d+\.\d) (\d+\.\d)", svg)
    assert len(points) > 1000
    assert all(30 < float(x) < width and 30 < float(y) < height for x, y in points)
    assert not Figures(figure.FIGURE.parent).findings("from-scratch-losses")


def test_examples_in_docstrings(figure):
    assert doctest.testmod(figure).failed == 0
    assert doctest.testmod(figure).attempted >= 2
