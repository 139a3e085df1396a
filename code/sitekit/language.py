"""Reads every text as a speller would: `python -m sitekit.language [--root DIR] [--json] [--require]`.

Spelling in English, Portuguese and Spanish by hunspell and the lists in code/sitekit/spelling; sentences of
more than 35 words; spacing and punctuation of Chinese by AutoCorrect. Says each place as
`docs/pt/masks.md:42: found the word 'maquína', expected ...`. A word that is right and new goes into the
list of its language, after a look at where it stands:

    python -m sitekit.language --words      the unknown words, one a line, by list

Exit 0: nothing found, or a part skipped because its program is not installed (it says which). 1: findings,
or with --require a program that is not there. 2: could not read (which file, which line).
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from sitekit import spellcheck, typography
from sitekit.findings import CannotReadError, Finding
from sitekit.roots import find_root
from sitekit.sentences import check_sentences
from sitekit.texts import texts


@dataclass
class Report:
    """What a run found, how many texts it read, and what it had to leave out."""

    findings: list[Finding] = field(default_factory=list)
    texts: int = 0
    skipped: list[str] = field(default_factory=list)


def check(root: Path) -> Report:
    """Reads the tree at `root`. Raises CannotReadError where a page or a list cannot be read."""
    stretches = texts(root)
    report = Report(check_sentences(stretches, root), len(stretches))
    parts = (
        ("spelling", spellcheck.missing, spellcheck.check_spelling),
        ("Chinese typography", typography.missing, typography.check_typography),
    )
    for name, missing, work in parts:
        if why := missing():
            report.skipped.append(f"{name}: not checked: {why}")
        else:
            report.findings += work(stretches, root)
    report.findings = sorted(set(report.findings))
    return report


def new_words(findings: Sequence[Finding]) -> dict[str, list[str]]:
    """List of words -> the unknown words that would go there, sorted as the lists are."""
    found: dict[str, set[str]] = {}
    for finding in findings:
        if finding.kind == "spelling":
            found.setdefault(finding.expected.rpartition(" ")[2], set()).add(finding.found.split("'")[1])
    return {name: sorted(words, key=spellcheck.order) for name, words in sorted(found.items())}


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the command; returns its exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m sitekit.language",
        description="Says misspelt words, long sentences and Chinese typography, as file:line.",
    )
    parser.add_argument("--root", type=Path, help="the repository (default: the one you are in)")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.add_argument("--words", action="store_true", help="print only the unknown words, by list")
    parser.add_argument("--require", action="store_true", help="fail where a part cannot be checked")
    options = parser.parse_args(arguments)
    root = (options.root or find_root(Path.cwd())).resolve()
    try:
        report = check(root)
    except CannotReadError as error:
        print(error, file=sys.stderr)
        return 2
    if options.json:
        findings = [finding.as_dict() for finding in report.findings]
        whole = {"texts": report.texts, "skipped": report.skipped, "findings": findings}
        print(json.dumps(whole, ensure_ascii=False, indent=2))
    elif options.words:
        for name, words in new_words(report.findings).items():
            print(f"{name}:", *words, sep="\n  ")
    else:
        for line in (*report.findings, *report.skipped):
            print(line)
        count = len(report.findings)
        print(f"{count or 'no'} finding{'' if count == 1 else 's'} in {report.texts} texts")
    return 1 if report.findings or (options.require and report.skipped) else 0


if __name__ == "__main__":
    sys.exit(main())
