"""Three masks, three seeds each: what the tuned models do on prompts they never saw."""

# --8<-- [start:listing]
from pathlib import Path

report = Path("benchmarks/results/masking/README.md").read_text("utf-8")
table = report.partition("## all")[2].splitlines()
shown = ("measure", "stopped", "in its language", "perplexity")
for line in table:
    cells = line.strip("| ").split(" | ")
    if cells[0] in shown:
        print("".join(f"{cell:<20}" for cell in cells).rstrip())
# --8<-- [end:listing]
