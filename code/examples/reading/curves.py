"""Five recorded runs of one small model, with both losses."""

# --8<-- [start:listing]
import json
from pathlib import Path

folder = Path("benchmarks/results/curves")
record = json.loads((folder / "results.json").read_text("utf-8"))
print("                   trained on        held out        lowest held out")
for name, run in record["runs"].items():
    history = run["history"]
    (_, t0, h0, *_), (last, t1, h1, *_) = history[0], history[-1]
    step, _, lowest, *_ = min(history, key=lambda row: row[2])
    print(f"{name:<10} {run['conversations']:>3} rows  {t0:.2f} -> {t1:.2f}   "
          f"{h0:.2f} -> {h1:.2f}   {lowest:.2f}, step {step} of {last}")  # fmt: skip
for name in ("over-fit", "memorised"):
    accuracies = [row[3:] for row in record["runs"][name]["history"]]
    mine, other = zip(accuracies[0], accuracies[-1], strict=True)
    print(f"{name}, token accuracy: trained on {mine[0]:.0%} -> {mine[1]:.0%}, "
          f"held out {other[0]:.0%} -> {other[1]:.0%}")  # fmt: skip
# --8<-- [end:listing]
