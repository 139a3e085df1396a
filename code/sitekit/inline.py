"""Markdown inside a paragraph: what a translation keeps (marks) and what it translates (prose)."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field

from sitekit.findings import shorten

_CODE = re.compile(r"(?<![\\`])(`+)(?!`)(.+?)(?<!`)\1(?!`)", re.S)
_DISPLAY_MATHS = re.compile(r"(?<!\\)\$\$(.+?)(?<!\\)\$\$", re.S)
_MATHS = re.compile(r"(?<![\\$\w])\$(?![\s$])([^$\n]*?[^\s$\\])\$(?![\d$])")
_WORDS_IN_MATHS = re.compile(r"\\text\{[^{}]*\}")
_BRACKET_MATHS = re.compile(r"\\\((.+?)\\\)", re.S)
_TERM = re.compile(r"\[\[([^\]|]+)(?:\|([^\]]*))?\]\]")
_IMAGE = re.compile(r"!\[([^\]]*)\]\(\s*<?([^)\s>]+)>?(?:\s+[\"'][^)]*[\"'])?\s*\)")
_FOOTNOTE = re.compile(r"\[\^([^\]]+)\]")
_LINK = re.compile(
    r"\[((?:[^\[\]]|\[[^\]]*\])*)\]\(\s*<?((?:[^()\s>]|\([^()\s]*\))*)>?"
    r"(?:\s+[\"'][^)]*[\"'])?\s*\)"
)
_REFERENCE = re.compile(r"\[([^\[\]]+)\]\[([^\[\]]*)\]")
_TAG = re.compile(r"</?[A-Za-z][^<>]*>")
_ATTRIBUTE = re.compile(r"\b(href|src|alt)\s*=\s*(\"[^\"]*\"|'[^']*')")
_AUTOLINK = re.compile(r"<((?:https?|mailto):[^<>\s]+)>")
_URL = re.compile(r"https?://[^\s<>()\[\]，。；：、！？（）【】「」《》\"']+")
_NOISE = re.compile(r"\{[:#.\s][^{}\n]*\}|(?<![\w:]):[a-z][a-z0-9_+-]*:(?![\w:])|&#?\w+;|\+\+[a-z0-9+-]+\+\+")


@dataclass(frozen=True)
class Mark:
    """Something a translation keeps: its kind, what is compared, where it stands.

    `body` holds a fence's literal lines as (line number, text); `note` what is not compared.
    """

    kind: str
    value: str
    line: int
    body: tuple[tuple[int, str], ...] = ()
    note: str = ""


def describe(mark: Mark) -> str:
    """A mark in a finding's words."""
    if mark.kind == "code":
        return f"`{mark.value}`"
    if mark.kind in ("fence", "list", "directive"):
        return mark.value
    if mark.kind == "term":
        return f"term [[{mark.value}]]"
    if mark.kind == "note":
        return f"footnote text {mark.value}"
    if mark.kind == "table":
        return f"table of {mark.value}"
    if mark.kind == "include":
        return f'include "{mark.value}"'
    return f"{mark.kind} {shorten(mark.value)}".strip()


@dataclass
class Inline:
    """One stretch of text taken apart; `prose` and `running` keep the text's offsets.

    `prose` is the words and numbers a reader sees; `running` lacks link texts as well, which may
    be the title of a work in another language.
    """

    marks: list[Mark] = field(default_factory=list)
    prose: str = ""
    running: str = ""


def _blank(text: str) -> str:
    return re.sub(r"[^\n]", " ", text)


def scan(text: str, line: int, references: dict[str, str] | None = None) -> Inline:
    """Takes a paragraph apart. `line` is the line of its first character.

    >>> got = scan("Set `-100` in [labels](masks.md#labels).", 7)
    >>> [(m.kind, m.value, m.line) for m in got.marks]
    [('code', '-100', 7), ('link', 'masks.md#labels', 7)]
    >>> got.prose.split()
    ['Set', 'in', 'labels', '.']
    """
    references = references or {}
    out = Inline()
    hidden: list[tuple[int, int]] = []

    def at(offset: int) -> int:
        return line + text.count("\n", 0, offset)

    def sweep(sign: str, pattern: re.Pattern[str], handle: Callable[[re.Match[str]], str | None]) -> None:
        nonlocal prose
        if sign not in prose:  # most paragraphs lack most kinds; looking first halves the time
            return

        def swap(match: re.Match[str]) -> str:
            kept = handle(match)
            return match.group() if kept is None else kept

        prose = pattern.sub(swap, prose)

    def mark(kind: str, value: str, match: re.Match[str], note: str = "") -> None:
        out.marks.append(Mark(kind, " ".join(value.split()), at(match.start()), note=note))

    def keep_group(match: re.Match[str], group: int) -> str:
        """The match with everything but one group blanked, so that offsets stay."""
        if match.group(group) is None:
            return _blank(match.group())
        start, end = match.start(group) - match.start(), match.end(group) - match.start()
        whole = match.group()
        return _blank(whole[:start]) + whole[start:end] + _blank(whole[end:])

    def on_code(match: re.Match[str]) -> str:
        mark("code", match.group(2), match)
        return _blank(match.group())

    def on_maths(match: re.Match[str]) -> str:
        mark("maths", _formula(match.group(1)), match)
        return _blank(match.group())

    def on_term(match: re.Match[str]) -> str:
        mark("term", match.group(1), match, note=match.group(2) or "")
        return keep_group(match, 2)

    def on_image(match: re.Match[str]) -> str:
        mark("figure", match.group(2), match, note=match.group(1))
        return _blank(match.group())

    def on_footnote(match: re.Match[str]) -> str:
        mark("footnote", match.group(1), match)
        return _blank(match.group())

    def on_link(match: re.Match[str]) -> str:
        mark("link", match.group(2), match)
        hidden.append(match.span(1))
        return keep_group(match, 1)

    def on_reference(match: re.Match[str]) -> str | None:
        target = references.get((match.group(2) or match.group(1)).casefold())
        if target is None:
            return None
        mark("link", target, match)
        hidden.append(match.span(1))
        return keep_group(match, 1)

    def on_autolink(match: re.Match[str]) -> str:
        mark("link", match.group(1), match)
        return _blank(match.group())

    def on_tag(match: re.Match[str]) -> str:
        found = {key: value[1:-1] for key, value in _ATTRIBUTE.findall(match.group())}
        if "href" in found:
            mark("link", found["href"], match)
        if "src" in found:
            mark("figure", found["src"], match, note=found.get("alt", ""))
        return _blank(match.group())

    def on_url(match: re.Match[str]) -> str:
        mark("link", match.group().rstrip(".,;:!?*_"), match)
        return _blank(match.group())

    prose = text
    sweep("`", _CODE, on_code)
    sweep("$$", _DISPLAY_MATHS, on_maths)
    sweep("$", _MATHS, on_maths)
    sweep("\\(", _BRACKET_MATHS, on_maths)
    sweep("[[", _TERM, on_term)
    sweep("![", _IMAGE, on_image)
    sweep("[^", _FOOTNOTE, on_footnote)
    sweep("](", _LINK, on_link)
    sweep("][", _REFERENCE, on_reference)
    sweep("<", _AUTOLINK, on_autolink)
    sweep("<", _TAG, on_tag)
    sweep("://", _URL, on_url)
    sweep("", _NOISE, lambda match: _blank(match.group()))
    out.prose = prose
    running = prose
    for start, end in hidden:
        running = running[:start] + _blank(running[start:end]) + running[end:]
    out.running = running
    return out


def one_word_each(text: str) -> str:
    """`text` with each piece of code and each formula as one word of the same length, as it is read aloud.

    >>> one_word_each("Set `a. b` to $x + 1$.")
    'Set xxxxxx to xxxxxxx.'
    """
    for pattern in (_CODE, _DISPLAY_MATHS, _MATHS, _BRACKET_MATHS):
        text = pattern.sub(lambda match: "x" * len(match.group()), text)
    return text


def _formula(source: str) -> str:
    """A formula as translations share it: its words are translated, and may stand elsewhere in it."""
    bare, words = _WORDS_IN_MATHS.subn("", source)
    return " ".join(sorted(re.findall(r"\\[A-Za-z]+|\S", bare))) if words else source
