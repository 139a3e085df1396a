"""Findings laid out for a terminal: short lines, a colour and a sign for the severity.

Chinese has no spaces to break at and its characters are two columns wide; a command in backticks is
never broken where it fits on a line of its own, so that it can be copied.
"""

from __future__ import annotations

import re
import unicodedata

from sintonia.findings import Finding, number, ui

SIGNS = {"error": "✖", "warning": "▲", "note": "·"}
_COLORS = {"error": "31", "warning": "33", "note": "36"}
_UNIT = re.compile(
    r"`[^`]*`[,.;:，。；：、)）]?|[\u2e80-\u9fff\uff00-\uffef][，。；：、！？）》”]*|[^\s`\u2e80-\u9fff\uff00-\uffef]+|`|\s+"
)
_ROW = re.compile(r"(?:(?<= )|^)row (\d+)(?=: | = |$)")
_INSIDE = re.compile(r": (message|turn|part|call) (\d+)")
INDENT = 4


def lay_out(finding: Finding, lang: str, *, width: int = 80, color: bool = False) -> str:
    """One finding as lines of at most `width` columns, where no single word is longer.

    Example:
        >>> from sintonia.findings import Observation, to_finding
        >>> finding = to_finding(Observation("D04", {"count": 1}, [("a.jsonl:7: 2", "user: Oi")]))
        >>> print(lay_out(finding, "en").splitlines()[0])
        ▲ warning D04 empty-answers · Empty answers

    Explained in: doctor.md#read-a-finding
    """
    head = f"{SIGNS[finding.severity]} {ui(finding.severity, lang)} {finding.code} {finding.name}"
    lines = wrap(f"{head} · {finding.title}", width, INDENT, first=0)
    if color:
        lines = [f"\x1b[1;{_COLORS[finding.severity]}m{line}\x1b[0m" for line in lines]
    lines += wrap(finding.seen, width, INDENT)
    for text in _places(finding, lang):
        lines += wrap(text, width, INDENT + 4, first=INDENT + 2)
    for label, text in (("consequence", finding.consequence), ("fix", finding.fix), ("read", finding.link)):
        lines += _labelled(ui(label, lang), text, width, color)
    return "\n".join(lines)


def wrap(text: str, width: int, indent: int = 0, first: int | None = None) -> list[str]:
    """A text as lines of at most `width` columns, each after `indent` spaces.

    Args:
        first: spaces before the first line, where that differs.

    Example:
        >>> wrap("um dois `três quatro`", 14), wrap("你好世界。", 6)
        (['um dois', '`três quatro`'], ['你好世', '界。'])

    Explained in: doctor.md#read-a-finding
    """
    lines: list[str] = []
    line, used = "", indent if first is None else first
    for unit in _UNIT.findall(text):
        if unit.isspace():
            line, used = line + unit, used + len(unit)
            continue
        size = columns(unit)
        if line.strip() and used + size > width:
            lines.append(line.rstrip())
            line, used = "", indent
        line, used = line + unit, used + size
    lines.append(line.rstrip())
    start = indent if first is None else first
    return [" " * (start if place == 0 else indent) + line.lstrip() for place, line in enumerate(lines)]


def columns(text: str) -> int:
    """How many columns of a terminal a text takes.

    Example:
        >>> columns("ação"), columns("中文")
        (4, 4)

    Explained in: doctor.md#read-a-finding
    """
    wide = sum(unicodedata.east_asian_width(char) in "WF" for char in text)
    return len(text) + wide - sum(map(bool, map(unicodedata.combining, text)))


def summary(findings: list[Finding], lang: str) -> str:
    """The verdict in one line.

    Example:
        >>> summary([], "en")
        'Nothing found. Ready to train.'

    Explained in: doctor.md#read-a-finding
    """
    counts = {f"{kind}s": sum(f.severity == kind for f in findings) for kind in SIGNS}
    gravest = next((kind for kind, count in counts.items() if count), "clean")
    return ui(f"verdict_{gravest}", lang, **counts)


def looked_at(looked: dict, lang: str) -> list[str]:
    """What was looked at, and what only in part.

    Example:
        >>> looked_at({"rows": 2, "tokens": None, "seconds": 0.31}, "en")
        ['Looked at 2 conversations in 0.3 s.']

    Explained in: doctor.md#read-a-finding
    """
    kind = "no_tokens" if looked["tokens"] is None else "looked" if looked.get("tokens_exact") else "about"
    seconds = number(round(float(looked["seconds"]), 1), lang)
    lines = [ui(kind, lang, **{**looked, "seconds": seconds})]
    for key in ("sampled", "sampled_languages", "near_limit"):
        if looked.get(key):
            lines.append(ui(key, lang, some=looked[key]))
    if looked.get("no_language"):
        lines.append(ui("no_language", lang))
    return lines


def place_in_words(where: str, lang: str) -> str:
    """The place of a finding with its own words in a language; the file's name stays.

    Example:
        >>> place_in_words("a.jsonl:3: message 2: part 1", "pt"), place_in_words("row 3", "zh")
        ('a.jsonl:3, mensagem 2, parte 1', '第 3 行')

    Explained in: doctor.md#read-a-finding
    """
    where = _ROW.sub(lambda at: ui("row_at", lang, number=int(at[1])), where)
    return _INSIDE.sub(lambda at: ui(f"{at[1]}_at", lang, number=int(at[2])), where)


def _places(finding: Finding, lang: str) -> list[str]:
    examples = finding.data.get("examples", [])
    places = [place_in_words(example["where"], lang) for example in examples]
    count = finding.data.get("count")
    more = count - len(examples) if examples and isinstance(count, int) else 0
    more = [ui("others", lang, more=more)] if more > 0 else []
    if not any(example["excerpt"] for example in examples):
        return ["  ".join([*places, *more])] if places else []
    return [f"{place}  {example['excerpt']}" for place, example in zip(places, examples, strict=True)] + more


def _labelled(label: str, text: str, width: int, color: bool) -> list[str]:
    at = INDENT + 10
    pad = " " * max(1, at - INDENT - columns(label))
    lines = wrap(text, width, at)
    shown = f"\x1b[1m{label}\x1b[0m" if color else label
    return [f"{' ' * INDENT}{shown}{pad}{lines[0].lstrip()}", *lines[1:]]
