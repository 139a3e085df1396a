"""Form and facts: the test prompts, whose replies were never read."""

# --8<-- [start:listing]
import json
from pathlib import Path

folder = Path("benchmarks/results/from-scratch")
record = json.loads((folder / "results.json").read_text("utf-8"))
unseen = record["groups"]["test prompts, never read"]
for key in ("stopped", "in_language", "right"):
    base, tuned = (unseen[model][key] for model in ("base", "tuned"))
    print(f"{key:<12}{base:>4} -> {tuned:>3} of {unseen['tuned']['prompts']}")
# --8<-- [end:listing]
