"""Replies of the recorded run, told apart by behaviour alone."""

# --8<-- [start:listing]
import html
import re
from collections import Counter
from pathlib import Path


def behaviour(prompt, reply, stopped):
    if not stopped:
        return "runs on"
    if prompt.strip().casefold() in reply.casefold():
        return "echo"
    return "reply"


report = Path("benchmarks/results/sft-cpu/report.md").read_text("utf-8")
table = report.partition("| prompt | base | tuned |")[2].partition("\n\n")[0]
found = {"before": Counter(), "after": Counter()}
for line in table.splitlines()[2:]:
    prompt, *replies = (
        html.unescape(re.sub(r"\\(.)", r"\1", cell))  # escapes of a Markdown table
        for cell in re.split(r" (?<!\\)\| ", line.strip("| "))
    )
    for name, reply in zip(found, replies, strict=True):
        found[name][behaviour(prompt, reply, "■" in reply)] += 1

for name, counts in found.items():
    print(f"{name:<8}{dict(counts)}")
# --8<-- [end:listing]
