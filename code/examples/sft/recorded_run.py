"""The log of the recorded run of the default recipe."""

# --8<-- [start:listing]
import json
import textwrap
from pathlib import Path

run = json.loads(Path("benchmarks/results/sft-cpu/run.json").read_text("utf-8"))
minutes = run["train_seconds"] / 60
print(f"{run['conversations']} conversations, {minutes:.1f} minutes of training")
print(f"{run['machine']}, seed {run['seed']}")
versions = ", ".join(f"{name} {number}" for name, number in run["versions"].items())
print(textwrap.fill(versions, 80))

losses = run["losses"]
every = max(1, len(losses) // 14)
shown = [*losses[::every], *([] if (len(losses) - 1) % every == 0 else losses[-1:])]
for step, loss in shown:
    print(f"step {step:>4}  loss {loss:.3f}  {'#' * round(12 * loss)}")
# --8<-- [end:listing]
