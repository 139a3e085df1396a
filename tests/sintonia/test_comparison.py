"""What a model wrote is text in every report and markup in none."""

from __future__ import annotations

import json
import re
import unicodedata
from html.parser import HTMLParser
from xml.etree import ElementTree

import pytest

from sintonia import InputError
from sintonia.comparison import Comparison, Exchange, compare, course_rows, run_facts
from sintonia.evaluation import Scores
from sintonia.generation import Reply
from sintonia.intervals import Estimate
from sintonia.reports import loss_curve, sparkline, to_html, to_markdown, to_terminal, write_report

HOSTILE = (
    "\x1b[31mred\x07\r<script>alert(1)</script> | `x` | [a](javascript:b) \n# h\n\u202e&amp; \\| <img src=x>"
)
LANG = '\x1b"><script>alert(2)</script>'
SCORES = (Scores(1, 0.0, 0.5, 3.0), Scores(1, 1.0, 1.0, 1.0))
LOSSES = [(1, 3.0), (5, 2.0), (10, 1.5)]


def hostile(**fields) -> Comparison:
    exchange = Exchange(
        "id",
        LANG,
        [{"role": "user", "content": HOSTILE}],
        HOSTILE,
        Reply(HOSTILE, False, 9),
        Reply(HOSTILE, True, 9),
    )
    options = {"losses": LOSSES, "provenance": {HOSTILE: HOSTILE}, **fields}
    return Comparison(HOSTILE, HOSTILE, [exchange], {LANG: SCORES, "all": SCORES}, **options)


def plain(lang="zh", question="首都是哪里?", reply="首都是利马,在秘鲁的海岸。" * 6) -> Comparison:
    turns = [{"role": "user", "content": question}]
    exchange = Exchange("id", lang, turns, "利马", Reply(reply, False, 9), Reply("利马。", True, 9))
    return Comparison("base", "tuned", [exchange], {lang: SCORES}, LOSSES)


def measured(**fields) -> Comparison:
    """Figures with intervals, of two seeds, one prompt of which is JSON and none an instruction."""
    base = Scores(
        8, 0.25, 0.5, 3.0, json_parses=0.0, json_keys=0.0, json_equal=0.0,
        intervals={"stop_rate": (0.0, 0.5), "in_language": (0.25, 0.75), "perplexity": (15.0, 30.0)},
        counted={"stop_rate": 8, "in_language": 7, "json_parses": 1, "json_keys": 1, "json_equal": 1},
    )  # fmt: skip
    tuned = Scores(
        8, 1.0, 1.0, 1.0, json_parses=1.0, json_keys=1.0, json_equal=0.5,
        intervals={"stop_rate": (0.63, 1.0), "in_language": (0.6, 1.0), "perplexity": (2.0, 4.0)},
        counted={"stop_rate": 8, "in_language": 6, "json_parses": 1, "json_keys": 1, "json_equal": 1},
    )  # fmt: skip
    changes = {"stop_rate": Estimate(0.75, 0.5, 1.0), "perplexity": Estimate(0.135, 0.1, 0.2)}
    one = plain().exchanges[0]
    both = Exchange(
        one.id, one.lang, one.prompt, one.reference, one.base, one.tuned, (Reply("利马!", True, 3),)
    )
    runs = {"seed 1": {"all": tuned}, "seed 2": {"all": tuned}}
    options = {"changes": {"zh": changes, "all": changes}, "runs": runs, **fields}
    return Comparison(
        "base", "tuned (2 runs)", [both], {"zh": (base, tuned), "all": (base, tuned)}, **options
    )


class Reader(HTMLParser):
    """Tags, attributes and text of a page."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags, self.attributes, self.text = [], [], []
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes += attrs

    def handle_data(self, data):
        self.text.append(data)


def columns(text: str) -> int:
    return sum(2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text)


# ------------------------------------------------------------------ terminal


def test_the_terminal_gets_no_control_character():
    text = to_terminal(hostile(), width=100)
    assert not {c for c in text if c != "\n" and not c.isprintable()}


def test_both_replies_and_whether_they_stopped():
    text = to_terminal(plain(), width=100)
    assert "[zh] 首都是哪里?" in text
    assert "tuned: 利马。 ■" in text
    assert "(did not stop)" in text
    assert re.search(r"^stopped +zh +1 +0% +100%$", text, re.MULTILINE)
    assert re.search(r"^perplexity +zh +1 +20\.1 +2\.7$", text, re.MULTILINE)
    assert "training loss 3.00 -> 1.50" in text


def test_figures_with_their_intervals_in_a_terminal():
    lines = to_terminal(measured(), width=100).splitlines()
    table = [line for line in lines if re.match(r"(measure|stopped|in its|JSON|perplexity| {5})", line)]
    assert table[0].split() == ["measure", "language", "prompts", "base", "tuned", "change"]
    assert table[1].split("  ")[0] == "stopped"
    assert "25% [0–50]" in table[1] and "100% [63–100]" in table[1] and "+75 [+50, +100]" in table[1]
    assert table[2].startswith(" ") and " all " in table[2]  # a measure is named once
    assert "7/6" in table[3]  # not as many of the tuned model's replies have a language
    assert "×0.14 [0.10, 0.20]" in table[-2]
    assert not any("follows" in line for line in table)  # no prompt asked for it
    places = {line.index("zh") for line in table if " zh " in line}
    assert len(places) == 1
    assert any(re.match(r"seed 2 +100% +100%", line) for line in lines)


@pytest.mark.parametrize("width", [20, 40, 81, 100, 140])
def test_columns_line_up_and_fit_whatever_the_script(width):
    for reply in ("首都是利马,在秘鲁的海岸。" * 6, "a " * 80, "x" * 300, "mês “ação” 中文 " * 9):
        lines = to_terminal(plain(reply=reply), width=width).splitlines()
        rules = [place for place, line in enumerate(lines) if set(line) == {"-"}]
        pairs = [line for line in lines[rules[0] + 1 : rules[1]] if " |" in line]
        assert pairs
        for line in pairs:
            assert columns(line.split(" |")[0]) == (width - 3) // 2
            assert columns(line) <= width


@pytest.mark.parametrize("width", [1, 2, 3, 4, 5, 6, 8])
def test_a_terminal_too_narrow_to_read_is_no_crash(width):
    assert to_terminal(plain(), width=width)


def test_so_many_of_each_language():
    one = plain()
    many = Comparison("b", "t", one.exchanges * 5, one.scores)
    assert to_terminal(many, per_language=2).count("[zh]") == 2


@pytest.mark.parametrize(
    ("losses", "bars"), [([(1, 2.0)], "▁"), ([(1, 1.0), (2, 1.0)], "▁▁"), ([(1, 0.0), (2, 7.0)], "▁█")]
)
def test_sparkline(losses, bars):
    assert sparkline(losses) == bars


def test_a_sparkline_of_many_steps_is_as_wide_as_it_may_be():
    assert len(sparkline([(step, float(step)) for step in range(1000)])) == 32


def test_a_run_that_diverged_is_reported_too():
    diverged = hostile(losses=[(1, 3.0), (2, float("nan")), (3, float("inf"))])
    assert to_terminal(diverged) and to_markdown(diverged)
    ElementTree.fromstring(re.search(r"<svg.*?</svg>", quoted(to_html(diverged)))[0])
    assert not re.search(r'points="[^"]*(nan|inf)', to_html(diverged))


def quoted(page: str) -> str:
    """HTML allows bare attribute values; XML wants them quoted."""
    return re.sub(r"(class|scope)=([a-z]+)", r'\1="\2"', page)


# ------------------------------------------------------------------ Markdown


def test_markdown_tables_keep_their_columns():
    for line in to_markdown(hostile()).splitlines():
        if line.startswith("|"):
            cells = re.split(r"(?<!\\)\|", line)
            assert len(cells) in (4, 5, 8), line


def test_markdown_holds_no_live_markup():
    text = to_markdown(hostile())
    assert "<script" not in text and "<img" not in text
    assert not re.search(r"(?<!\\)[`\[]", text)
    assert len([line for line in text.splitlines() if line.startswith("#")]) == 1
    assert not {c for c in text if c != "\n" and not c.isprintable()}


def test_markdown_to_the_line():
    assert to_markdown(plain(reply="a|b")).splitlines() == [
        "# base and tuned",
        "",
        "| measure | language | prompts | base | tuned | change |",
        "|---|---|---|---|---|---|",
        "| stopped | zh | 1 | 0% | 100% |  |",
        "| in its language | zh | 1 | 50% | 100% |  |",
        "| perplexity | zh | 1 | 20.1 | 2.7 |  |",
        "",
        "| prompt | base | tuned |",
        "|---|---|---|",
        "| 首都是哪里? | a\\|b … (did not stop) | 利马。 ■ |",
        "",
        "| step | training loss |",
        "|---|---|",
        "| 1 | 3.000 |",
        "| 5 | 2.000 |",
        "| 10 | 1.500 |",
    ]


def test_markdown_of_several_seeds():
    lines = to_markdown(measured()).splitlines()
    assert "| stopped | zh | 8 | 25% \\[0–50\\] | 100% \\[63–100\\] | +75 \\[+50, +100\\] |" in lines
    assert "| run | stopped | in its language | JSON that parses | JSON with the keys |" in to_markdown(
        measured()
    ).replace(" JSON, all equal | perplexity |", "")
    assert sum(line.startswith("| seed ") for line in lines) == 2


# ------------------------------------------------------------------ HTML


def test_html_holds_no_tag_that_a_model_wrote():
    page = Reader(to_html(hostile()))
    assert not {"script", "img"} & set(page.tags)
    assert ("lang", LANG) in page.attributes
    assert not [name for name, _ in page.attributes if name.startswith("on")]
    assert "<script>alert(1)</script>" in "".join(page.text)


def test_html_fetches_nothing():
    page = Reader(to_html(plain()))
    assert not {"link", "script", "img", "iframe"} & set(page.tags)
    assert not [value for name, value in page.attributes if name in ("src", "href")]
    assert "url(" not in to_html(plain()) and "@import" not in to_html(plain())


def test_html_says_the_language_of_each_reply():
    assert '<section lang="zh"><h3>首都是哪里?</h3>' in to_html(plain())


def test_html_draws_each_interval_where_the_figures_say_it_is():
    page = quoted(to_html(measured()))
    strips = [ElementTree.fromstring(strip) for strip in re.findall(r'<svg class="strip".*?</svg>', page)]
    assert len(strips) == 2 * 6  # six measures, zh and all
    base, tuned = strips[0].findall("line")
    ends = [float(line.get(x)) for line in (base, tuned) for x in ("x1", "x2")]
    assert ends == pytest.approx([6 + share * 128 for share in (0, 0.5, 0.63, 1)], abs=0.06)
    assert [dot.get("class") for dot in strips[0].findall("circle")] == ["base", "tuned"]
    of_perplexity = [float(dot.get("cx")) for dot in strips[-1].findall("circle")]
    assert of_perplexity[0] > of_perplexity[1]  # the higher one is further right
    assert len(strips[4].findall("line")) == 0  # JSON: no interval is known, so none is drawn


def test_html_of_several_seeds_shows_every_reply():
    page = Reader(to_html(measured()))
    assert {"details", "summary"} <= set(page.tags)
    assert "利马! ■" in page.text and "Each run by itself" in page.text


def test_html_is_legible_in_the_dark_and_on_a_phone():
    page = to_html(measured())
    assert "prefers-color-scheme: dark" in page and "@media (max-width: 40rem)" in page
    assert '<meta name="viewport" content="width=device-width, initial-scale=1">' in page


def test_the_loss_curve_is_a_drawing_with_words():
    drawing = ElementTree.fromstring(quoted(loss_curve(LOSSES)))
    assert drawing.get("aria-label") == "training loss goes from 3.00 to 1.50"
    texts = [item.text for item in drawing.iter("text")]
    assert {"1", "10", "step", "loss (nats a token)"} <= set(texts)
    points = [tuple(map(float, pair.split(","))) for pair in drawing.find("polyline").get("points").split()]
    assert [x for x, _ in points] == sorted(x for x, _ in points)
    assert [y for _, y in points] == sorted(y for _, y in points)  # a falling loss falls
    assert all(0 <= x <= 640 and 0 <= y <= 240 for x, y in points)


def test_a_loss_that_rises_is_not_said_to_fall():
    assert "falls" not in loss_curve([(1, 1.0), (2, 3.0)])


@pytest.mark.parametrize("losses", [[(1, 2.0)], [(5, 0.0), (5, 0.0)]])
def test_a_curve_of_one_point(losses):
    ElementTree.fromstring(quoted(loss_curve(losses)))


# ------------------------------------------------------------------ files


@pytest.mark.parametrize("name", ["report.html", "report.md", "report.json"])
def test_a_report_is_written_and_nothing_beside_it(tmp_path, name):
    path = write_report(hostile(), tmp_path / "new" / name)
    assert [p.name for p in path.parent.iterdir()] == [name]
    assert path.read_text("utf-8")
    write_report(plain(), path)  # an earlier report gives way
    assert "首都是哪里?" in path.read_text("utf-8")


def test_json_is_strict_json_even_without_a_language(tmp_path):
    unknown = Scores(1, 0.0, float("nan"), float("nan"))
    result = Comparison("a", "b", plain().exchanges, {"all": (unknown, unknown)})
    text = write_report(result, tmp_path / "a.json").read_text("utf-8")

    def no_constant(name):
        raise AssertionError(f"{name} is not JSON")

    assert json.loads(text, parse_constant=no_constant)["base_name"] == "a"


def test_json_holds_figures_intervals_changes_and_runs(tmp_path):
    read = json.loads(write_report(measured(), tmp_path / "a.json").read_text("utf-8"))
    assert read["scores"]["zh"][0]["intervals"]["stop_rate"] == [0.0, 0.5]
    assert read["changes"]["all"]["stop_rate"] == {"value": 0.75, "low": 0.5, "high": 1.0}
    assert set(read["runs"]) == {"seed 1", "seed 2"}
    assert read["exchanges"][0]["others"][0]["text"] == "利马!"
    assert read["scores"]["zh"][0]["follows"] is None


@pytest.mark.parametrize("name", ["report.pdf", "report", "report.HTM"])
def test_another_ending(tmp_path, name):
    with pytest.raises(InputError) as caught:
        write_report(plain(), tmp_path / name)
    assert str(caught.value).endswith("; expected .html, .md or .json")
    assert list(tmp_path.iterdir()) == []


def test_a_place_that_cannot_be_written(tmp_path):
    (tmp_path / "file").touch()
    for path in (tmp_path / "file" / "a.html", tmp_path / "b.html"):
        (tmp_path / "b.html").mkdir(exist_ok=True)
        with pytest.raises(InputError, match="; expected a place that can be written"):
            write_report(plain(), path)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["b.html", "file"]


def test_a_failed_write_leaves_the_earlier_report(tmp_path, monkeypatch):
    path = tmp_path / "a.md"
    path.write_text("earlier")

    def full(self, *arguments, **options):
        self.touch()
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(type(path), "write_text", full)
    with pytest.raises(InputError, match="No space left on device"):
        write_report(plain(), path)
    assert [p.name for p in tmp_path.iterdir()] == ["a.md"]
    assert path.read_text() == "earlier"


# ------------------------------------------------------------------ comparing


def test_compare(tiny):
    rows = course_rows("test", ["en", "zh"])[:3] + course_rows("test", ["zh"])[:2]
    counted = []
    result = compare(("a", *tiny), ("b", *tiny), rows, max_new_tokens=4, on_batch=counted.append)
    assert sum(counted) == 2 * len(rows)
    assert list(result.scores) == ["en", "zh", "all"]
    assert [pair[0].prompts for pair in result.scores.values()] == [3, 2, 5]
    for exchange, row in zip(result.exchanges, rows, strict=True):
        assert exchange.base == exchange.tuned  # one model, twice
        assert (exchange.id, exchange.lang) == (row["id"], row["lang"])
        assert exchange.reference == row["messages"][-1]["content"]
        assert exchange.prompt == row["messages"][:-1]


def test_only_the_last_reply_is_asked_for(tiny):
    turns = [
        {"role": "user", "content": "a"},
        {"role": "assistant", "content": "b"},
        {"role": "user", "content": "c"},
        {"role": "assistant", "content": "d"},
        {"role": "user", "content": "after"},
    ]
    exchange = compare(("a", *tiny), ("b", *tiny), [{"messages": turns}], max_new_tokens=1).exchanges[0]
    assert (exchange.question, exchange.reference, exchange.prompt) == ("c", "d", turns[:3])


def test_a_conversation_that_opens_with_the_assistant(tiny):
    rows = [{"messages": [{"role": "assistant", "content": "Olá!"}]}]
    result = compare(("a", *tiny), ("b", *tiny), rows, max_new_tokens=1)
    assert to_terminal(result) and to_markdown(result) and to_html(result)


def test_several_seeds_are_taken_together(tiny):
    rows = course_rows("test", ["en"])[:4]
    other = scaled(tiny[0], 0.5)
    result = compare(("a", *tiny), [("run 1", *tiny), ("run 2", other, tiny[1])], rows, max_new_tokens=3)
    assert result.tuned_name == "run (2 runs)"
    assert list(result.runs) == ["run 1", "run 2"]
    one, two = (result.runs[name]["all"].response_loss for name in result.runs)
    assert one != pytest.approx(two)
    assert result.scores["all"][1].response_loss == pytest.approx((one + two) / 2)
    assert all(len(exchange.others) == 1 for exchange in result.exchanges)
    assert "2 seeds and prompts" in result.provenance["intervals"]


def test_a_model_and_itself_do_not_differ(tiny):
    result = compare(("a", *tiny), ("b", *tiny), course_rows("test", ["en"])[:4], max_new_tokens=3)
    change = result.changes["all"]
    assert change["perplexity"] == Estimate(1.0, 1.0, 1.0)
    assert change["stop_rate"] == Estimate(0.0, 0.0, 0.0)
    assert result.runs == {}


def test_two_runs_of_one_name_stay_two(tiny):
    rows = course_rows("test", ["en"])[:1]
    result = compare(("a", *tiny), [("run", *tiny), ("run", *tiny)], rows, max_new_tokens=1)
    assert list(result.runs) == ["run (1)", "run (2)"] and result.tuned_name == "run (2 runs)"


def scaled(model, factor):
    """The model with its last norm weaker: another model, of the same shape."""
    import copy

    import torch

    other = copy.deepcopy(model)
    with torch.no_grad():
        other.model.norm.weight.mul_(factor)
    return other


def test_nothing_to_compare(tiny):
    with pytest.raises(InputError, match="^compare: found no rows; expected at least one conversation$"):
        compare(("a", *tiny), ("b", *tiny), [])


@pytest.mark.parametrize("text", [None, "{", "[]", "{}", '{"losses": 3}', '{"losses": [], "versions": null}'])
def test_a_folder_that_says_nothing_about_its_run(tmp_path, text):
    if text is not None:
        (tmp_path / "run.json").write_text(text)
    assert run_facts(tmp_path) == {"losses": [], "provenance": {}}
