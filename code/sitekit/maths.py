r"""Formulas as HTML, for the moments before KaTeX and for readers without JavaScript.

KaTeX is heavier than a page, so it comes late. Until then a formula stands there as letters with indices,
about as wide as it will be, and the lines around it stay where they are.
"""

from __future__ import annotations

import re
from html import escape, unescape

# What pymdownx.arithmatex leaves: \(inline\) in a span, \[on a line of its own\] in a div.
FORMULA = re.compile(r'<(span|div) class="arithmatex">\s*\\[(\[](.*?)\\[)\]]\s*</\1>', re.S)
SIGNS = {
    **{"alpha": "α", "beta": "β", "eta": "η", "kappa": "κ", "pi": "π", "sigma": "σ", "sum": "∑"},
    **{"cdot": " · ", "times": " × ", "in": " ∈ ", "cap": " ∩ ", "cup": " ∪ ", "mid": " ∣ ", "ge": " ≥ "},
    **{"ln": "ln ", "log": "log ", "exp": "exp ", "cos": "cos ", "max": "max "},
    **{"left": "", "right": "", "Big": "", "lceil": "⌈", "rceil": "⌉"},
    **{",": " ", "quad": "\u2003", "qquad": "\u2003\u2003"},
}
LETTERS = {"<i>L</i>": "ℒ", "<i>R</i>": "ℝ"}  # of \mathcal and \mathbb
PIECE = re.compile(r"\\([A-Za-z]+|,)\s*|([{}_^])|([A-Za-z])|(\s+)|([^\\])")


class _Unknown(Exception):
    """A command that has no simple HTML."""


def fill(html: str) -> str:
    r"""A page's HTML with each formula as letters and indices, its TeX beside it in `data-tex`.

    A formula with a command that is not known here keeps its TeX as text, as before.

    >>> fill(r'<p><span class="arithmatex">\(m_t\)</span></p>')
    '<p><span class="arithmatex" data-tex="m_t"><i>m</i><sub><i>t</i></sub></span></p>'
    """

    def formula(match: re.Match[str]) -> str:
        tex = unescape(match[2]).strip()
        try:
            shown = readable(tex)
        except _Unknown:
            return match[0]
        return f'<{match[1]} class="arithmatex" data-tex="{escape(tex)}">{shown}</{match[1]}>'

    return FORMULA.sub(formula, html)


def readable(tex: str) -> str:
    r"""One formula as HTML.

    >>> readable(r"\frac{\alpha}{r} B A")
    'α/<i>r</i> <i>B</i> <i>A</i>'
    >>> readable(r"d_\text{in}")
    '<i>d</i><sub>in</sub>'
    """
    pieces = [match for match in PIECE.finditer(tex)]
    shown, rest = _sequence(pieces, 0)
    if rest != len(pieces) or sum(len(piece[0]) for piece in pieces) != len(tex):
        raise _Unknown(tex)
    return re.sub(r" +", " ", shown).strip()


def _sequence(pieces: list[re.Match[str]], place: int) -> tuple[str, int]:
    """Up to the brace that closes, or the end."""
    found = []
    while place < len(pieces) and pieces[place][2] != "}":
        shown, place = _one(pieces, place)
        found.append(shown)
    return "".join(found), place


def _one(pieces: list[re.Match[str]], place: int) -> tuple[str, int]:
    """A sign, a group in braces, or a command with what it takes."""
    if place == len(pieces):
        raise _Unknown("the formula ends too early")
    piece = pieces[place]
    if piece[2] == "{":
        shown, end = _sequence(pieces, place + 1)
        if end == len(pieces):
            raise _Unknown("a brace is not closed")
        return shown, end + 1
    if piece[2] in ("_", "^"):
        shown, end = _one(pieces, place + 1)
        name = "sub" if piece[2] == "_" else "sup"
        return f"<{name}>{shown}</{name}>", end
    if piece[2]:
        raise _Unknown(piece[0])
    if piece[3]:
        return f"<i>{piece[3]}</i>", place + 1
    if piece[4]:
        return " ", place + 1
    if piece[5]:
        return escape(piece[5]), place + 1
    if piece[1] in ("text", "mathrm"):
        shown, end = _one(pieces, place + 1)
        return re.sub(r"</?i>", "", shown), end
    if piece[1] in ("mathcal", "mathbb"):
        shown, end = _one(pieces, place + 1)
        return LETTERS.get(shown, shown), end
    if piece[1] == "frac":
        above, place = _one(pieces, place + 1)
        below, place = _one(pieces, place)
        return "/".join(f"({part})" if " " in part else part for part in (above, below)), place
    if piece[1] not in SIGNS:
        raise _Unknown(piece[0])
    return SIGNS[piece[1]], place + 1
