"""Notebook pages without JupyterLab's weight.

mkdocs-jupyter puts 595 KB of JupyterLab style, scripts, a reference to mermaid on another host and
pictures as base64 into every page. Here only the cells remain, in the markup of the other pages, so that
Material's colours, copy buttons and search serve them as well; pictures go to files.
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from html import escape

from bs4 import BeautifulSoup, Tag

NOTEBOOK_ONLY = "celltag_notebook-only"
"""Class of code cells that are of no use on the site. Markdown cells lose their tags on the way."""

_HEAVY = re.compile(r"<(style|script)\b.*?</\1>|<!--.*?-->", re.DOTALL)
_HEADINGS = ["h1", "h2", "h3", "h4", "h5", "h6"]


@dataclass
class NotebookPage:
    """A notebook page's content, its table of contents and the pictures it refers to."""

    html: str
    toc_tokens: list[dict] = field(default_factory=list)
    title: str | None = None
    pictures: dict[str, bytes] = field(default_factory=dict)


def slim(
    html: str,
    *,
    stem: str,
    actions: str = "",
    output_label: str = "Output",
    picture_url: Callable[[str], str] = lambda name: name,
    link: Callable[[str], str] = lambda url: url,
    toc_depth: int = 3,
) -> NotebookPage:
    """Rewrites mkdocs-jupyter's HTML as a light page.

    Args:
        stem: the notebook's name, with which its pictures' names begin.
        actions: HTML that follows the level-1 heading (the Colab and download links).
        output_label: the word over each output, in the page's language.
        picture_url: address of a picture's file, relative to the page.
        link: address to write for a link's address (the site's own links become relative).
    """
    soup = BeautifulSoup(_HEAVY.sub("", html), "html.parser")
    page = NotebookPage("")
    parts: list[str] = []
    for cell in soup.select(".jp-Notebook > .jp-Cell"):
        if NOTEBOOK_ONLY in cell.get("class", []) or cell.select_one('img[src*="colab-badge"]'):
            continue
        if "jp-MarkdownCell" in cell["class"]:
            parts += [_inner(body) for body in cell.select(".jp-RenderedMarkdown")]
        else:
            parts.append(_code_cell(cell, output_label))
    body = BeautifulSoup("\n".join(parts), "html.parser")
    headings = _headings(body)
    if headings and headings[0].name == "h1":
        page.title = _text(headings[0])
        if actions:
            headings[0].insert_after(BeautifulSoup(actions, "html.parser"))
    page.toc_tokens = toc_tokens([(int(h.name[1]), h["id"], _text(h)) for h in headings], toc_depth)
    for number, image in enumerate(body.select('img[src^="data:"]'), start=1):
        match = re.match(r"data:image/([\w+]+);base64,(.*)", image["src"], re.DOTALL)
        if match and match[1] == "svg+xml":
            image.replace_with(_drawing(base64.b64decode(match[2])))
            continue
        if match:
            data = base64.b64decode(match[2])
            suffix = {"jpeg": "jpg"}.get(match[1], match[1])
            name = f"{stem}-{number}-{hashlib.sha256(data).hexdigest()[:10]}.{suffix}"
            page.pictures[name] = data
            image["src"] = picture_url(name)
            image["loading"] = "lazy"
        if image.get("alt", "").startswith("No description has been provided"):
            image["alt"] = output_label
    for anchor in body.select("a[href]"):
        anchor["href"] = link(anchor["href"])
    for block in body.select("div.highlight > pre"):
        if block.find("code") is None:
            # Material frames and copies `pre > code`; nbconvert writes fences in prose without it.
            code = body.new_tag("code")
            code.extend(list(block.contents))
            block.append(code)
    for table in body.find_all("table"):
        table.attrs.pop("border", None)
    page.html = f'<div class="nb">\n{body.decode(formatter="minimal")}\n</div>'
    return page


def _drawing(data: bytes) -> Tag:
    """An SVG drawing as part of the page, so that it has the page's colours and keeps its text
    alternative."""
    svg = BeautifulSoup(data.decode("utf-8"), "html.parser").svg
    svg["viewBox"] = svg.attrs.pop("viewbox")  # the one name here that HTML's parser does not keep
    return svg.extract()


def _inner(tag: Tag) -> str:
    return tag.decode_contents(formatter="minimal").strip()


def _text(heading: Tag) -> str:
    return " ".join(
        "".join(
            str(node) for node in heading.find_all(string=True) if node.parent.get("class") != ["headerlink"]
        ).split()
    )


def _code_cell(cell: Tag, output_label: str) -> str:
    source = cell.select_one(".highlight-ipynb pre")
    code = _inner(source).removeprefix("<span></span>") if source else ""
    parts = [f'<div class="highlight nb-code"><pre><span></span><code>{code}\n</code></pre></div>']
    outputs = [_output(body) for body in cell.select(".jp-OutputArea-child > .jp-OutputArea-output")]
    if outputs:
        label = escape(output_label)
        parts.append(
            f'<div class="nb-output"><span class="nb-label">{label}</span>\n'
            + "\n".join(outputs)
            + "\n</div>"
        )
    return "\n".join(parts)


def _output(body: Tag) -> str:
    text = body.find("pre", recursive=False)
    if "jp-RenderedText" in body["class"] and text:
        return f'<pre class="nb-text" tabindex="0">{_inner(text)}</pre>'
    return f'<div class="nb-rich">{_inner(body)}</div>'


def _headings(body: BeautifulSoup) -> list[Tag]:
    """Headings with ids: that of the anchor before it, shared by the languages, else the plugin's own."""
    headings = body.find_all(_HEADINGS)
    used: set[str] = set()
    for number, heading in enumerate(headings, start=1):
        for permalink in heading.select("a.anchor-link"):
            permalink.decompose()
        before = heading.find_previous_sibling()
        anchor = before.find("a", id=True) if isinstance(before, Tag) and before.name == "p" else None
        if anchor is not None and not before.get_text(strip=True):
            heading["id"] = anchor["id"]
            before.decompose()
        elif not heading.get("id") or heading["id"] in used:
            heading["id"] = f"section-{number}"
        used.add(heading["id"])
        permalink = body.new_tag("a", attrs={"class": "headerlink", "href": f"#{heading['id']}"})
        permalink.string = "¶"
        heading.append(permalink)
    return headings


def toc_tokens(headings: list[tuple[int, str, str]], depth: int) -> list[dict]:
    """Headings (level, id, text) as Markdown's nested table of contents, down to level `depth`.

    >>> tokens = toc_tokens([(1, "t", "T"), (2, "a", "A"), (3, "b", "B"), (2, "c", "C")], 3)
    >>> [child["id"] for child in tokens[0]["children"]], tokens[0]["children"][0]["children"][0]["name"]
    (['a', 'c'], 'B')
    """
    root: dict = {"level": 0, "children": []}
    stack = [root]
    for level, anchor, name in headings:
        if level > depth:
            continue
        while stack[-1]["level"] >= level:
            stack.pop()
        token = {"level": level, "id": anchor, "name": escape(name, quote=False), "children": []}
        stack[-1]["children"].append(token)
        stack.append(token)
    return root["children"]
