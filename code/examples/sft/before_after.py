"""The first Portuguese test prompts of the recorded run, with the replies of base and tuned model."""

# --8<-- [start:listing]
import html
import re
import textwrap
from pathlib import Path

report = Path("benchmarks/results/sft-cpu/report.md").read_text("utf-8")
table = report.partition("| prompt | base | tuned |")[2].partition("\n\n")[0]
rows = [re.split(r" (?<!\\)\| ", line.strip("| ")) for line in table.splitlines()[2:]]


def plain(cell):
    """Undo the escapes of a Markdown table."""
    return html.unescape(re.sub(r"\\(.)", r"\1", cell)).strip()


portuguese = rows[: len(rows) // 4]  # pt, es, zh, en, as many prompts in each
for prompt, base, tuned in portuguese[:5]:
    print(textwrap.shorten(plain(prompt), 80))
    for name, reply in (("base", base), ("tuned", tuned)):
        end = "■" if "■" in reply else "does not stop"
        text = re.sub(r"\s*(■|\(did not stop\))$", "", plain(reply))
        print(f"  {name:<6}{textwrap.shorten(text, 58, placeholder=' ...')}  {end}")
# --8<-- [end:listing]
