"""The same prompts to the base and to the tuned model, as benchmarks/from_scratch.py recorded them."""

# --8<-- [start:listing]
import json
from pathlib import Path

folder = Path("benchmarks/results/from-scratch")
record = json.loads((folder / "results.json").read_text("utf-8"))
chosen = {"capital-of-peru", "capital-of-portugal", "repeat-0"}
for row in record["replies"]:
    if row["lang"] == "en" and row["id"] in chosen:
        print(f"[{row['group']}] {' '.join(row['asked'].split())}")
        for model in ("base", "tuned"):
            reply = " ".join(row[model].split())
            print(f"  {model:<6}{reply[:66]}{' …' if len(reply) > 66 else ''}")
# --8<-- [end:listing]
