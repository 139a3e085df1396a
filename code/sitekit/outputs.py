"""Recorded outputs of the listings.

    python -m sitekit.outputs            run every code/examples/**/*.py, write what it prints beside it
    as .out python -m sitekit.outputs --check    run them, compare, print a diff for each that differs

Pages include the .out files, so a reader sees only what somebody's run printed. Each example runs by
itself, from the repository's root, with code/ on the path, a fixed hash seed, no colours and no hub. An
example whose first lines have `# record: no REASON` is left out, by name.
"""

from __future__ import annotations

import argparse
import difflib
import os
import re
import subprocess
import sys
from pathlib import Path

from sitekit.settings import ROOT

TIMEOUT = 300
"""Seconds an example may take."""

_NOT_RECORDED = re.compile(r"^#\s*record:\s*no\b\s*(?P<reason>.*)$", re.MULTILINE)


def environment(root: Path = ROOT) -> dict[str, str]:
    """The environment examples and notebooks run in: the same everywhere."""
    env = dict(os.environ)
    code = str(root / "code")
    env.update(
        PYTHONPATH=code,
        PYTHONHASHSEED="0",
        PYTHONIOENCODING="utf-8",
        PYTHONDONTWRITEBYTECODE="1",
        NO_COLOR="1",
        HF_HUB_OFFLINE="1",
        HF_HUB_DISABLE_PROGRESS_BARS="1",
        TRANSFORMERS_VERBOSITY="error",
        TOKENIZERS_PARALLELISM="false",
        COLUMNS="80",
    )
    env.pop("FORCE_COLOR", None)
    return env


def not_recorded(source: str) -> str | None:
    """The reason an example gives for having no recorded output, else None.

    >>> not_recorded("# record: no takes an hour on a GPU\\nprint()")
    'takes an hour on a GPU'
    >>> not_recorded("print('record: no')") is None
    True
    """
    match = _NOT_RECORDED.search("\n".join(source.splitlines()[:10]))
    return match["reason"].strip() if match else None


def examples(root: Path = ROOT, only: list[str] | None = None) -> list[Path]:
    """The example files, in order; `only` keeps those whose path contains one of its words."""
    found = sorted(path for path in (root / "code" / "examples").rglob("*.py") if path.name != "__init__.py")
    if only:
        found = [path for path in found if any(word in path.as_posix() for word in only)]
    return found


def run_example(path: Path, root: Path = ROOT) -> tuple[str, str | None]:
    """Runs one example.

    Returns:
        What it printed, and what went wrong (None: it exited with 0).
    """
    try:
        done = subprocess.run(
            [sys.executable, str(path)],
            cwd=root,
            env=environment(root),
            capture_output=True,
            timeout=TIMEOUT,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return "", f"found it still running after {TIMEOUT} s; expected it to end"
    printed = done.stdout.decode("utf-8", errors="replace").replace("\r\n", "\n")
    if done.returncode:
        last = done.stderr.decode("utf-8", errors="replace").strip().splitlines()[-1:] or ["no message"]
        return printed, f"found exit status {done.returncode} ({last[0]}); expected 0"
    return printed, None


def check_example(path: Path, root: Path = ROOT) -> list[str]:
    """Findings on one example: failure, no recorded output, or a diff between recorded and printed."""
    where = path.relative_to(root).as_posix()
    recorded = path.with_suffix(".out")
    reason = not_recorded(path.read_text(encoding="utf-8"))
    if reason is not None:
        faults = []
        if not reason:
            faults.append(f"{where}: found `# record: no` without a reason; expected one")
        if recorded.is_file():
            faults.append(
                f"{where}: found `# record: no` and {recorded.name}; expected one of them; delete the other"
            )
        return faults
    printed, fault = run_example(path, root)
    if fault:
        return [f"{where}: {fault}"]
    if not recorded.is_file():
        return [
            f"{where}: found no {recorded.name}; expected its recorded output; run python -m sitekit.outputs"
        ]
    expected = recorded.read_text(encoding="utf-8")
    if expected == printed:
        return []
    diff = "\n".join(
        difflib.unified_diff(
            expected.splitlines(), printed.splitlines(), f"{where[:-3]}.out", "printed now", lineterm=""
        )
    )
    return [
        f"{where}: found another output than recorded; expected the same;"
        f" run python -m sitekit.outputs\n{diff}"
    ]


def record_example(path: Path, root: Path = ROOT) -> tuple[str | None, list[str]]:
    """Writes one example's output beside it; returns what changed and the findings."""
    where = path.relative_to(root).as_posix()
    if not_recorded(path.read_text(encoding="utf-8")) is not None:
        return None, check_example(path, root)
    printed, fault = run_example(path, root)
    if fault:
        return None, [f"{where}: {fault}"]
    recorded = path.with_suffix(".out")
    if recorded.is_file() and recorded.read_text(encoding="utf-8") == printed:
        return None, []
    temporary = recorded.with_suffix(".out.tmp")
    temporary.write_text(printed, encoding="utf-8")
    os.replace(temporary, recorded)
    return recorded.relative_to(root).as_posix(), []


def orphans(root: Path = ROOT) -> list[str]:
    """Recorded outputs whose example is gone."""
    return [
        f"{path.relative_to(root).as_posix()}: found an output without its example; expected"
        f" {path.with_suffix('.py').name}; delete it"
        for path in sorted((root / "code" / "examples").rglob("*.out"))
        if not path.with_suffix(".py").is_file()
    ]


def main(argv: list[str] | None = None) -> int:
    """The command; exit status 0 in step, 1 findings."""
    parser = argparse.ArgumentParser(prog="python -m sitekit.outputs", description=__doc__.splitlines()[0])
    parser.add_argument("--check", action="store_true", help="compare, write nothing")
    parser.add_argument("only", nargs="*", metavar="WORD", help="only examples whose path contains WORD")
    args = parser.parse_args(argv)
    chosen = examples(only=args.only)
    if args.only and not chosen:
        print(
            f"code/examples: found no example matching {' '.join(args.only)}; expected one", file=sys.stderr
        )
        return 2
    findings = [] if args.only else orphans()
    written = 0
    for path in chosen:
        if args.check:
            findings += check_example(path)
        else:
            changed, faults = record_example(path)
            findings += faults
            if changed:
                written += 1
                print(f"wrote {changed}")
    for finding in findings:
        print(finding, file=sys.stderr)
    verb = "compared" if args.check else f"run, {written} written"
    print(f"{len(chosen)} examples {verb}, {len(findings)} findings")
    return 1 if findings else 0


if __name__ == "__main__":
    raise SystemExit(main())
