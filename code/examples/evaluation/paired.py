"""Two intervals side by side say less than one interval of the difference."""

# --8<-- [start:listing]
import json
from pathlib import Path

import numpy as np

from sintonia.comparison import course_rows
from sintonia.intervals import difference, estimate
from sintonia.report_tables import shown, shown_change

path = Path("benchmarks/results/before-after/results.json")
cells = json.loads(path.read_text("utf-8"))["cells"]
english = [i for i, row in enumerate(course_rows("test")) if row["lang"] == "en"]


def losses(cell):
    """`(nats, tokens)` of each English reference."""
    answers = [cell["answers"][i] for i in english]
    return [one["loss"] for one in answers], [one["of"] for one in answers]


base, tuned = losses(cells["base"]), losses(cells["seed 42"])
for name, pair in (("base", base), ("tuned", tuned)):
    print(f"{name:<8}{shown(estimate(*pair, transform=np.exp), share=False)}")
change = difference(base, tuned, transform=np.exp)
print(f"{'paired':<8}{shown_change(change, share=False)}")
cheaper = np.array(tuned[0]) < np.array(base[0])
print(f"cheaper after tuning: {cheaper.sum()} of {len(cheaper)} references")
# --8<-- [end:listing]
