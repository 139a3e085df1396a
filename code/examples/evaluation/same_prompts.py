"""One test prompt in four languages: what the base says, and three tuned runs."""

# --8<-- [start:listing]
import json
from pathlib import Path

from sintonia.comparison import course_rows

path = Path("benchmarks/results/before-after/results.json")
cells = json.loads(path.read_text("utf-8"))["cells"]  # base, seed 42, ...
for number, row in enumerate(course_rows("test")):
    if row["id"] != "four-birds-numbered":
        continue
    print(f"[{row['lang']}] {row['messages'][-2]['content']}")
    for name, cell in cells.items():
        reply = cell["answers"][number]
        end = "■" if reply["stopped"] else "does not stop"
        text = " ⏎ ".join(reply["text"].splitlines())
        width = 30 if row["lang"] == "zh" else 56  # a Chinese character is wider
        text = text if len(text) <= width else f"{text[:width]} ..."
        print(f"  {name:<8}{text}  {end}")
# --8<-- [end:listing]
