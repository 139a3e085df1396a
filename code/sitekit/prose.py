"""The course's pages as plain text: what the small base model of the lesson From scratch reads.

    python -m sitekit.prose        writes code/sintonia/data/prose/<lang>.txt from docs/ and the glossary

The package carries the text, so that a model can be made where there are no pages. It is a snapshot: it
need not follow every edit of a page, and figures that were measured with it name it by its checksum.
"""

from __future__ import annotations

import re
from pathlib import Path

import yaml

from sitekit.languages import COMPLETE

ROOT = Path(__file__).resolve().parents[2]
TARGET = ROOT / "code" / "sintonia" / "data" / "prose"

# Lines that are not sentences: includes, figures, marks for a hook, tables, tags, admonition heads.
_FENCED = re.compile(r"^(?P<fence>[ \t]*(?:`{3,}|~{3,})).*?^(?P=fence)", re.MULTILINE | re.DOTALL)
_NO_PROSE = re.compile(r"^\s*(?:--8<--|!\[|<|\||!!!|\?\?\?|---|===|\$\$|\[\^)")
_HEADING = re.compile(r"^#+\s*(?P<words>.*?)\s*(?:\{#[^}]*\})?\s*$")
_CHANGES = (
    (re.compile(r"\[\[[^\]|]*\|([^\]]*)\]\]"), r"\1"),  # [[term|words]]
    (re.compile(r"\[([^\]]*)\]\([^)]*\)(?:\{[^}]*\})?"), r"\1"),  # [words](address)
    (re.compile(r"\*\*|__|`"), ""),
    (re.compile(r"(?<!\w)[*_]([^*_]+)[*_](?!\w)"), r"\1"),
    (re.compile(r"<[a-z/!][^>]*>"), ""),
    (re.compile(r"\{[:#.][^}]*\}"), ""),
    (re.compile(r"^\s*(?:[-*>]|\d+\.)\s+"), ""),
)


def prose(markdown: str) -> list[str]:
    """The paragraphs of a page, without code, markup, tables and figures.

    >>> prose("# A\\n\\n- **Read** [[label|the labels]], `x` too.\\n\\n```\\ncode\\n```\\n")
    ['A', 'Read the labels, x too.']
    """
    found = []
    for line in _FENCED.sub("", markdown).splitlines():
        if _NO_PROSE.match(line):
            continue
        if line.startswith("#"):
            line = _HEADING.match(line)["words"]
        for pattern, replacement in _CHANGES:
            line = pattern.sub(replacement, line)
        if line.strip():
            found.append(line.strip())
    return found


def course_text(lang: str) -> str:
    """One language's pages and glossary, a paragraph a line, none of them twice."""
    pages = sorted((ROOT / "docs" / lang).rglob("*.md"))
    paragraphs = [text for page in pages for text in prose(page.read_text("utf-8"))]
    entries = yaml.safe_load((ROOT / "docs" / "assets" / "glossary.yml").read_text("utf-8"))
    for entry in entries:
        paragraphs += prose(f"{entry[lang]['term']}: {' '.join(entry[lang]['text'].split())}")
    return "".join(f"{' '.join(text.split())}\n" for text in dict.fromkeys(paragraphs))


def main() -> None:
    """Write the four files."""
    TARGET.mkdir(parents=True, exist_ok=True)
    for lang in COMPLETE:
        (TARGET / f"{lang}.txt").write_text(course_text(lang), encoding="utf-8")
        print(f"{TARGET / lang}.txt: {len(course_text(lang))} characters")


if __name__ == "__main__":
    main()
