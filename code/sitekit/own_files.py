"""The site's own scripts and styles, sent without the comments that stand in their sources."""

from __future__ import annotations

import re
from pathlib import Path

OWN = ("assets/stylesheets/sintonia.css", "assets/javascripts/language.js", "assets/javascripts/math.js")
STYLE_COMMENT = re.compile(r"/\*.*?\*/", re.S)
SCRIPT_COMMENT = re.compile(r"^\s*//.*$", re.M)


def slim(site: Path) -> None:
    """Takes comments and indentation out of a built site's own files, in place."""
    for name in OWN:
        path = site / name
        path.write_text(slimmed(path.read_text(encoding="utf-8"), path.suffix), encoding="utf-8")


def slimmed(text: str, suffix: str) -> str:
    """A style sheet or a script without comments, blank lines and indentation.

    Of a script only lines go that are nothing but a comment; the sources hold no text of several lines.

    >>> slimmed("/* Why. */\\n.a {\\n  color: red;\\n}\\n", ".css")
    '.a {\\ncolor: red;\\n}\\n'
    >>> slimmed('let a = "//b"; // kept\\n\\n  // gone\\n', ".js")
    'let a = "//b"; // kept\\n'
    """
    text = (STYLE_COMMENT if suffix == ".css" else SCRIPT_COMMENT).sub("", text)
    lines = (line.strip() for line in text.splitlines())
    return "".join(f"{line}\n" for line in lines if line)
