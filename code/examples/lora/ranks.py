"""Four ranks, the same rows and steps: what each costs and gives."""

# --8<-- [start:listing]
from pathlib import Path

report = Path("benchmarks/results/rank/README.md").read_text("utf-8")


def rows(text):
    """The cells of a Markdown table's lines, its head and rule left out."""
    lines = [line for line in text.splitlines() if line.startswith("| ")]
    return [line.strip("| ").split(" | ") for line in lines[2:]]


costs = rows(report.partition("\n## ")[0])
measured = {name: cells for name, *cells in rows(report.partition("## all")[2])}
print(f"{'rank':<6}{'trained':<10}{'seconds':<9}{'stopped':<15}perplexity")
for place, (rank, _, share, _, seconds, _) in enumerate(costs, start=1):
    stopped, perplexity = measured["stopped"][place], measured["perplexity"][place]
    print(f"{rank:<6}{share:<10}{seconds:<9}{stopped:<15}{perplexity}")
# --8<-- [end:listing]
