"""How long sentences are: beyond 35 words a reader has lost the beginning.

What is longer for a reason stands in `spelling/long.txt`, a line each: the file, then the sentence's first
words. A line that no long sentence needs any more is a finding too, so the list can only shrink.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from sitekit.findings import Finding
from sitekit.reading import read_text
from sitekit.texts import Stretch

LONGEST = 35  # words; code, a formula and a number count as one
ALLOWED = "code/sitekit/spelling/long.txt"
FIRST_WORDS = 6  # how many of them tell a sentence apart in that list

# Chinese runs on by clauses and has no spaces to count words by; nothing is said of it.
LANGUAGES_READ = ("en", "pt", "es")

_WORD = re.compile(r"\w+(?:[.,'’:/@+=%-]+\w+)*")
# A sentence also ends where a list in a YAML text goes on to its next item.
_END = re.compile(r"(?<=[.!?…])[\"”’»)*_]*\s+(?=[\W_]*\w)|\n\s*\n|\n(?=\s*(?:[-*]|\d+\.)\s)")


def sentences(text: str) -> Iterator[tuple[int, str]]:
    """`(offset, sentence)` of a text.

    >>> [sentence for _, sentence in sentences("One. Two (v. 1.2)? - a; b")]
    ['One.', 'Two (v.', '1.2)?', '- a; b']
    """
    start = 0
    for match in _END.finditer(text):
        yield start, text[start : match.start()]
        start = match.end()
    if text[start:].strip():
        yield start, text[start:]


def check_sentences(stretches: Iterable[Stretch], root: Path) -> list[Finding]:
    """Every sentence of more than LONGEST words that the list does not allow."""
    unused = dict.fromkeys(read_text(root / ALLOWED, ALLOWED).splitlines())
    places = {line: number for number, line in enumerate(unused, 1)}
    found = []
    for stretch in stretches:
        if stretch.lang not in LANGUAGES_READ:
            continue
        for start, sentence in sentences(stretch.spoken()):
            count = len(_WORD.findall(sentence))
            if count <= LONGEST:
                continue
            begin = start + len(sentence) - len(sentence.lstrip())
            first = " ".join(stretch.text[begin:].split()[:FIRST_WORDS])
            entry = f"{stretch.path}: {first}"
            unused.pop(entry, None)
            if entry not in places:
                line = stretch.line_of(begin, " ".join(first.split()[:2]))
                seen, expected = f"a sentence of {count} words ({first} …)", f"at most {LONGEST}"
                found.append(Finding(stretch.path, line, "sentence", seen, expected))
    for entry in unused:
        expected = f"only sentences of more than {LONGEST} words; remove the line"
        found.append(Finding(ALLOWED, places[entry], "sentence", f"{entry!r}", expected))
    return found
