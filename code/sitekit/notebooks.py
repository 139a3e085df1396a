"""One source for a notebook in four languages.

    python -m sitekit.notebooks              write the notebooks; run only labs whose cells changed
    python -m sitekit.notebooks --check      compare them with what would be written; run nothing
    python -m sitekit.notebooks --execute    run all cells anew, minutes long, and write
    python -m sitekit.notebooks --check --execute    run them with a shortened training, and compare

Code cells are in code/labs/NAME.py, each opened by a line `# %% [cell-name]`. Prose is in
docs/<lang>/notebooks/NAME.cells.md, where a line `<!-- cell: cell-name -->` places a cell. Cells are run
once; the four notebooks share their outputs, which code/labs/NAME.outputs.json keeps (lab_outputs.py).
The notebooks are the same on every machine: no times, no counters of runs, fixed ids.

A cell that reads SINTONIA_STEPS sets how long the training of a notebook is. With --check --execute it is
a few steps: cells before it must print what is committed, it and those after it the same kind of thing.
"""

from __future__ import annotations

import argparse
import difflib
import json
import os
import sys
import time
from pathlib import Path

from sitekit.lab_outputs import SHORT, STEPS, long_cells, read_outputs, write_outputs
from sitekit.lab_sources import Lab, find_labs, load_lab
from sitekit.settings import LANGUAGES, ROOT, Problem, Project, default_project

_METADATA = {
    "colab": {"provenance": []},
    "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
    "language_info": {"name": "python"},
}
_ON_COLAB = """import importlib.util

if importlib.util.find_spec("sintonia") is None:
    %pip install -q "sintonia[train] @ git+https://github.com/{repo}\""""


def notebook_path(lab: str, lang: str, root: Path = ROOT) -> Path:
    """Where a language's notebook is."""
    return root / "docs" / lang / "notebooks" / f"{lab}.ipynb"


def build(lab: Lab, lang: str, outputs: dict[str, list[dict]], project: Project) -> dict:
    """The notebook of one language as nbformat's JSON.

    Args:
        outputs: a cell's name -> its outputs, as `execute` or `read_outputs` give them.
    """
    path = f"docs/{lang}/notebooks/{lab.name}.ipynb"
    badge = f"[![Colab](https://colab.research.google.com/assets/colab-badge.svg)]({project.colab_url(path)})"
    cells = [
        _markdown("colab-badge", badge, notebook_only=True),
        _code("colab-install", _installing(lab, project.repo), None, [], notebook_only=True),
    ]
    texts = count = 0
    for kind, content in lab.pages[lang]:
        if kind == "text":
            texts += 1
            cells.append(_markdown(f"text-{texts}", content))
        else:
            count += 1
            cells.append(_code(content, lab.cells[content], count, outputs.get(content, [])))
    return {"cells": cells, "metadata": _METADATA, "nbformat": 4, "nbformat_minor": 5}


def _installing(lab: Lab, repo: str) -> str:
    """The first cell: what Colab lacks, and nothing where the package is there already."""
    return "\n".join([_ON_COLAB.format(repo=repo), *(f"    %pip install -q {more}" for more in lab.colab)])


def _lines(text: str) -> list[str]:
    return text.splitlines(keepends=True)


def _markdown(cell_id: str, text: str, notebook_only: bool = False) -> dict:
    metadata = {"tags": ["notebook-only"]} if notebook_only else {}
    return {"cell_type": "markdown", "id": cell_id, "metadata": metadata, "source": _lines(text)}


def _code(
    cell_id: str, code: str, count: int | None, outputs: list[dict], notebook_only: bool = False
) -> dict:
    metadata = {"tags": ["notebook-only"]} if notebook_only else {}
    numbered = [
        dict(output, execution_count=count) if output["output_type"] == "execute_result" else output
        for output in outputs
    ]
    return {
        "cell_type": "code",
        "execution_count": count,
        "id": cell_id,
        "metadata": metadata,
        "outputs": numbered,
        "source": _lines(code),
    }


def dump(notebook: dict) -> str:
    """A notebook's file content."""
    return json.dumps(notebook, ensure_ascii=False, indent=1, sort_keys=True) + "\n"


def execute(lab: Lab, root: Path = ROOT, *, short: bool = False) -> dict[str, list[dict]]:
    """Runs a lab's cells in one kernel; returns each one's outputs, without what differs from run to run.

    Args:
        short: with a training of a few steps; else of as many as the cells say.

    Raises:
        Problem: a cell raised an error.
    """
    # A kernel is needed here only; writing and checking do without.
    import tempfile
    from unittest import mock

    import nbformat
    from nbclient import NotebookClient
    from nbclient.exceptions import CellExecutionError

    from sitekit.outputs import environment

    cells = [_code(name, code, None, []) for name, code in lab.cells.items()]
    notebook = nbformat.from_dict({"cells": cells, "metadata": _METADATA, "nbformat": 4, "nbformat_minor": 5})
    for cell in notebook.cells:
        cell.source = "".join(cell.source)
    settings = {name: value for name, value in environment(root).items() if name != STEPS}
    if short:
        settings[STEPS] = SHORT
    with tempfile.TemporaryDirectory() as folder, mock.patch.dict(os.environ, settings, clear=True):
        client = NotebookClient(
            notebook,
            timeout=3600,
            kernel_name="python3",
            extra_arguments=["--log-level=ERROR"],
            resources={"metadata": {"path": folder}},
        )
        try:
            client.execute()
        except CellExecutionError as error:
            failed = next(
                (c.id for c in notebook.cells if any(o.output_type == "error" for o in c.get("outputs", []))),
                "?",
            )
            raise Problem(
                [
                    f"code/labs/{lab.name}.py: cell [{failed}]: found {error.ename}: {error.evalue};"
                    " expected it to run"
                ]
            ) from None
    return {cell.id: tidy_outputs(cell.outputs) for cell in notebook.cells}


def tidy_outputs(outputs: list) -> list[dict]:
    """Outputs as they are committed: stdout joined, stderr (progress bars, warnings) left out, no metadata.

    >>> tidy_outputs([{"output_type": "stream", "name": "stdout", "text": "a\\n"},
    ...               {"output_type": "stream", "name": "stderr", "text": "5%"},
    ...               {"output_type": "stream", "name": "stdout", "text": "b\\n"}])
    [{'name': 'stdout', 'output_type': 'stream', 'text': ['a\\n', 'b\\n']}]
    """
    tidied: list[dict] = []
    for output in outputs:
        kind = output["output_type"]
        if kind == "stream":
            if output["name"] != "stdout":
                continue
            text = output["text"]
            if tidied and tidied[-1]["output_type"] == "stream":
                text = "".join(tidied.pop()["text"]) + text
            tidied.append({"name": "stdout", "output_type": "stream", "text": _lines(text)})
        else:
            data = {
                mime: _lines(value) if isinstance(value, str) and mime.startswith("text/") else value
                for mime, value in sorted(output["data"].items())
            }
            entry = {"data": data, "metadata": {}, "output_type": kind}
            if kind == "execute_result":
                entry["execution_count"] = None
            tidied.append(entry)
    return tidied


def process(name: str, *, check: bool, run: bool, root: Path = ROOT) -> tuple[list[str], list[str]]:
    """Writes or checks the four notebooks of one lab; returns the files written and the findings."""
    try:
        lab = load_lab(name, root)
    except Problem as problem:
        return [], problem.findings
    outputs, findings = read_outputs(name, lab.cells, root)
    if check and outputs is None:
        return [], findings
    if run or outputs is None:
        findings = []
        began = time.monotonic()
        try:
            fresh = execute(lab, root, short=check)
        except Problem as problem:
            return [], problem.findings
        if check:
            findings = compare_outputs(lab, outputs, fresh)
        else:
            outputs = fresh
            write_outputs(name, lab.cells, fresh, time.monotonic() - began, root)
    project = default_project(root)
    written = []
    for lang in lab.pages:
        text = dump(build(lab, lang, outputs, project))
        path = notebook_path(name, lang, root)
        where = path.relative_to(root).as_posix()
        current = path.read_text(encoding="utf-8") if path.is_file() else None
        if current == text:
            continue
        if check:
            findings.append(_difference(where, current, text))
        else:
            path.parent.mkdir(parents=True, exist_ok=True)
            temporary = path.with_suffix(".ipynb.tmp")
            temporary.write_text(text, encoding="utf-8")
            os.replace(temporary, path)
            written.append(where)
    return written, findings


def compare_outputs(lab: Lab, kept: dict[str, list[dict]], fresh: dict[str, list[dict]]) -> list[str]:
    """Findings where a cell prints something else than committed; pictures are not compared by byte.

    Where the length of the training decides what is printed, only its kind is compared.
    """
    findings = []
    loose = long_cells(lab.cells)
    for cell, outputs in fresh.items():
        read = _kinds if cell in loose else _comparable
        before, now = read(kept.get(cell, [])), read(outputs)
        if before != now:
            diff = "\n".join(difflib.unified_diff(before, now, "committed", "printed now", lineterm=""))
            findings.append(
                f"code/labs/{lab.name}.py: cell [{cell}]: found another output than committed; expected the"
                f" same; run python -m sitekit.notebooks --execute {lab.name}\n{diff}"
            )
    return findings


def _kinds(outputs: list[dict]) -> list[str]:
    return [kind for output in outputs for kind in (output["output_type"], *sorted(output.get("data", {})))]


def _comparable(outputs: list[dict]) -> list[str]:
    lines: list[str] = []
    for output in outputs:
        if output["output_type"] == "stream":
            lines += "".join(output["text"]).splitlines()
        else:
            for mime, value in output["data"].items():
                text = "".join(value) if isinstance(value, list) else str(value)
                lines += [mime] if mime.startswith("image/") else [mime, *text.splitlines()]
    return lines


def _difference(where: str, current: str | None, expected: str) -> str:
    remedy = "run python -m sitekit.notebooks"
    if current is None:
        return f"{where}: found no such file; expected the generated notebook; {remedy}"
    pairs = zip(current.splitlines(), expected.splitlines(), strict=False)
    for number, (found, wanted) in enumerate(pairs, start=1):
        if found != wanted:
            return f"{where}:{number}: found {found.strip()[:90]}; expected {wanted.strip()[:90]}; {remedy}"
    return f"{where}: found {len(current)} characters; expected {len(expected)}; {remedy}"


def main(argv: list[str] | None = None) -> int:
    """The command; exit status 0 in step, 1 findings, 2 no such notebook."""
    parser = argparse.ArgumentParser(prog="python -m sitekit.notebooks", description=__doc__.splitlines()[0])
    parser.add_argument("--check", action="store_true", help="compare, write nothing")
    parser.add_argument(
        "--execute", action="store_true", help="run the cells anew (with --check, with a short training)"
    )
    parser.add_argument("names", nargs="*", metavar="NAME", help="only these notebooks")
    args = parser.parse_args(argv)
    known = find_labs(ROOT)
    if unknown := [name for name in args.names if name not in known]:
        print(
            f"found {', '.join(unknown)}; expected some of: {', '.join(known) or 'none yet'}", file=sys.stderr
        )
        return 2
    findings: list[str] = []
    chosen = args.names or known
    for name in chosen:
        written, faults = process(name, check=args.check, run=args.execute)
        findings += faults
        for path in written:
            print(f"wrote {path}")
    for finding in findings:
        print(finding, file=sys.stderr)
    print(f"{len(chosen)} notebooks in {len(LANGUAGES)} languages, {len(findings)} findings")
    return 1 if findings else 0


if __name__ == "__main__":
    raise SystemExit(main())
