"""A random split of parallel rows, and a split by id: who has been trained on the test?"""

# --8<-- [start:listing]
import hashlib
import random

from sintonia.conversations import load_rows
from sintonia.doctor import diagnose

rows = [
    row
    for split in ("train", "validation", "test")
    for lang in ("pt", "es", "zh", "en")
    for row in load_rows(f"code/sintonia/data/{split}/{lang}.jsonl")
]
print(len(rows), "rows,", len({row["id"] for row in rows}), "ids")


def side(id):
    """The same answer on every machine, for ever, and for rows not written yet."""
    return "test" if hashlib.sha256(id.encode()).digest()[0] < 51 else "train"


def report(name, train, test):
    known = {row["id"] for row in train}
    leaked = sum(row["id"] in known for row in test)
    findings = diagnose(train, eval_data=test)
    seen = sum(found.data["count"] for found in findings if found.code == "D07")
    print(f"{name}: {len(train)} train, {len(test)} test")
    print(f"   meaning trained: {leaked} test rows; found by their words: {seen}")


mixed = random.Random(3).sample(rows, len(rows))
report("at random", mixed[len(rows) // 5 :], mixed[: len(rows) // 5])
sides = {"train": [], "test": []}
for row in rows:
    sides[side(row["id"])].append(row)
report("by id", **sides)
# --8<-- [end:listing]
