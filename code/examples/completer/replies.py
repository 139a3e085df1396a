"""One test prompt of the recorded run in four languages: the replies before and after tuning."""

# --8<-- [start:listing]
import html
import re
from pathlib import Path

report = Path("benchmarks/results/sft-cpu/report.md").read_text("utf-8")
table = report.partition("| prompt | base | tuned |")[2].partition("\n\n")[0]
rows = [re.split(r" (?<!\\)\| ", line.strip("| ")) for line in table.splitlines()[2:]]


def plain(cell):
    """Undo the escapes of a Markdown table."""
    return html.unescape(re.sub(r"\\(.)", r"\1", cell)).strip()


for lang, (prompt, *replies) in zip(
    ("pt", "es", "zh", "en"), rows[:: len(rows) // 4], strict=True
):
    print(plain(prompt))
    for name, reply in zip(("before", "after"), map(plain, replies), strict=True):
        text = re.sub(r"\s*(… \(did not stop\)|■)$", "", reply)
        most = 30 if lang == "zh" else 64
        print(f"  {name:<7}{text[:most]}{'...' * (len(text) > most)}")
        print(f"         {'■' if '■' in reply else '(did not stop)'}")
# --8<-- [end:listing]
