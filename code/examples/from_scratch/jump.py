"""What was recorded while the base model was made: how long it took to find out how to copy."""

# --8<-- [start:listing]
import json
from pathlib import Path

folder = Path("benchmarks/results/from-scratch")
losses = json.loads((folder / "results.json").read_text("utf-8"))["losses"]
echoes = losses["echoes"]
means = [sum(echoes[i : i + 20]) / 20 for i in range(len(echoes) - 19)]  # of 20 steps
for step in range(0, len(means), 200):
    print(f"echoes, step {step:>4}   {means[step]:.2f}")
for limit in (4, 2, 1):
    step = next(i for i, mean in enumerate(means) if mean < limit)
    print(f"below {limit} at step {step}")
text = losses["text"]
print(f"text, {len(text)} steps     {text[0]:.2f} -> {sum(text[-20:]) / 20:.2f}")
# --8<-- [end:listing]
