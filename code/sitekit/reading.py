"""A Markdown page read into sections of marks (what a translation keeps) and units (its words).

Not a full Markdown parser: it reads the house's Markdown (Material's admonitions, tabs, snippets,
attribute lists; GitHub's in READMEs), line by line, and remembers each line number.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from sitekit import signs
from sitekit.inline import Mark, scan
from sitekit.quantities import quantities
from sitekit.sections import Page, Section, Unit, read_text

_OWN = ("lang", "words")  # directives that speak to this checker, not to the page
WORDY_FENCES = ("", "text", "console", "output")


def read_page(path: Path, shown: str, lang: str) -> Page:
    """Reads one Markdown file; `shown` is the path that findings name.

    Raises CannotReadError where the file is not readable UTF-8.
    """
    return parse_page(read_text(path, shown).splitlines(), shown, lang)


def parse_page(lines: list[str], shown: str, lang: str) -> Page:
    """Reads a page's lines.

    >>> page = parse_page(["# Masks", "", "## Signs {#signs}", "Use `-100`."], "masks.md", "en")
    >>> [(s.level, s.id, s.line) for s in page.sections]
    [(0, '', 1), (1, '', 1), (2, 'signs', 3)]
    """
    return _Reader(lines, shown, lang).read()


@dataclass
class _List:
    indent: int
    ordered: bool
    line: int
    section: Section
    index: int  # of its mark in the section
    count: int = 0


class _Reader:
    def __init__(self, lines: list[str], shown: str, lang: str) -> None:
        self.lines = list(lines)
        self.lang = lang
        self.page = Page(shown, lang, [Section(0, "", "", 1)], lines=lines)
        self.references: dict[str, str] = {}
        self.pending: tuple[str, int, list[str]] | None = None  # kind, first line, text
        self.lists: list[_List] = []
        self.quoted = False
        self.allowed = ("", 0)  # language, the line it speaks of
        self.wordy = 0  # the line of a fence whose content is words

    @property
    def section(self) -> Section:
        return self.page.sections[-1]

    def mark(self, kind: str, value: str, line: int, body: Iterable = (), note: str = "") -> None:
        self.section.marks.append(Mark(kind, value, line, tuple(body), note))

    def unit(self, kind: str, text: str, line: int) -> str:
        got = scan(text, line, self.references)
        self.section.marks.extend(got.marks)
        for number in quantities(got.prose, self.lang):
            at = line + got.prose.count("\n", 0, number.offset)
            self.section.numbers.append((at, number))
        allowed = self.allowed[0] if self.allowed[1] == line else ""
        if not got.prose.strip(" \t\n*_~|>-"):
            return ""
        self.section.units.append(Unit(kind, line, text, got.prose, got.running, allowed))
        return got.prose

    def flush(self) -> None:
        if not self.pending:
            return
        kind, line, text = self.pending
        self.pending = None
        place = len(self.section.marks)
        if self.unit(kind, "\n".join(text), line) and kind == "paragraph":
            self.section.marks.insert(place, Mark("paragraph", "", line))

    def close_lists(self, indent: int) -> None:
        while self.lists and self.lists[-1].indent >= indent:
            done = self.lists.pop()
            value = f"{'numbered' if done.ordered else 'bulleted'} list of {done.count}"
            done.section.marks[done.index] = Mark("list", value, done.line)

    def read(self) -> Page:
        start = self.front_matter()
        self.hide_comments(start)
        index = start
        while index < len(self.lines):
            index = self.step(index)
        self.flush()
        self.close_lists(-1)
        return self.page

    def front_matter(self) -> int:
        if not self.lines or self.lines[0].strip() != "---":
            return 0
        for index, line in enumerate(self.lines[1:], 1):
            if line.strip() in ("---", "..."):
                return index + 1
            key, colon, value = line.partition(":")
            if colon and key and not key[0].isspace() and key[0] not in "-#":
                self.page.front[key.strip()] = (index + 1, value.strip())
        return 0

    def hide_comments(self, start: int) -> None:
        """Blanks comments outside fences, save one-line directives; collects link references."""
        fence, prose = "", []
        for line in self.lines[start:]:
            match = signs.FENCE.match(line)
            inside = bool(fence or match)
            if match and not fence:
                fence = match.group(2)
            elif match and match.group(2).startswith(fence) and not match.group(3):
                fence = ""
            if not inside and (found := signs.REFERENCE.match(line)):
                self.references[found.group(1).casefold()] = found.group(2)
            prose.append("\x00" if inside or signs.DIRECTIVE.match(line) else line)
        kept = signs.COMMENT.sub(lambda m: re.sub(r"[^\n\x00]", " ", m.group()), "\n".join(prose))
        for offset, line in enumerate(kept.split("\n")):
            if "\x00" not in line and start + offset < len(self.lines):
                self.lines[start + offset] = line

    def step(self, index: int) -> int:
        line, number = self.lines[index], index + 1
        if not line.strip():
            self.flush()
            self.quoted = False
            return index + 1
        if match := signs.DIRECTIVE.match(line):
            self.flush()
            name, value = match.group(1), match.group(2) or ""
            if name == "lang":
                self.allowed = (value, number + 1)
            elif name == "words":
                self.wordy = number + 1
            if name not in _OWN:
                text = f"<!-- {name}: {value} -->" if value else f"<!-- {name} -->"
                self.mark("directive", text, number)
            return index + 1
        if match := signs.FENCE.match(line):
            self.flush()
            self.close_lists(signs.indent(line))
            return self.fence(index, match)
        if line.lstrip().startswith(">"):
            line = signs.QUOTE.sub("", line)
            if not self.quoted:
                self.flush()
                self.close_lists(signs.indent(self.lines[index]))
                alert = signs.ALERT.match(line)
                self.mark("admonition" if alert else "quote", alert[1] if alert else "", number)
                self.quoted = True
                line = "" if alert else line
            if not line.strip():
                self.flush()
                return index + 1
        return self.block(line, number, index)

    def block(self, line: str, number: int, index: int) -> int:
        if match := signs.INCLUDE.match(line):
            self.flush()
            self.mark("include", match.group(1), number)
        elif (match := signs.HEADING.match(line)) or (match := signs.HTML_HEADING.match(line)):
            self.heading(number, match)
        elif match := signs.ADMONITION.match(line):
            self.flush()
            self.close_lists(signs.indent(line))
            self.mark("admonition", f"{match.group(2)} {' '.join(match.group(3).split())}", number)
            if match.group(4):
                self.unit("title", match.group(4), number)
        elif match := signs.TAB.match(line):
            self.flush()
            self.close_lists(signs.indent(line))
            self.mark("tab", "", number)
            self.unit("title", match.group(2), number)
        elif "|" in line and index + 1 < len(self.lines) and self.is_table(index):
            self.flush()
            return self.table(index)
        elif signs.RULE.match(line):
            self.flush()
            self.close_lists(-1)
            self.mark("rule", "", number)
        elif (match := signs.ITEM.match(line)) and not self.mid_sentence(match):
            self.item(match, number)
        elif match := signs.FOOTNOTE.match(line):
            self.flush()
            self.close_lists(-1)
            self.mark("note", match.group(1), number)
            self.pending = ("footnote", number, [match.group(2)])
        elif signs.REFERENCE.match(line):
            self.flush()
        elif match := signs.ABBREVIATION.match(line):
            self.flush()
            self.mark("abbreviation", match.group(1), number)
        elif self.pending:
            self.pending[2].append(line)
        else:
            self.close_lists(signs.indent(line))
            self.pending = ("paragraph", number, [line])
        return index + 1

    def heading(self, number: int, match: re.Match[str]) -> None:
        self.flush()
        self.close_lists(-1)
        if match.re is signs.HEADING:
            level, title = len(match.group(1)), match.group(2)
            found = signs.ID.search(title)
            title = signs.ID.sub("", title)
        else:
            level, title = int(match.group(1)), match.group(3)
            found = re.search(r"\bid=\"([^\"]+)\"", match.group(2))
        self.page.sections.append(Section(level, found.group(1) if found else "", title, number))
        self.unit("heading", title, number)

    def mid_sentence(self, match: re.Match[str]) -> bool:
        """A wrapped line that happens to begin with a number: `in` / `12. That is`."""
        number = match.group(2)[:-1]
        inside = self.pending is not None and self.pending[0] == "paragraph"
        return inside and number.isdigit() and int(number) != 1

    def item(self, match: re.Match[str], number: int) -> None:
        self.flush()
        indent, ordered = signs.indent(match.group()), match.group(2)[0].isdigit()
        self.close_lists(indent + 1)
        if self.lists and self.lists[-1].indent == indent and self.lists[-1].ordered != ordered:
            self.close_lists(indent)
        if not self.lists or self.lists[-1].indent < indent:
            self.lists.append(_List(indent, ordered, number, self.section, len(self.section.marks)))
            self.mark("list", "", number)
        self.lists[-1].count += 1
        self.pending = ("item", number, [match.group(3)])

    def is_table(self, index: int) -> bool:
        below = signs.QUOTE.sub("", self.lines[index + 1])
        return "-" in below and bool(signs.DELIMITER.match(below))

    def table(self, index: int) -> int:
        rows, start = [], index
        while index < len(self.lines) and "|" in self.lines[index]:
            if index != start + 1:
                rows.append((index + 1, signs.columns(signs.QUOTE.sub("", self.lines[index]))))
            index += 1
        wide = len(rows[0][1])
        self.mark("table", f"{len(rows)} rows x {wide} columns", start + 1)
        for line, cells in rows:
            if len(cells) != wide:
                found, expected = f"a table row of {len(cells)} cells", f"{wide} as in its head"
                self.page.faults.append((line, "table", found, expected))
            for cell in cells:
                self.unit("cell", cell, line)
        return index

    def fence(self, index: int, match: re.Match[str]) -> int:
        start, (lead, ticks, info) = index, match.groups()
        closing = re.compile(rf"^\s*{re.escape(ticks[0])}{{{len(ticks)},}}\s*$")
        body: list[tuple[int, str]] = []
        includes: list[tuple[int, str]] = []
        index += 1
        while index < len(self.lines) and not closing.match(self.lines[index]):
            text = self.lines[index].rstrip()
            text = text[len(lead) :] if text.startswith(lead) else text.lstrip()
            included = signs.INCLUDE.match(text)
            if included:
                includes.append((index + 1, included.group(1)))
            else:
                body.append((index + 1, text))
            index += 1
        if index >= len(self.lines):
            fault = (start + 1, "fence", "a fence that is never closed", f"a closing line {ticks}")
            self.page.faults.append(fault)
        language = re.match(r"[\w+#.-]*", info).group()
        options = []
        for name, value, bare_name, bare in signs.ATTRIBUTES.findall(info):
            key = name or bare_name
            wordy = key == "title" and language in WORDY_FENCES
            options.append(f"{key}=…" if wordy else f'{key}="{value or bare}"')
        note = "words" if self.wordy == start + 1 else ""
        self.mark("fence", " ".join([f"```{language}", *sorted(options)]), start + 1, body, note)
        for line, included in includes:
            self.mark("include", included, line)
        return index + 1
