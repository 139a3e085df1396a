"""What benchmarks/resume.py recorded: a run killed after step 13, and resumed from step 10."""

# --8<-- [start:listing]
import json
from pathlib import Path

record = json.loads(Path("benchmarks/results/resume/results.json").read_text("utf-8"))
for case in record["cases"]:
    if "error" in case:
        told = case["error"]
    elif case["largest_difference"] == 0:
        told = "every later loss identical"
    else:
        told = f"no error; losses differ by up to {case['largest_difference']:.2f}"
        if case["first_learning_rate"] != case["expected_learning_rate"]:
            told += ", learning rate too"
    print(f"{case['case']:<32}{told}")
# --8<-- [end:listing]
