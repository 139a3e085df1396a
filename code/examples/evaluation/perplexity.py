"""Perplexity by hand, and why two languages cannot be compared by it."""

# --8<-- [start:listing]
import json
import math
from pathlib import Path

from sintonia.comparison import course_rows

chances = [0.5, 0.25, 0.125]  # what the model gave to each token of a reply
loss = -sum(math.log(p) for p in chances) / len(chances)
print(f"{loss:.3f} nats a token, perplexity {math.exp(loss):.2f}")

path = Path("benchmarks/results/before-after/results.json")
base = json.loads(path.read_text("utf-8"))["cells"]["base"]["answers"]
rows = course_rows("test")
print("\nbase   perplexity  tokens a character  nats a character")
for lang in ("pt", "es", "zh", "en"):
    mine = [
        (one, row) for one, row in zip(base, rows, strict=True) if row["lang"] == lang
    ]
    nats = sum(one["loss"] for one, _ in mine)
    tokens = sum(one["of"] for one, _ in mine)
    letters = sum(len(row["messages"][-1]["content"]) for _, row in mine)
    print(
        f"{lang} {math.exp(nats / tokens):>14.1f}"
        f"{tokens / letters:>20.2f}{nats / letters:>18.2f}"
    )
# --8<-- [end:listing]
