import numpy as np

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
    found = {lang: judged([row for row in results if row["lang"] == lang]) for lang in languages}
    return {**found, "all": judged(results)}
