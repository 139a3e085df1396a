"""What benchmarks/lora_cost.py measured: memory and time of one step of the embedded model."""

# --8<-- [start:listing]
import json
from pathlib import Path

record = json.loads(
    Path("benchmarks/results/lora-cost/results.json").read_text("utf-8")
)
print(f"{'MiB':<38}grad. optim.  peak estim.  CPU-s")
for case in record["cases"]:
    parts = ("gradients", "optimizer", "peak", "estimated")
    sizes = "".join(f"{case[f'{part}_bytes'] / 2**20:>6.0f}" for part in parts)
    print(f"{case['setting']:<37}{sizes}{case['cpu_seconds_a_step']:>7.1f}")
# --8<-- [end:listing]
