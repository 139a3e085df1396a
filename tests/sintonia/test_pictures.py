"""Drawings for notebooks: they say what they show, with and without colours."""

import math
from xml.etree import ElementTree

from sintonia.intervals import Estimate
from sintonia.pictures import curve, side_by_side

SVG = "{http://www.w3.org/2000/svg}"


def parsed(picture):
    return ElementTree.fromstring(picture._repr_svg_())


def test_a_curve_has_a_point_a_step_and_no_style_sheet_to_lose():
    picture = curve([3.0, 2.0, 1.5])
    drawing = parsed(picture)
    points = drawing.find(f"{SVG}polyline").get("points").split()
    heights = [float(point.split(",")[1]) for point in points]
    assert len(points) == 3 and heights == sorted(heights)  # downwards is a larger y
    assert drawing.find(f"{SVG}polyline").get("fill") == "none"
    assert "class=" not in picture.svg and "<style" not in picture.svg
    assert repr(picture) == "[training loss goes from 3.00 to 1.50]"


def test_a_curve_takes_steps_that_are_not_one_apart():
    assert curve([(5, 2.0), (10, 1.0)]).svg != curve([2.0, 1.0]).svg


def test_a_single_step_is_drawn_too():
    parsed(curve([1.0]))


def test_shares_stand_where_they_belong_and_the_sides_differ_in_shape():
    picture = side_by_side({"pt": (Estimate(0.0, 0.0, 0.5), Estimate(1.0, 0.9, 1.0))}, "stopped & done")
    drawing = parsed(picture)
    (circle,), (square,) = drawing.findall(f"{SVG}circle"), drawing.findall(f"{SVG}rect")
    assert float(circle.get("cx")) == 70
    assert float(square.get("x")) + 5 == 400
    assert drawing.get("aria-label") == "stopped & done: pt 0 % -> 100 %"


def test_what_was_not_measured_is_not_drawn():
    nothing = Estimate(math.nan, math.nan, math.nan)
    drawing = parsed(side_by_side({"zh": (nothing, Estimate(0.5, math.nan, math.nan))}, "x"))
    assert not drawing.findall(f"{SVG}circle")
    assert len(drawing.findall(f"{SVG}rect")) == 1
    # Only the lines of the grid are left.
    assert len(drawing.findall(f"{SVG}line")) == 5
