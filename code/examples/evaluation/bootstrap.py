"""A bootstrap in six lines, held against the package's; then prompts that belong together."""

# --8<-- [start:listing]
import json
from pathlib import Path

import numpy as np

from sintonia.comparison import course_rows
from sintonia.intervals import estimate
from sintonia.report_tables import shown

path = Path("benchmarks/results/before-after/results.json")
base = json.loads(path.read_text("utf-8"))["cells"]["base"]["answers"]
rows = course_rows("test")
stopped = np.array([float(one["stopped"]) for one in base])
english = stopped[[row["lang"] == "en" for row in rows]]

random = np.random.default_rng(0)
shares = []
for _ in range(2000):
    drawn = random.integers(len(english), size=len(english))  # with replacement
    shares.append(english[drawn].mean())
low, high = np.quantile(shares, [0.025, 0.975])
print(f"by hand       {english.mean():.0%} [{low:.0%}–{high:.0%}]")


def told(name, hits, clusters=None):
    found = estimate(hits, np.ones(len(hits)), clusters, share=True)
    width = 100 * (found.high - found.low)
    print(f"{name:<14}{shown(found, share=True)}  {width:.0f} points wide")


told("the package", english)
told("10 prompts", english[:10])
told("160, alone", stopped)
told("40 in four", stopped, [row["id"] for row in rows])
# --8<-- [end:listing]
