"""Pages that a language under way has not translated yet: the English text under a line that says so.

The line is `<!-- to-do: CHECKSUM -->`; the checksum tells a copy that nobody touched, which may be renewed
when the English page changes. The site shows the present English page in its place, the checks pass it by.
"""

from __future__ import annotations

import re

from sitekit.checksums import checksum
from sitekit.languages import HTML_LANG, REFERENCE
from sitekit.words import word

_LINE = re.compile(r"^<!-- to-do: (?P<sum>[0-9a-f]+) -->\n?", re.MULTILINE)


def is_to_do(text: str) -> bool:
    """Whether a page's text is marked as not translated yet.

    >>> is_to_do(as_to_do("# Masks\\n")), is_to_do("# Masques\\n")
    (True, False)
    """
    return bool(_LINE.search(text))


def as_to_do(english: str) -> str:
    """The file that stands for a page until it is translated; front matter stays in front.

    >>> print(as_to_do("# Masks\\n").splitlines()[1])
    # Masks
    """
    front = re.match(r"---\n.*?\n---\n", english, re.DOTALL)
    start = front.end() if front else 0
    return f"{english[:start]}<!-- to-do: {checksum(english)} -->\n{english[start:]}"


def untouched(text: str) -> bool:
    """Whether a page to do is still the copy that it began as.

    >>> page = as_to_do("# Masks\\n")
    >>> untouched(page), untouched(page.replace("Masks", "Masques"))
    (True, False)
    """
    match = _LINE.search(text)
    return bool(match) and checksum(_LINE.sub("", text, count=1)) == match["sum"]


def marked_english(html: str, lang: str) -> str:
    """A page in English among those of `lang`: says so in that language, and tells screen readers."""
    notice = f'<div class="admonition note"><p>{word("not-translated", lang)}</p></div>'
    return f'{notice}<div lang="{HTML_LANG[REFERENCE]}">{html}</div>'
