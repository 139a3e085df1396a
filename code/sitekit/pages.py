"""What pages may write beside Markdown: `[[term|words]]`, figures, the glossary's entries.

Terms become ordinary Markdown links, so that MkDocs checks them; tooltips and drawings are filled in
after Markdown has run, since it would take their contents apart.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator
from html import escape

from sitekit.figures import FIGURE_LINE, FIGURE_MARK, Figures
from sitekit.glossary import GLOSSARY_MARK, TERM, Glossary

_FENCE = re.compile(r"^\s*(?P<fence>`{3,}|~{3,})")
_CODE_SPAN = re.compile(r"(`+)(?:(?!\1).)+?\1(?!`)")
_EMPTY_HEADER = re.compile(r"<th(?P<rest>\s[^>]*)?>\s*</th>")
_HEADER = re.compile(r"<th(?=[\s>])(?![^>]*\bscope=)")
_TERM_LINK = re.compile(r'<a\b(?=[^>]*\bdata-term="(?P<id>[^"]+)")[^>]*>')


def prose_lines(markdown: str) -> Iterator[tuple[int, str, bool]]:
    """Lines as (number from 1, text, is prose): fenced code is not prose.

    >>> [prose for _, _, prose in prose_lines("a\\n```\\n[[b]]\\n```\\nc")]
    [True, False, False, False, True]
    """
    fence = ""
    for number, line in enumerate(markdown.splitlines(), start=1):
        match = _FENCE.match(line)
        if match and not fence:
            fence = match["fence"]
            yield number, line, False
        elif fence:
            if match and line.strip().startswith(fence) and not line.strip().strip(fence[0]):
                fence = ""
            yield number, line, False
        else:
            yield number, line, True


def outside_code(line: str, change: re.Pattern, replace: object) -> str:
    """Applies a substitution to a line, but not within its `code spans`."""
    out, last = [], 0
    for span in _CODE_SPAN.finditer(line):
        out += [change.sub(replace, line[last : span.start()]), span[0]]
        last = span.end()
    out.append(change.sub(replace, line[last:]))
    return "".join(out)


def expand_markdown(
    markdown: str,
    *,
    where: str,
    lang: str,
    page_uri: str,
    glossary: Glossary,
    figures: Figures,
    first_line: int = 1,
) -> tuple[str, list[str]]:
    """A page's Markdown with its terms, figures and glossary entries written out, and what is wrong with
    it.

    Args:
        where: the page's file as findings name it, `docs/pt/masks.md`.
        page_uri: its path below the language's folder, `notebooks/x.md`; links are relative to it.
        first_line: the file's line on which `markdown` starts (front matter is gone).

    Returns:
        The Markdown, in which what could not be expanded stands as it was, and the findings.
    """
    findings: list[str] = []
    glossary_link = posixpath.relpath("glossary.md", posixpath.dirname(page_uri) or ".")
    number = 0

    def term_link(match: re.Match) -> str:
        term_id = match["id"].strip()
        if term_id not in glossary.entries:
            near = ", ".join(sorted(glossary.entries)[:40]) or "none yet"
            findings.append(
                f"{where}:{number}: found [[{term_id}]]; expected a term of docs/assets/glossary.yml ({near})"
            )
            return match[0]
        words = (match["words"] or glossary.words(term_id, lang)["term"]).strip()
        return f'[{words}]({glossary_link}#{term_id}){{ .term data-term="{term_id}" }}'

    lines = []
    for index, line, prose in prose_lines(markdown):
        number = first_line + index - 1
        if prose:
            if figure := FIGURE_LINE.match(line):
                name = figure["name"]
                if not figure["path"].endswith(f"assets/figures/{name}.svg"):
                    findings.append(
                        f"{where}:{number}: found {figure['path']}; expected assets/figures/{name}.svg"
                    )
                faults = figures.findings(name)
                findings += [f"{where}:{number}: {fault}" for fault in faults]
                if not faults:
                    line = f'{figure["indent"]}<figure class="fig" data-figure="{escape(name)}"></figure>'
            elif line.strip() == GLOSSARY_MARK:
                entries = glossary.markdown(lang).splitlines()
                line = "\n".join(outside_code(entry, TERM, term_link) for entry in entries)
            else:
                line = outside_code(line, TERM, term_link)
        lines.append(line)
    return "\n".join(lines) + "\n", findings


def fill_html(html: str, *, lang: str, glossary: Glossary, figures: Figures) -> str:
    """A page's HTML with drawings in their places and definitions as tooltips.

    The corner of a table that has names on both sides is a cell: a header without words says nothing.
    """

    def tooltip(match: re.Match) -> str:
        tag = match[0]
        tag = re.sub(r'\s*data-term="[^"]*"', "", tag)
        return f'{tag[:-1]} title="{escape(glossary.definition(match["id"], lang))}">'

    html = _EMPTY_HEADER.sub(lambda match: f"<td{match['rest'] or ''}></td>", html)
    html = _HEADER.sub('<th scope="col"', html)
    html = FIGURE_MARK.sub(lambda match: figures.html(match[1], lang), html)
    return _TERM_LINK.sub(tooltip, html)
