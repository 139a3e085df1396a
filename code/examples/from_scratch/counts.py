"""Memorised or learned? The counts of benchmarks/from_scratch.py, base and tuned."""

# --8<-- [start:listing]
import json
from pathlib import Path

folder = Path("benchmarks/results/from-scratch")
record = json.loads((folder / "results.json").read_text("utf-8"))
print("base -> tuned: right, and loss")
for group, counts in record["groups"].items():
    base, tuned = counts["base"], counts["tuned"]
    right = f"{base['right']} -> {tuned['right']:>2} of {tuned['prompts']:>3}"
    losses = f"{base['response_loss']:.2f} -> {tuned['response_loss']:.2f}"
    print(f"{group}\n  {right}    {losses}")
conditions = record["conditions"]
print(f"one seed, {conditions['seed']}; {conditions['cpu_seconds']:.0f} CPU-seconds")
# --8<-- [end:listing]
