"""The figure of the lesson Reading a run is the drawing of what was recorded."""

from __future__ import annotations

import importlib.util
import json
import re
import sys
from pathlib import Path

import pytest

from sitekit.figures import Figures

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def figure():
    """benchmarks/curves_figure.py as a module."""
    path = ROOT / "benchmarks" / "curves_figure.py"
    spec = importlib.util.spec_from_file_location("curves_figure", path)
    module = importlib.util.module_from_spec(spec)
    sys.path.insert(0, str(path.parent))  # it takes its pens from the figure beside it
    try:
        spec.loader.exec_module(module)
    finally:
        sys.path.remove(str(path.parent))
    return module


def test_the_figure_shows_the_record(figure, capsys, monkeypatch, tmp_path):
    assert figure.main(["--check"]) == 0
    changed = json.loads(figure.RECORD.read_text("utf-8"))
    changed["runs"]["over-fit"]["history"][5][2] += 1
    (tmp_path / "results.json").write_text(json.dumps(changed), "utf-8")
    monkeypatch.setattr(figure, "RECORD", tmp_path / "results.json")
    assert figure.main(["--check"]) == 1
    assert "found another drawing" in capsys.readouterr().err


def test_what_the_words_say_is_in_the_record(figure):
    """Drawing and words are made apart, so the numbers of the text alternative are held to the record."""
    runs = json.loads(figure.RECORD.read_text("utf-8"))["runs"]
    ends = {name: (run["history"][0], run["history"][-1]) for name, run in runs.items()}
    for side in (1, 2):
        first, last = ends["under-fit"]
        assert 0.2 < first[side] - last[side] < 0.3 and last[0] == 138
    assert [[round(row[side], 1) for row in ends["good"]] for side in (1, 2)] == [[5.3, 4.1], [5.6, 5.2]]
    lowest = min(runs["over-fit"]["history"], key=lambda row: row[2])
    last = ends["over-fit"][1]
    assert lowest[0] == 140 and [last[0], round(last[1], 1), round(last[2], 1)] == [460, 2.3, 6.0]
    assert next(row[0] for row in runs["memorised"]["history"] if row[1] < 0.05) < 50
    assert [round(row[2], 1) for row in ends["memorised"]] == [5.6, 9.7]


def test_its_curves_stay_within_the_drawing(figure):
    svg = figure.FIGURE.read_text("utf-8")
    width, height = map(float, re.search(r'viewBox="0 0 (\S+) (\S+)"', svg).groups())
    points = re.findall(r"[ML](\d+\.\d) (\d+\.\d)", svg)
    assert len(points) > 150
    assert all(9 < float(x) < width and 30 < float(y) < height for x, y in points)
    assert not Figures(figure.FIGURE.parent).findings("loss-curves")
