"""How far the translations have drifted from English, by the columns in which other courses were measured.

    .venv/bin/python benchmarks/drift.py

It reads the four trees with a few regular expressions of its own and not with the course's checker, so that
one can catch the other. Results go to `benchmarks/results/drift/`.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent
RESULTS = HERE / "results" / "drift"
LANGUAGES = ("pt", "es", "zh")
FENCE = re.compile(r"^[ \t]*(`{3,})(.*?)\n(.*?)^[ \t]*\1[ \t]*$", re.MULTILINE | re.DOTALL)
HEADING = re.compile(r"^(#{1,6}) .*?(?:\{#([\w-]+)\})?[ \t]*$", re.MULTILINE)
INCLUDE = re.compile(r'--8<-- "([^"]+)"|!\[figure: ([\w-]+)\]|<!-- (?:cell|playground): ([\w-]+) -->')
# A command may name the reader's own language.
OWN = re.compile(r"(?<=--lang )\w\w|(?<=[/ ])(?:pt|es|zh|en)(?=\.jsonl|\b)")


def main(arguments: list[str]) -> int:
    """Count, write. Exit status 1: something differs."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, default=RESULTS)
    options = parser.parse_args(arguments)
    result = {lang: counted(lang) for lang in LANGUAGES}
    options.out.mkdir(parents=True, exist_ok=True)
    (options.out / "results.json").write_text(json.dumps(result, indent=2) + "\n", encoding="utf-8")
    (options.out / "README.md").write_text(as_markdown(result), encoding="utf-8")
    return int(any(found[column] for found in result.values() for column in COLUMNS))


def counted(lang: str) -> dict[str, Any]:
    """Pages of English, and how many of them are missing or differ in a language."""
    pages = sorted((ROOT / "docs" / "en").rglob("*.md"))
    found: dict[str, Any] = {"pages": len(pages), **dict.fromkeys(COLUMNS, 0)}
    for page in pages:
        other = ROOT / "docs" / lang / page.relative_to(ROOT / "docs" / "en")
        if not other.is_file():
            found["missing"] += 1
            continue
        texts = page.read_text("utf-8"), other.read_text("utf-8")
        for column, parts in PARTS.items():
            found[column] += parts(texts[0]) != parts(texts[1])
    states = told_states()
    found["older"] = sum("lags" in states[page.name].get(lang, "") for page in pages if page.name in states)
    return found


def told_states() -> dict[str, dict[str, str]]:
    """What `sitekit status` says of each page, by language."""
    command = [sys.executable, "-m", "sitekit", "status", "--json"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "code")}
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True)
    rows = json.loads(done.stdout)["rows"]
    return {
        row["name"]: {lang: cell["state"] for lang, cell in row["languages"].items() if cell} for row in rows
    }


def headings(text: str) -> list[tuple[int, str | None]]:
    """Levels and ids, in order; what stands in code is no heading."""
    bare = FENCE.sub("", text)
    return [(len(match[1]), match[2]) for match in HEADING.finditer(bare)]


def code(text: str) -> list[tuple[str, str]]:
    """Language and content of each block of code."""
    return [(match[2].split(" ")[0].strip(), OWN.sub("LANG", match[3])) for match in FENCE.finditer(text)]


def includes(text: str) -> list[str]:
    """Files, figures and cells that a page takes in, in order."""
    return [next(filter(None, match.groups())) for match in INCLUDE.finditer(text)]


def as_markdown(result: dict[str, Any]) -> str:
    """The table and how it was counted."""
    lines = [
        "# How far the translations drift",
        "",
        "`benchmarks/drift.py`; pages of prose and of notebooks beside English. Code is compared to",
        "the letter, but for the reader's own language in a command. Older: a passage changed in another",
        "language since the four were declared in step (`docs/parity.lock`).",
        "",
        "| vs English | pages | missing | headings differ | code differs | includes differ | older |",
        "|---|---:|---:|---:|---:|---:|---:|",
    ]
    for lang, found in result.items():
        shares = " | ".join(f"{found[column] / found['pages']:.0%}" for column in COLUMNS)
        lines.append(f"| {lang} | {found['pages']} | {shares} |")
    return "\n".join([*lines, ""])


PARTS: dict[str, Callable[[str], Any]] = {"headings": headings, "code": code, "includes": includes}
COLUMNS = ("missing", *PARTS, "older")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
