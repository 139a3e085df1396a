"""A name for each recorded curve."""

# --8<-- [start:listing]
import json
import math
from pathlib import Path


def read_curve(history):
    trained = [row[1] for row in history]
    held_out = [row[2] for row in history]
    if (
        not all(math.isfinite(loss) for loss in trained + held_out)
        or trained[-1] > trained[0]
    ):
        return "diverged"
    if trained[-1] < 0.1 and held_out[-1] >= held_out[0]:
        return "memorised"
    if held_out[-1] > 1.05 * min(held_out):
        return "over-fit"
    if trained[-1] > 0.9 * trained[0]:
        return "under-fit"
    return "good"


folder = Path("benchmarks/results/curves")
runs = json.loads((folder / "results.json").read_text("utf-8"))["runs"]
for name, run in runs.items():
    print(f"{name:<11}{read_curve([row[:3] for row in run['history']])}")
# --8<-- [end:listing]
