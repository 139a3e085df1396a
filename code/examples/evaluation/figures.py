"""Base and three tuned runs on all test prompts, measure by measure, with intervals."""

# --8<-- [start:listing]
import json
from pathlib import Path

from sintonia.answers import Answer
from sintonia.comparison import course_rows, set_side_by_side
from sintonia.generation import Reply
from sintonia.report_tables import rows_of, rows_of_runs

path = Path("benchmarks/results/before-after/results.json")
answers = {
    name: [
        Answer(
            Reply(one["text"], one["stopped"], one["tokens"]), one["loss"], one["of"]
        )
        for one in cell["answers"]
    ]
    for name, cell in json.loads(path.read_text("utf-8"))["cells"].items()
}
base, *tuned = answers.items()
comparison = set_side_by_side(course_rows("test"), base, tuned)
for row in rows_of(comparison):
    if row.measure.name != "json_parses":
        if row.lang == "pt":
            print(f"\n{row.measure.label}")
        told = f"{row.base:<19}{row.tuned:<19}{row.change}"
        print(f"  {row.lang:<5}{row.prompts:<9}{told}")

print("\neach run on its own, all languages")
header, runs = rows_of_runs(comparison)
for name, *values in runs:
    told = zip(header[1:], values, strict=True)
    kept = [f"{label} {value}" for label, value in told if "JSON" not in label]
    print(f"  {name}: {', '.join(kept)}")
# --8<-- [end:listing]
