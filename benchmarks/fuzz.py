"""Coverage-guided fuzzing of the two readers that meet what strangers wrote: JSONL rows and chat templates.

    pip install atheris                                     (Linux, CPython 3.11 or 3.12)
    .venv/bin/python benchmarks/fuzz.py                     both targets, ten minutes each, and the record
    .venv/bin/python benchmarks/fuzz.py --seconds 60
    .venv/bin/python benchmarks/fuzz.py --target template -max_total_time=60      libFuzzer's own flags

A target may refuse its input with `InputError` and nothing else; whatever else escapes is a finding, which
libFuzzer writes beside as `crash-*`. tests/sintonia/test_fuzz.py holds the same promises with hypothesis.
"""

from __future__ import annotations

import argparse
import json
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from recorded import conditions, put

RESULTS = Path(__file__).parent / "results" / "fuzz"
SOURCE = Path(__file__).parents[1] / "code"
PACKAGES = ("atheris", "jinja2", "transformers")
MESSAGES = [
    {"role": "system", "content": "s"},
    {"role": "user", "content": "u {{ 1 }} <|im_end|>"},
    {"role": "assistant", "content": "a"},
]
_DONE = re.compile(r"Done (\d+) runs in (\d+) second")
_COVERED = re.compile(r"cov: (\d+) ft: (\d+) corp: (\d+)")


def jsonl(data: bytes, folder: Path) -> None:
    """Bytes as a JSONL file: every row is read, checked and, if it is sound, rendered.

    Args:
        folder: where the file is put, over the one before.
    """
    from sintonia.conversations import load_rows
    from sintonia.errors import InputError

    path = folder / "rows.jsonl"
    path.write_bytes(data)
    try:
        for row in load_rows(path):
            json.dumps(row, ensure_ascii=False)
    except InputError as error:
        str(error)


def template(data: bytes, _: Path) -> None:
    """Bytes as a chat template, rendered with three messages within the sandbox's limits."""
    from sintonia.chat_templates import render
    from sintonia.errors import InputError

    try:
        rendered = render(MESSAGES, "{#-#}" + data.decode("utf-8", "replace"))
    except InputError as error:
        str(error)
        return
    for start, end in rendered.spans:
        if not 0 <= start <= end <= len(rendered.text):
            raise AssertionError(f"the span {start}, {end} of {len(rendered.text)} characters")


TARGETS: dict[str, Callable[[bytes, Path], None]] = {"jsonl": jsonl, "template": template}


def seeds() -> dict[str, list[bytes]]:
    """What each target begins from: the course's own rows and templates."""
    package = SOURCE / "sintonia"
    rows = [
        path.read_bytes().splitlines(keepends=True)
        for path in sorted((package / "data/test").glob("*.jsonl"))
    ]
    others = [
        b'[{"instruction": "a", "output": "b"}]',
        b'{"conversations": [{"from": "human", "value": "a"}, {"from": "gpt", "value": "b"}]}',
        b'{"prompt": "a", "completion": "b"}\n{"prompt": "c"',
        b'\xef\xbb\xbf{"question": "a", "answer": "b"}\r\n\r\n\xe1',
    ]
    templates = [path.read_bytes() for path in sorted((package / "templates").glob("*.jinja"))]
    templates.append(b"{% for m in messages %}{{ m['role'] ~ ':' + m.content | trim }}{% endfor %}")
    return {"jsonl": [*(b"".join(lines[:2]) for lines in rows), *others], "template": templates}


def fuzz(name: str, flags: list[str]) -> None:
    """Run one target under libFuzzer, which ends the process."""
    import atheris

    with atheris.instrument_imports(include=["sintonia", "jinja2"]):
        import sintonia.chat_templates
        import sintonia.conversations  # noqa: F401

    folder = Path(tempfile.mkdtemp(prefix="fuzz-"))
    target = TARGETS[name]
    atheris.Setup([sys.argv[0], *flags], lambda data: target(bytes(data), folder))
    atheris.Fuzz()


def measure(name: str, seconds: int, work: Path) -> dict[str, Any]:
    """One target for so many seconds in a process of its own, and what libFuzzer says of it."""
    corpus = work / name
    corpus.mkdir()
    for number, seed in enumerate(seeds()[name]):
        (corpus / f"seed-{number}").write_bytes(seed)
    flags = [str(corpus), f"-max_total_time={seconds}", "-max_len=4096", "-timeout=20", "-rss_limit_mb=2048"]
    started = time.monotonic()
    done = subprocess.run(
        [sys.executable, __file__, "--target", name, *flags, f"-artifact_prefix={work}/"],
        capture_output=True,
        text=True,
        errors="replace",
    )
    end, covered = _DONE.search(done.stderr), _COVERED.findall(done.stderr)
    found = sorted(path.name for path in work.iterdir() if path.is_file())
    for path in found:
        print(f"{name}: {work / path}\n{done.stderr[-3000:]}")
    return {
        "seconds": round(time.monotonic() - started),
        "inputs": int(end[1]) if end else None,
        "branches": int(covered[-1][0]) if covered else None,
        "corpus": int(covered[-1][2]) if covered else None,
        "findings": len(found),
        "exit": done.returncode,
    }


def page(result: dict[str, Any]) -> str:
    """`README.md` of the results."""
    lines = [
        "# Fuzzing, guided by coverage",
        "",
        "| Target | Seconds | Inputs tried | Branches reached | Findings |",
        "|---|---|---|---|---|",
    ]
    for name, one in result["targets"].items():
        lines.append(
            f"| {name} | {one['seconds']} | {one['inputs']:,} | {one['branches']:,} | {one['findings']} |"
        )
    lines += [
        "",
        "A finding is an exception other than `InputError`, more than 20 seconds, or more than 2 GiB.",
    ]
    lines += ["", "Conditions:", "", *(f"- {key}: {value}" for key, value in result["conditions"].items())]
    return "\n".join([*lines, "", "Again: `.venv/bin/python benchmarks/fuzz.py`.", ""])


def main(argv: list[str]) -> int:
    """Run the targets and write `results/fuzz/`; 1 where one found something."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--target", choices=TARGETS)
    parser.add_argument("--seconds", type=int, default=600)
    parser.add_argument("--out", type=Path, default=RESULTS)
    arguments, flags = parser.parse_known_args(argv)
    sys.path.insert(0, str(SOURCE))
    if arguments.target:
        fuzz(arguments.target, flags)
        return 0
    work = Path(tempfile.mkdtemp(prefix="fuzz-"))
    measured = {name: measure(name, arguments.seconds, work) for name in TARGETS}
    result = {"targets": measured, "conditions": conditions(PACKAGES)}
    put(arguments.out, result, page(result))
    print(page(result))
    return int(any(one["findings"] or one["exit"] for one in measured.values()))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
