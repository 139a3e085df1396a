"""Form against facts: the recorded table over all languages."""

# --8<-- [start:listing]
from pathlib import Path

readme = Path("benchmarks/results/facts/README.md").read_text("utf-8")
table = readme.partition("\n## all\n")[2].partition("\n## ")[0]
lines = [line.strip("| ").split(" | ") for line in table.splitlines() if "|" in line]
header, _, *rows = lines
print(f"{'':<28}{'base':<18}tuned")
for group in ("seen", "unseen"):
    places = [header.index(f"{group}, {who}") for who in ("base", "tuned")]
    for name, *cells in rows:
        before, after = (cells[place - 1] for place in places)
        print(f"{group:<7} {name.split(' of ')[0]:<20}{before:<18}{after}")
# --8<-- [end:listing]
