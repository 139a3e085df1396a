"""Three cures in Material's own scripts, which no option reaches, made in the built site.

Each is one expression, looked for by its shape; where it is not found exactly once, the build says so and
`--strict` stops it, so that a new version of Material cannot drop a cure unseen.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Mend:
    """One cure: the script, the expression, what it becomes."""

    name: str
    script: str
    expression: re.Pattern[str]
    becomes: str


MENDS = (
    # The search index is heavier than all the rest of a page. Material loads it with every page, unless the
    # page is read from a file: then it waits for the reader to open the search, and so it does here.
    Mend(
        "index-when-asked",
        "assets/javascripts/bundle.*.min.js",
        re.compile(r'\((location\.protocol!=="file:"|!1)\),(\w+\("search"\)\)\.pipe)'),
        r"(!1),\2",
    ),
    # Marking the words that a search led to needs the index as well, but only on an address that has some.
    Mend(
        "index-for-marks",
        "assets/javascripts/bundle.*.min.js",
        re.compile(r'(\w+\("search\.highlight"\))(&&/\[\?&\]h=/\.test\(location\.search\))?\?'),
        r"\1&&/[?&]h=/.test(location.search)?",
    ),
    # A run of Chinese characters is cut by the words of the index, but the run as a whole is never tried:
    # the loop ends one character early, and 词元 is looked for as 词.
    Mend(
        "whole-chinese-words",
        "assets/javascripts/workers/search.*.min.js",
        re.compile(
            r"(for\(let (?P<end>\w+)=(?P<start>\w+)\+1;(?P=end)<)=?((?P<run>\w+)\.length;(?P=end)\+\+\)"
            r"(?P=run)\.slice\((?P=start),(?P=end)\)in )"
        ),
        r"\1=\4",
    ),
)


def mend(site: Path) -> list[str]:
    """Mends the scripts of a built site in place; twice is as once. Returns the names of cures that found
    no place."""
    missed = []
    for cure in MENDS:
        paths = list(site.glob(cure.script))
        for path in paths:
            text, found = cure.expression.subn(cure.becomes, path.read_text(encoding="utf-8"))
            if found == 1:
                path.write_text(text, encoding="utf-8")
            else:
                missed.append(cure.name)
        if not paths:
            missed.append(cure.name)
    return missed
