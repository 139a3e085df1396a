"""The sources of a notebook: code/labs/NAME.py and docs/<lang>/notebooks/NAME.cells.md."""

from __future__ import annotations

import posixpath
import re
from dataclasses import dataclass, field
from pathlib import Path

from sitekit.glossary import TERM, Glossary
from sitekit.languages import UNDER_WAY
from sitekit.pages import outside_code, prose_lines
from sitekit.settings import LANGUAGES, ROOT, Problem, Project, default_project
from sitekit.to_do import is_to_do

_MARKER = re.compile(r"^# %%(?P<rest>.*)$")
_COLAB = re.compile(r"^# colab:\s*(?P<packages>\S.*?)\s*$", re.MULTILINE)
_NAME = re.compile(r"^\s*\[(?P<name>[A-Za-z0-9_-]{1,64})\]\s*$")
_PLACE = re.compile(r"^\s*<!--\s*cell:\s*(?P<name>.*?)\s*-->\s*$")
_HEADING_ID = re.compile(r"^(?P<heading>#{1,6}\s.*?)\s*\{\s*#(?P<id>[\w-]+)\s*\}\s*$")
_LINK = re.compile(r"(?P<before>\]\()(?P<target>(?![a-z]+:|#|//)[^)\s]+)(?P<after>\))")


@dataclass
class Lab:
    """Cells by name in their order, and each language's page as ("text", Markdown) and ("cell", name)
    parts; `colab`: what pip installs there beside the package."""

    name: str
    cells: dict[str, str]
    pages: dict[str, list[tuple[str, str]]] = field(default_factory=dict)
    colab: list[str] = field(default_factory=list)


def find_labs(root: Path = ROOT) -> list[str]:
    """Names of the labs that some language has a page for; the others are then faults of `load_lab`."""
    names = sorted(path.stem for path in (root / "code" / "labs").glob("*.py"))
    pages = {
        name: [root / "docs" / lang / "notebooks" / f"{name}.cells.md" for lang in LANGUAGES]
        for name in names
    }
    return [name for name in names if any(page.is_file() for page in pages[name])]


def load_cells(name: str, root: Path = ROOT) -> Lab:
    """A lab without its pages: what there is to run.

    Raises:
        Problem: bad markers.
    """
    where = f"code/labs/{name}.py"
    text = (root / where).read_text(encoding="utf-8")
    cells, findings = parse_cells(text, where)
    if findings:
        raise Problem(findings)
    return Lab(name, cells, colab=parse_colab(text))


def parse_colab(text: str) -> list[str]:
    """What pip is to install on Colab beside the package, from lines `# colab: ...` before the first cell.

    >>> parse_colab('"A lab."\\n# colab: --no-deps weights==1\\n# %% [one]\\n# colab: not here\\n')
    ['--no-deps weights==1']
    """
    return [match["packages"] for match in _COLAB.finditer(text.partition("\n# %%")[0])]


def parse_cells(text: str, where: str) -> tuple[dict[str, str], list[str]]:
    """Cells of a lab's Python file, and what is wrong with their markers. What precedes the first cell
    is dropped.

    >>> parse_cells('"A lab."\\n# %% [one]\\nx = 1\\n\\n# %% [two]\\nx\\n', "lab.py")
    ({'one': 'x = 1', 'two': 'x'}, [])
    >>> parse_cells("# %%\\nx\\n", "lab.py")[1]
    ['lab.py:1: found `# %%`; expected `# %% [name]`']
    """
    cells: dict[str, list[str]] = {}
    findings: list[str] = []
    current: list[str] | None = None
    for number, line in enumerate(text.splitlines(), start=1):
        marker = _MARKER.match(line)
        if not marker:
            if current is not None:
                current.append(line)
            continue
        named = _NAME.match(marker["rest"])
        if not named:
            findings.append(f"{where}:{number}: found `{line.strip()}`; expected `# %% [name]`")
            current = []
            continue
        if named["name"] in cells:
            findings.append(f"{where}:{number}: found cell [{named['name']}] again; expected each name once")
        current = cells.setdefault(named["name"], [])
    code = {name: "\n".join(lines).strip("\n").rstrip() for name, lines in cells.items()}
    findings += [
        f"{where}: cell [{name}]: found no code; expected some" for name, body in code.items() if not body
    ]
    if not code and not findings:
        findings.append(f"{where}: found no cell; expected lines `# %% [name]`")
    return code, findings


def parse_page(
    text: str,
    where: str,
    *,
    cells: list[str],
    cells_where: str,
    lang: str,
    root: Path,
    project: Project,
    glossary: Glossary,
) -> tuple[list[tuple[str, str]], list[str]]:
    """A language's prose as text and cell parts, and where it departs from the cells of the source.

    Headings' `{#id}` become anchors before them, which Jupyter, Colab and the site all follow; links to
    pages become addresses on the site, for a notebook is read far from its pages.
    """
    parts: list[tuple[str, str]] = []
    findings: list[str] = []
    block: list[str] = []
    placed: list[tuple[int, str]] = []
    site = project.site_url + ("" if lang == "en" else f"{lang}/")
    number = 0

    def flush() -> None:
        body = "\n".join(block).strip("\n")
        if body.strip():
            parts.append(("text", body))
        block.clear()

    def term(match: re.Match) -> str:
        term_id = match["id"].strip()
        if term_id not in glossary.entries:
            findings.append(
                f"{where}:{number}: found [[{term_id}]]; expected a term of docs/assets/glossary.yml"
            )
            return match[0]
        words = match["words"] or glossary.words(term_id, lang)["term"]
        return f"[{words.strip()}]({site}glossary/#{term_id})"

    def link(match: re.Match) -> str:
        target, _, anchor = match["target"].partition("#")
        resolved = posixpath.normpath(posixpath.join("notebooks", target))
        if not (root / "docs" / lang / resolved).is_file():
            findings.append(
                f"{where}:{number}: found a link to {target}; expected a page below docs/{lang}/notebooks/"
            )
            return match[0]
        return (
            f"{match['before']}{site}{page_address(resolved)}{'#' + anchor if anchor else ''}{match['after']}"
        )

    for number, line, prose in prose_lines(text):
        if prose and (place := _PLACE.match(line)):
            flush()
            placed.append((number, place["name"]))
            if place["name"] in cells:
                parts.append(("cell", place["name"]))
            continue
        if prose:
            if line.lstrip().startswith("![figure:"):
                findings.append(
                    f"{where}:{number}: found a figure; expected figures on pages only; link to the page"
                )
            line = outside_code(outside_code(line, TERM, term), _LINK, link)
            if heading := _HEADING_ID.match(line):
                block += [f'<a id="{heading["id"]}"></a>', ""]
                line = heading["heading"]
        block.append(line)
    flush()
    findings += compare_order(placed, cells, where, cells_where)
    return parts, findings


def page_address(path: str) -> str:
    """Address of a page below its language's root.

    >>> page_address("masks.md"), page_address("index.md"), page_address("notebooks/01-x.ipynb")
    ('masks/', '', 'notebooks/01-x/')
    """
    stem, _ = posixpath.splitext(path)
    stem = "" if stem == "index" else stem.removesuffix("/index")
    return f"{stem}/" if stem else ""


def compare_order(placed: list[tuple[int, str]], cells: list[str], where: str, cells_where: str) -> list[str]:
    """Findings where the cells that a page places differ from the source's, or stand in another order.

    >>> for finding in compare_order([(3, "b"), (9, "a"), (12, "x")], ["a", "b"], "p.md", "lab.py"):
    ...     print(finding)
    p.md:12: found cell [x]; expected a cell of lab.py: a, b
    p.md:3: found cell [b]; expected [a] here (lab.py)
    """
    findings = []
    known: list[tuple[int, str]] = []
    seen: set[str] = set()
    for number, name in placed:
        if name not in cells:
            findings.append(
                f"{where}:{number}: found cell [{name}]; expected a cell of {cells_where}: {', '.join(cells)}"
            )
        elif name in seen:
            findings.append(f"{where}:{number}: found cell [{name}] again; expected each cell once")
        else:
            seen.add(name)
            known.append((number, name))
    findings += [
        f"{where}: found no <!-- cell: {name} -->; expected it, as in {cells_where}"
        for name in cells
        if name not in seen
    ]
    expected = [name for name in cells if name in seen]
    for (number, name), wanted in zip(known, expected, strict=True):
        if name != wanted:
            findings.append(
                f"{where}:{number}: found cell [{name}]; expected [{wanted}] here ({cells_where})"
            )
            break
    return findings


def load_lab(name: str, root: Path = ROOT) -> Lab:
    """Reads a lab and its four pages.

    Raises:
        Problem: every fault of the five files.
    """
    cells_where = f"code/labs/{name}.py"
    source = (root / cells_where).read_text(encoding="utf-8")
    cells, findings = parse_cells(source, cells_where)
    lab = Lab(name, cells, colab=parse_colab(source))
    project = default_project(root)
    glossary = Glossary.load(root / "docs" / "assets" / "glossary.yml", "docs/assets/glossary.yml")
    for lang in LANGUAGES:
        where = f"docs/{lang}/notebooks/{name}.cells.md"
        path = root / where
        if not path.is_file():
            findings.append(f"{where}: found no such file; expected the notebook's prose")
            continue
        text = path.read_text(encoding="utf-8")
        if lang in UNDER_WAY and is_to_do(text):
            continue  # readers get the English notebook
        parts, faults = parse_page(
            text,
            where,
            cells=list(cells),
            cells_where=cells_where,
            lang=lang,
            root=root,
            project=project,
            glossary=glossary,
        )
        lab.pages[lang] = parts
        findings += faults
    if findings:
        raise Problem(findings)
    return lab
