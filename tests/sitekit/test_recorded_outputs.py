"""Recorded outputs: the tool, and every listing of the repository run again."""

import pytest

from sitekit import outputs
from sitekit.settings import ROOT


@pytest.fixture
def root(tmp_path):
    folder = tmp_path / "code" / "examples" / "lesson"
    folder.mkdir(parents=True)
    return tmp_path


def example(root, text, recorded=None):
    path = root / "code/examples/lesson/one.py"
    path.write_text(text, encoding="utf-8")
    if recorded is not None:
        path.with_suffix(".out").write_text(recorded, encoding="utf-8")
    return path


def test_output_is_recorded_once(root):
    path = example(
        root, "import os\nprint('olá', os.getcwd() == os.path.realpath(os.curdir), os.environ['NO_COLOR'])\n"
    )
    assert outputs.record_example(path, root) == ("code/examples/lesson/one.out", [])
    assert path.with_suffix(".out").read_text(encoding="utf-8") == "olá True 1\n"
    assert outputs.record_example(path, root) == (None, [])
    assert outputs.check_example(path, root) == []


def test_difference_is_shown(root):
    path = example(root, "print(1)\nprint(3)\n", "1\n2\n")
    (finding,) = outputs.check_example(path, root)
    assert finding.startswith("code/examples/lesson/one.py: found another output than recorded")
    assert "-2\n+3" in finding


def test_failure_keeps_the_recorded_output(root):
    path = example(root, "print(1)\nraise ValueError('no')\n", "1\n")
    expected = ["code/examples/lesson/one.py: found exit status 1 (ValueError: no); expected 0"]
    assert outputs.check_example(path, root) == expected
    assert outputs.record_example(path, root) == (None, expected)
    assert path.with_suffix(".out").read_text(encoding="utf-8") == "1\n"


def test_missing_record_is_a_finding(root):
    assert "found no one.out" in outputs.check_example(example(root, "print(1)\n"), root)[0]


def test_record_no_needs_a_reason_and_no_file(root):
    assert outputs.check_example(example(root, "# record: no needs a GPU\n1 / 0\n"), root) == []
    assert "without a reason" in outputs.check_example(example(root, "# record: no\n"), root)[0]
    assert "one.out" in outputs.check_example(example(root, "# record: no slow\n", "x"), root)[0]


def test_endless_example_is_a_finding(root, monkeypatch):
    monkeypatch.setattr(outputs, "TIMEOUT", 1)
    path = example(root, "while True: pass\n", "")
    assert "found it still running after 1 s" in outputs.check_example(path, root)[0]


def test_orphans_are_findings(root):
    (root / "code/examples/lesson/gone.out").write_text("x", encoding="utf-8")
    assert "found an output without its example" in outputs.orphans(root)[0]


def test_unknown_word_is_bad_input(capsys):
    assert outputs.main(["--check", "no-such-example-at-all"]) == 2
    assert "found no example" in capsys.readouterr().err


def test_no_orphans_here():
    assert outputs.orphans() == []


@pytest.mark.parametrize(
    "path", outputs.examples(), ids=lambda path: path.relative_to(ROOT / "code/examples").as_posix()
)
def test_listing_prints_what_is_recorded(path):
    assert outputs.check_example(path) == []
