"""The lock: who lags behind whom since when, what `accept` declares and refuses, what `status` shows."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path

import pytest

from sitekit import accept, parity, status
from sitekit.__main__ import main
from sitekit.course import read_course
from sitekit.lags import lags
from sitekit.lock import LOCK, read_lock

ROOT = Path(__file__).resolve().parents[2]
PAGE = "# {}\n\n{}\n\n## {} {{#signs}}\n\n{} `-100`.\n\n## {} {{#label-shift}}\n\n{}\n"
PAGES = {
    "en": PAGE.format("Masks", "Look first.", "Signs", "Set", "Shift", "One to the left."),
    "pt": PAGE.format("Máscaras", "Olhe antes.", "Sinais", "Ponha", "Desloca", "Um à esquerda."),
    "es": PAGE.format("Máscaras", "Mira antes.", "Signos", "Pon", "Desplaza", "Uno a la izquierda."),
    "zh": PAGE.format("掩码", "先看一看。", "符号", "设为", "平移", "向左一位。"),
}
GLOSSARY = """\
- id: mask
  en: {term: mask, text: A list.}
  pt: {term: máscara, text: Uma lista.}
  es: {term: máscara, text: Una lista.}
  zh: {term: 掩码, text: 一个列表。}
"""


def change(root: Path, name: str, old: str, new: str) -> None:
    text = (root / name).read_text(encoding="utf-8")
    assert old in text
    (root / name).write_text(text.replace(old, new, 1), encoding="utf-8")


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """Four pages and a term, declared in step on 1 November 2026."""
    for lang, text in PAGES.items():
        (tmp_path / "docs" / lang).mkdir(parents=True)
        (tmp_path / "docs" / lang / "masks.md").write_text(text, encoding="utf-8")
    (tmp_path / "docs/assets").mkdir()
    (tmp_path / "docs/assets/glossary.yml").write_text(GLOSSARY, encoding="utf-8")
    assert main(["accept", "--all", "--root", str(tmp_path)]) == 0
    lock = (tmp_path / LOCK).read_text(encoding="utf-8")
    (tmp_path / LOCK).write_text(re.sub(r"\d{4}-\d\d-\d\d", "2026-11-01", lock), encoding="utf-8")
    return tmp_path


def git(root: Path, *arguments: str, day: str = "2026-11-01") -> None:
    when = f"{day}T12:00:00+0000"
    subprocess.run(
        ["git", "-c", "user.name=A", "-c", "user.email=a@example.org", *arguments],
        cwd=root,
        env={"PATH": "/usr/bin:/bin", "GIT_AUTHOR_DATE": when, "GIT_COMMITTER_DATE": when, "HOME": str(root)},
        check=True,
        capture_output=True,
    )


def run(root: Path, *arguments: str, capsys) -> tuple[int, str, str]:
    capsys.readouterr()
    code = main([*arguments, "--root", str(root)])
    out, err = capsys.readouterr()
    return code, out, err


def test_the_lock_is_one_line_a_passage(tree):
    lines = (tree / LOCK).read_text(encoding="utf-8").splitlines()
    assert lines[0].startswith("# ")
    assert [line.split()[0] for line in lines[1:]] == [
        *("docs/assets/glossary.yml#mask", "masks.md#label-shift", "masks.md#signs", "masks.md#top"),
    ]
    line = r"masks\.md#signs 2026-11-01 en:[0-9a-f]{10} pt:[0-9a-f]{10} es:[0-9a-f]{10} zh:[0-9a-f]{10}"
    assert re.fullmatch(line, lines[3])


def test_any_language_may_lead(tree, capsys):
    git(tree, "init", "-q")
    git(tree, "add", ".")
    git(tree, "commit", "-qm", "one")
    change(tree, "docs/pt/masks.md", "Um à esquerda.", "Um só, à esquerda.")
    git(tree, "commit", "-qam", "two", day="2026-11-30")
    change(tree, "docs/pt/masks.md", "Olhe antes.", "Olhe bem antes.")
    git(tree, "commit", "-qam", "three", day="2026-12-05")
    code, out, _ = run(tree, "parity", capsys=capsys)
    assert code == 1
    assert [line for line in out.splitlines() if "#label-shift" in line] == [
        "docs/en/masks.md#label-shift lags behind pt since 2026-11-30",
        "docs/es/masks.md#label-shift lags behind pt since 2026-11-30",
        "docs/zh/masks.md#label-shift lags behind pt since 2026-11-30",
    ]
    assert "docs/en/masks.md#top lags behind pt since 2026-12-05" in out
    assert out.splitlines()[-1].startswith("6 findings: 4 pages")


def test_two_may_lead_together(tree, capsys):
    change(tree, "docs/pt/masks.md", "Olhe antes.", "Olhe bem antes.")
    change(tree, "docs/zh/masks.md", "先看一看。", "先仔细看。")
    found = lags(read_course(tree), read_lock(tree))
    assert [(lag.shown, lag.behind) for lag in found] == [
        ("docs/en/masks.md#top", ("pt", "zh")),
        ("docs/es/masks.md#top", ("pt", "zh")),
    ]


def test_rewrapped_lines_are_no_change(tree):
    change(tree, "docs/pt/masks.md", "Um à esquerda.", "Um\nà   esquerda.")
    assert lags(read_course(tree), read_lock(tree)) == []


def test_what_changed_everywhere_waits_to_be_declared(tree, capsys):
    for lang, old, new in (
        *(("en", "One to", "Just one to"), ("pt", "Um à", "Só um à")),
        *(("es", "Uno a", "Solo uno a"), ("zh", "向左", "只向左")),
    ):
        change(tree, f"docs/{lang}/masks.md", old, new)
    code, out, _ = run(tree, "parity", capsys=capsys)
    assert code == 1
    assert out.splitlines()[0] == (
        "masks.md: #label-shift is not declared in step; run sitekit accept masks.md#label-shift"
    )
    # No reason is asked for: all four followed. A path as findings write it names the section too.
    code, out, _ = run(tree, "accept", "docs/es/masks.md#label-shift", capsys=capsys)
    assert (code, out) == (
        0,
        f"masks.md#label-shift: in step\n1 declared in step; {LOCK} has 4 passages\n",
    )
    assert run(tree, "parity", capsys=capsys)[0] == 0
    assert read_lock(tree)["masks.md#label-shift"].reason == ""
    assert run(tree, "accept", "--all", capsys=capsys)[1] == "nothing to declare: in step\n"


def test_accept_asks_why_fewer_changed(tree, capsys):
    change(tree, "docs/es/masks.md", "Mira antes.", "Mira bien antes.")
    before = (tree / LOCK).read_text(encoding="utf-8")
    code, out, err = run(tree, "accept", "masks.md", capsys=capsys)
    assert (code, out) == (2, "")
    assert err == (
        "masks.md#top: found es changed and en, pt, zh as before; expected all to change; translate the "
        'others too, or say why they need not: --reason "a typo"\n'
    )
    assert (tree / LOCK).read_text(encoding="utf-8") == before
    assert run(tree, "accept", "masks.md", "--reason", "a typo\nin Spanish", capsys=capsys)[0] == 0
    assert read_lock(tree)["masks.md#top"].reason == "a typo in Spanish"
    assert read_lock(tree)["masks.md#signs"].on == "2026-11-01"
    assert run(tree, "parity", capsys=capsys)[0] == 0


def test_accept_refuses_while_parity_fails(tree, capsys):
    change(tree, "docs/zh/masks.md", "`-100`", "`-10`")
    before = (tree / LOCK).read_text(encoding="utf-8")
    code, out, err = run(tree, "accept", "--all", "--reason", "so", capsys=capsys)
    assert code == 1
    assert out == "docs/zh/masks.md:7: found `-10`, expected `-100` (docs/en/masks.md:7)\n"
    assert err == "refused: 1 finding; repair them, then accept\n"
    assert (tree / LOCK).read_text(encoding="utf-8") == before


def test_accept_of_what_is_not_there(tree, capsys):
    code, _, err = run(tree, "accept", "masks.md#signals", capsys=capsys)
    assert code == 2
    assert err.startswith("masks.md#signals: found no such section; expected PAGE or PAGE#SECTION; near it: ")
    assert "masks.md#signs" in err
    for arguments in ([], ["--all", "masks.md"]):
        with pytest.raises(SystemExit) as stopped:
            accept.main(arguments)
        assert stopped.value.code == 2


def test_new_and_vanished_sections(tree, capsys):
    for lang in PAGES:
        change(tree, f"docs/{lang}/masks.md", "{#signs}", "{#marks}")
    code, out, _ = run(tree, "parity", capsys=capsys)
    assert code == 1
    assert out.splitlines()[:2] == [
        "masks.md: #marks is not declared in step; run sitekit accept masks.md#marks",
        f"{LOCK}:4: masks.md#signs is in the lock and nowhere else; run sitekit accept masks.md",
    ]
    assert run(tree, "accept", "masks.md", capsys=capsys)[0] == 0
    assert set(read_lock(tree)) == {
        *("docs/assets/glossary.yml#mask", "masks.md#label-shift", "masks.md#marks", "masks.md#top")
    }


def test_a_term_of_the_glossary(tree, capsys):
    change(tree, "docs/assets/glossary.yml", "Uma lista.", "Uma lista de números.")
    _, out, _ = run(tree, "parity", capsys=capsys)
    assert re.match(r"docs/assets/glossary\.yml#mask \(en\) lags behind pt since \d{4}-\d\d-\d\d\n", out)
    assert run(tree, "accept", "glossary.yml#mask", "--reason", "clearer", capsys=capsys)[0] == 0


def test_json(tree, capsys):
    change(tree, "docs/es/masks.md", "Mira antes.", "Mira bien antes.")
    _, out, _ = run(tree, "parity", "--json", capsys=capsys)
    report = json.loads(out)
    assert (report["status"], report["locked"], report["findings"]) == ("findings", True, [])
    first = report["lags"][0]
    assert first["since"] and first["says"] == f"lags behind es since {first['since']}"
    assert {key: first[key] for key in ("path", "line", "section", "language", "behind")} == {
        "path": "docs/en/masks.md",
        "line": 1,
        "section": "masks.md#top",
        "language": "en",
        "behind": ["es"],
    }


def test_a_lock_that_cannot_be_read(tree, capsys):
    with (tree / LOCK).open("a", encoding="utf-8") as file:
        file.write("<<<<<<< ours\nmasks.md#top 2026-11-01 en:00\n")
    code, out, err = run(tree, "parity", capsys=capsys)
    assert (code, out) == (2, "")
    assert err.splitlines() == [
        f"{LOCK}:6: found '<<<<<<< ours'; expected NAME DAY en:SUM pt:SUM ...; delete the line and run "
        "sitekit accept",
        f"{LOCK}:7: found masks.md#top again; expected it once (line 5); delete both and run "
        "sitekit accept masks.md#top",
    ]  # fmt: skip


def test_status(tree, capsys):
    code, out, _ = run(tree, "status", capsys=capsys)
    assert (code, out.splitlines()) == (
        0,
        [
            "page                   en       pt       es       zh",
            "masks.md               in step  in step  in step  in step",
            "Words of the glossary  in step  in step  in step  in step",
            "8 cells: 8 in step",
        ],
    )
    change(tree, "docs/es/masks.md", "Mira antes.", "Mira bien antes.")
    (tree / "docs/pt/extra.md").write_text("# Extra\n", encoding="utf-8")
    code, out, _ = run(tree, "status", capsys=capsys)
    assert (code, out.splitlines()[1:3]) == (
        1,
        [
            "extra.md               missing  1 undeclared  missing  missing",
            "masks.md               1 lags   1 lags        1 leads  1 lags",
        ],
    )
    _, out, _ = run(tree, "status", "--json", capsys=capsys)
    rows = {row["name"]: row["languages"] for row in json.loads(out)["rows"]}
    assert rows["masks.md"]["es"] == {"state": "leads", "in step": 2, "leads": 1}
    assert rows["extra.md"]["zh"]["state"] == "missing"


def test_status_as_a_page(tree):
    change(tree, "docs/es/masks.md", "Mira antes.", "Mira bien antes.")
    shown = status.expand("# Estado\n\n<!-- status -->\n", tree, "es").splitlines()
    assert shown[2] == "| Página | Português | Español | 中文 | English |"
    cell = '<span class="status-lags">con retraso (1)</span>'
    leads = '<span class="status-leads">por delante (1)</span>'
    assert shown[4] == f"| [Máscaras](masks.md) | {cell} | {leads} | {cell} | {cell} |"


def test_usage(capsys):
    assert main(["statusses"]) == 2
    assert capsys.readouterr().err == (
        "sitekit: found statusses; expected one of: parity, status, accept, new-language, offline\n"
    )
    assert main(["--help"]) == 0
    assert "declare sections in step" in capsys.readouterr().out


def test_a_merge_needs_a_lock_that_matches():
    """The course's own: after a change of pages, `sitekit accept` belongs to it."""
    report = parity.check(ROOT)
    assert report.locked, f"{LOCK}: found no lock; expected one; run sitekit accept --all"
    assert [str(lag) for lag in report.lags] == []
