"""What the model card of the recorded run holds: figures first, then where they come from."""

# --8<-- [start:listing]
from pathlib import Path

lines = Path("benchmarks/results/sft-cpu/report.md").read_text("utf-8").splitlines()
figures = [line for line in lines if line.startswith("| ") and "| all |" in line]
facts = [line for line in lines if line.startswith("- ")]
print(lines[0])
for line in [*figures, *facts]:
    print(line.replace("\\", ""))
# --8<-- [end:listing]
