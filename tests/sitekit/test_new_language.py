"""A fifth language in a copy of the course: begun by a command, one page translated, checked, built."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from bs4 import BeautifulSoup

from sitekit.building import build_site
from sitekit.new_language import main
from sitekit.to_do import is_to_do

SENTENCE = "Une entrée par notion, avec les mots que les autres langues emploient pour elle."


def in_french(english: str) -> str:
    """The glossary's page with its title and every paragraph in French, its marks kept."""
    titles = {"# Glossary": "# Glossaire", "## Terms {#terms}": "## Entrées {#terms}"}
    lines = [
        titles.get(line, line if not line or line.startswith("<!--") else SENTENCE)
        for line in english.splitlines()
    ]
    return "\n".join(lines) + "\n"


def sitekit(root: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """The copy's own sitekit: the fifth language is in the copy's languages.yml."""
    return subprocess.run(
        [sys.executable, "-m", "sitekit", *arguments],
        cwd=root,
        env={**os.environ, "PYTHONPATH": str(root / "code"), "PYTHONUTF8": "1"},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture(scope="module")
def french(tmp_path_factory: pytest.TempPathFactory, course_copier) -> Path:
    """The course with French begun, only to be read."""
    root = course_copier(tmp_path_factory.mktemp("french"))
    done = sitekit(root, "new-language", "fr")
    assert done.returncode == 0, done.stderr
    return root


@pytest.fixture
def own_french(french: Path, tmp_path: Path) -> Path:
    """A copy of it for one test alone."""
    return shutil.copytree(french, tmp_path / "course", symlinks=True)


def test_every_page_is_to_do(french):
    english = {path.relative_to(french / "docs/en") for path in (french / "docs/en").rglob("*.md")}
    pages = {path.relative_to(french / "docs/fr"): path for path in (french / "docs/fr").rglob("*.md")}
    assert set(pages) == english
    assert all(is_to_do(path.read_text("utf-8")) for path in pages.values())
    shown = json.loads(sitekit(french, "status", "--json").stdout)
    assert shown["languages"][-1] == "fr"
    states = {row["name"]: row["languages"]["fr"]["state"] for row in shown["rows"]}
    assert len(states) > len(english)
    assert set(states.values()) == {"to do"}


def test_nothing_fails_for_what_is_to_do(french):
    done = sitekit(french, "parity")
    assert "fr" not in re.findall(r"docs/(\w+)/", done.stdout), done.stdout
    assert done.stdout.splitlines()[-1].endswith("5 languages")
    lock = (french / "docs/parity.lock").read_text("utf-8").splitlines()
    assert all(line.endswith(" fr:-") for line in lock[1:])


def test_one_page_translated_checked_and_built(own_french, tmp_path):
    french = own_french
    page = french / "docs/fr/glossary.md"
    french_page = in_french((french / "docs/en/glossary.md").read_text("utf-8"))
    page.write_text(french_page.replace("# Glossaire", "## Glossaire {#g}"), encoding="utf-8")
    first = sitekit(french, "parity").stdout
    assert "docs/fr/glossary.md:1: found" in first
    page.write_text(french_page, encoding="utf-8")
    undeclared = (
        "glossary.md: #top, #terms are not declared in step in French; run sitekit accept glossary.md"
    )
    assert undeclared in sitekit(french, "parity").stdout.splitlines()
    # A first translation is reason enough.
    done = sitekit(french, "accept", "glossary.md")
    assert done.returncode == 0, done.stdout + done.stderr
    assert undeclared not in sitekit(french, "parity").stdout
    rows = json.loads(sitekit(french, "status", "--json").stdout)["rows"]
    assert next(row for row in rows if row["name"] == "glossary.md")["languages"]["fr"]["state"] == "in step"

    out = tmp_path / "site"
    built = build_site(out, french)
    assert built.returncode == 0, built.stdout + built.stderr

    def read(path: str) -> BeautifulSoup:
        return BeautifulSoup((out / path).read_text(encoding="utf-8"), "html.parser")

    own, waiting, english = (
        read("fr/glossary/index.html"),
        read("fr/masks/index.html"),
        read("masks/index.html"),
    )
    assert own.html["lang"] == waiting.html["lang"] == "fr"
    assert own.find("h1").get_text().startswith("Glossaire")
    assert not own.select('div[lang="en"] h1')
    # What is not translated is today's English page, said to be English.
    assert waiting.select_one('div[lang="en"] h1').get_text() == english.find("h1").get_text()
    assert [h["id"] for h in waiting.select("article h2")] == [h["id"] for h in english.select("article h2")]
    assert read("fr/notebooks/01-chat-templates/index.html").select_one('div[lang="en"] h1')
    assert english.select_one('a[hreflang="fr"]').get_text() == "Français"
    assert (out / "fr/search/search_index.json").is_file()


def test_called_again_it_renews_only_what_nobody_touched(own_french):
    french = own_french
    english = (french / "docs/en/glossary.md").read_text("utf-8")
    (french / "docs/fr/glossary.md").write_text(in_french(english), encoding="utf-8")
    begun, fresh = french / "docs/fr/index.md", french / "docs/fr/masks.md"
    begun.write_text(begun.read_text("utf-8") + "\nBonjour.\n", encoding="utf-8")
    kept = begun.read_text("utf-8")
    for name in ("index.md", "masks.md", "glossary.md"):
        with (french / "docs/en" / name).open("a", encoding="utf-8") as file:
            file.write("\nOne more thing.\n")
    glossary = (french / "docs/fr/glossary.md").read_text("utf-8")
    done = sitekit(french, "new-language", "fr")
    assert done.returncode == 0, done.stderr
    assert "wrote 1 page below docs/fr" in done.stdout
    assert fresh.read_text("utf-8").endswith("One more thing.\n")
    assert begun.read_text("utf-8") == kept
    assert (french / "docs/fr/glossary.md").read_text("utf-8") == glossary


@pytest.mark.parametrize("code", ["en", "français", "qx", "../etc"])
def test_no_such_language(code, tmp_path, capsys):
    assert main([code, "--root", str(tmp_path)]) == 2
    assert capsys.readouterr().err.startswith(
        f"language: found {code!r}; expected the code of a new language; "
    )
    assert list(tmp_path.iterdir()) == []
