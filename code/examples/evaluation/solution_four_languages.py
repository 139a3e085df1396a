"""One way to solve the exercise: paired changes, by language, with a verdict."""

# --8<-- [start:listing]
import json
from pathlib import Path

import numpy as np

from sintonia.comparison import course_rows
from sintonia.evaluation import speaks
from sintonia.intervals import difference


def pair(columns):
    """`(parts, wholes)`: 1 where it succeeded, and 1 where it counts at all."""
    counts = np.array([[one is not None for one in column] for column in columns]).T
    hits = np.array([[one or 0 for one in column] for column in columns]).T
    return hits.astype(float), counts.astype(float)


def judged(rows):
    before = pair([[row["base"]] for row in rows])
    after = pair([row["tuned"] for row in rows])
    change = difference(before, after, [row["id"] for row in rows])
    word = "better" if change.low > 0 else "worse" if change.high < 0 else "cannot tell"
    return change.value, change.low, change.high, word


def verdicts(results):
    languages = dict.fromkeys(row["lang"] for row in results)
    found = {
        lang: judged([row for row in results if row["lang"] == lang])
        for lang in languages
    }
    return {**found, "all": judged(results)}


path = Path("benchmarks/results/before-after/results.json")
base, *seeds = json.loads(path.read_text("utf-8"))["cells"].values()
rows = course_rows("test")


def results(measure):
    for number, row in enumerate(rows):
        first, *others = (
            measure(cell["answers"][number], row) for cell in (base, *seeds)
        )
        yield {"id": row["id"], "lang": row["lang"], "base": first, "tuned": others}


measures = {
    "stopped": lambda reply, row: reply["stopped"],
    "in its language": lambda reply, row: speaks(reply["text"], row["lang"]),
}
for name, measure in measures.items():
    print(name)
    for lang, (change, low, high, word) in verdicts(list(results(measure))).items():
        print(f"  {lang:<5}{change:+.2f} [{low:+.2f}, {high:+.2f}]  {word}")
# --8<-- [end:listing]
