"""What benchmarks/ddp.py recorded: six launches of the same eight rows a step."""

# --8<-- [start:listing]
import json
from pathlib import Path
from textwrap import shorten

record = json.loads(Path("benchmarks/results/ddp/results.json").read_text("utf-8"))
for run in record["runs"]:
    print(shorten(run["launch"], 68, placeholder=" ..."))
    who = f"{run['processes']} x {run['rows_per_process']} rows, {run['wrapper']}"
    losses = " ".join(f"{loss:.4f}" for loss in run["losses"][:3])
    print(f"  {who:<36}{losses} ... {run['losses'][-1]:.4f}")
# --8<-- [end:listing]
