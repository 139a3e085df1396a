"""What two of the recorded runs said while they trained."""

# --8<-- [start:listing]
import json
from pathlib import Path

folder = Path("benchmarks/results/curves")
runs = json.loads((folder / "results.json").read_text("utf-8"))["runs"]
for kind in ("trained on", "held out"):
    print(f"{kind}: {runs['good']['questions'][kind]}")
    for name, steps in (
        ("good", (0, 36)),
        ("over-fit", (420,)),
        ("memorised", (48, 144)),
    ):
        for reply in runs[name]["replies"]:
            if reply["step"] in steps:
                print(f"  {name:<9} {reply['step']:>3}  {reply[kind]:.58}")
# --8<-- [end:listing]
