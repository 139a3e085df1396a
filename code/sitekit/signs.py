"""How the house's Markdown looks, line by line: Material's signs, and GitHub's in READMEs."""

from __future__ import annotations

import re

FENCE = re.compile(r"^(\s*)(`{3,}|~{3,})\s*(.*)$")
HEADING = re.compile(r"^ {0,3}(#{1,6})\s+(.*?)\s*#*\s*$")
HTML_HEADING = re.compile(r"^\s*<h([1-6])\b([^>]*)>(.*?)</h\1>\s*$")
ID = re.compile(r"\s*\{[^{}]*#([\w.-]+)[^{}]*\}\s*$")
ADMONITION = re.compile(r"^(\s*)(!!!|\?\?\?\+?)\s+([\w -]+?)\s*(?:\"(.*)\")?\s*$")
ALERT = re.compile(r"^\[!(\w+)\]\s*$")
TAB = re.compile(r"^(\s*)===[!+]*\s+\"(.*)\"\s*$")
INCLUDE = re.compile(r"^\s*-{1,}8<-{1,}\s+[\"']([^\"']+)[\"']\s*$")
DIRECTIVE = re.compile(r"^\s*<!--\s*([a-z][a-z-]*)(?:\s*:\s*([\w./#-]+))?\s*-->\s*$")
COMMENT = re.compile(r"<!--.*?-->", re.S)
DELIMITER = re.compile(r"^\s*\|?\s*:?-+:?\s*(?:\|\s*:?-+:?\s*)*\|?\s*$")
RULE = re.compile(r"^\s{0,3}([-*_])(?:\s*\1){2,}\s*$")
ITEM = re.compile(r"^(\s*)([-*+]|\d{1,3}[.)])\s+(?:\[[ xX]\]\s+)?(.*)$")
FOOTNOTE = re.compile(r"^\s{0,3}\[\^([^\]]+)\]:\s*(.*)$")
REFERENCE = re.compile(r"^\s{0,3}\[([^\]^][^\]]*)\]:\s+<?(\S+?)>?(?:\s+[\"'(].*)?$")
ABBREVIATION = re.compile(r"^\s{0,3}\*\[([^\]]+)\]:\s*(.*)$")
ATTRIBUTES = re.compile(r"([\w-]+)=\"([^\"]*)\"|([\w-]+)=(\S+)")
BAR = re.compile(r"\\.|(`+)[^`]*\1|\[\[[^\]]*\]\]|\|")  # a bar in code or a term parts no cells
QUOTE = re.compile(r"^\s*>\s?")


def indent(line: str) -> int:
    """Columns before the first letter; a tab is four.

    >>> indent("    - a")
    4
    """
    expanded = line.expandtabs(4)
    return len(expanded) - len(expanded.lstrip())


def columns(row: str) -> list[str]:
    """The cells of a table's row.

    >>> columns("| a | `b|c` |")
    ['a', '`b|c`']
    """
    row = row.strip().removeprefix("|")
    bars = [m.start() for m in BAR.finditer(row) if m.group() == "|"]
    if bars and bars[-1] == len(row) - 1:
        row = row[:-1]
        bars.pop()
    edges = [-1, *bars, len(row)]
    return [row[left + 1 : right].strip() for left, right in zip(edges, edges[1:], strict=False)]
