"""Every formula of the course reads without KaTeX; what is not understood keeps its source."""

from __future__ import annotations

import re
from html import unescape
from pathlib import Path

import pytest

from sitekit.building import site_for_tests
from sitekit.maths import fill, readable

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize(
    ("tex", "shown"),
    [
        (r"\frac{a + b}{\text{of it}}", "(<i>a</i> + <i>b</i>)/(of it)"),
        (r"W' \times 2", "<i>W</i>&#x27; × 2"),
        (r"x_{<i}^2", "<i>x</i><sub>&lt;<i>i</i></sub><sup>2</sup>"),
        (r"\mathbb{R}^{r \times d_\text{saída}}", "ℝ<sup><i>r</i> × <i>d</i><sub>saída</sub></sup>"),
        (r"\mathrm{PPL}", "PPL"),
    ],
)
def test_readable(tex, shown):
    assert readable(tex) == shown


@pytest.mark.parametrize("tex", [r"\oint x", r"\frac{a", r"a}", r"x_", r"\\", "\\"])
def test_what_is_not_understood_keeps_its_source(tex):
    html = f'<p><span class="arithmatex">\\({tex}\\)</span></p>'
    assert fill(html) == html


def test_every_formula_of_the_course_is_understood():
    site = site_for_tests(ROOT)[0]
    places = [
        place
        for page in site.rglob("index.html")
        for place in re.findall(r'<(?:span|div) class="arithmatex"[^>]*>', page.read_text("utf-8"))
    ]
    assert len(places) > 200
    assert all("data-tex" in place for place in places)
    assert any(unescape(place).count("\\frac") for place in places)
