"""Perplexity on running text, after tuning without English rows and with them."""

# --8<-- [start:listing]
import json
from pathlib import Path

import numpy as np

from sintonia.intervals import difference, estimate
from sintonia.report_tables import shown, shown_change

path = Path("benchmarks/results/forgetting/results.json")
cells = json.loads(path.read_text("utf-8"))["cells"]
recipes = ("without English", "with English")
print(f"{'':<6}{'base':<21}{recipes[0]:<24}{recipes[1]}")
for lang, losses in cells["base"]["prose"].items():
    before = np.array(losses).T  # nats and tokens, a column a paragraph
    line = f"{lang:<6}{shown(estimate(*before, transform=np.exp), share=False):<21}"
    for recipe in recipes:
        runs = [cell for name, cell in cells.items() if name.startswith(f"{recipe},")]
        after = np.array([run["prose"][lang] for run in runs])  # (seeds, texts, 2)
        pair = after[..., 0], after[..., 1]
        change = difference(tuple(before), pair, transform=np.exp)
        line += f"{shown_change(change, share=False):<24}"
    print(line.rstrip())
# --8<-- [end:listing]
