"""Tune the embedded model with the default recipe, and keep what came out under `benchmarks/results/`.

    .venv/bin/python benchmarks/sft_cpu.py            # train, then record
    .venv/bin/python benchmarks/sft_cpu.py runs/NAME  # record a run that is already there

Kept: `report.md` (every reply, base and tuned), `run.json` (figures, seed, versions, machine, time),
`recipe.yaml` (every resolved field) and `loss.svg`.
"""

from __future__ import annotations

import json
import shutil
import sys
import tempfile
from pathlib import Path

from sintonia import sft
from sintonia.reports import loss_curve

RESULTS = Path(__file__).parent / "results" / "sft-cpu"
STYLE = (
    "<style>text{font:13px sans-serif;fill:#444}.grid{stroke:#ccc}"
    ".curve{fill:none;stroke:#0b6e75;stroke-width:2.5}</style>"
)


def main(arguments: list[str]) -> int:
    """Record the run in the folder named, or a new one. Returns the exit code of training."""
    if arguments:
        record(Path(arguments[0]))
        return 0
    with tempfile.TemporaryDirectory() as scratch:
        run = Path(scratch) / "sft-cpu"
        code = sft.main(["--output_dir", str(run)])
        if code == 0:
            record(run)
    return code


def record(run: Path) -> None:
    """Copy what a person reads of a run, without its weights."""
    RESULTS.mkdir(parents=True, exist_ok=True)
    for name in ("report.md", "run.json", "recipe.yaml"):
        shutil.copyfile(run / name, RESULTS / name)
    losses = [tuple(pair) for pair in json.loads((run / "run.json").read_text("utf-8"))["losses"]]
    drawing = loss_curve(losses).replace("<svg ", '<svg xmlns="http://www.w3.org/2000/svg" ', 1)
    head, rest = drawing.split(">", 1)
    (RESULTS / "loss.svg").write_text(f"{head}>{STYLE}{rest}\n", encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
