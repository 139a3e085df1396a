"""The symptoms of five broken runs, beside a sound one and the base."""

# --8<-- [start:listing]
import json
import math
from pathlib import Path
from statistics import mean, median

folder = Path("benchmarks/results/break-it")
cells = json.loads((folder / "results.json").read_text("utf-8"))["cells"]
sound = cells["sound, seed 42"]
runs = {name.removesuffix(", seed 42"): cell for name, cell in cells.items()}
runs["wrong template"] = {**sound, "answers": sound["answers in another template"]}
print("                 loss, of 4 steps   stops  tokens  perplexity")
for name, run in runs.items():
    losses = run.get("losses")
    ends = f"{mean(losses[:4]):5.2f} -> {mean(losses[-4:]):.2f}" if losses else ""
    answers = run["answers"]
    stopped = mean(answer["stopped"] for answer in answers)
    length = median(answer["tokens"] for answer in answers)
    summed = sum(answer["loss"] for answer in answers)
    perplexity = math.exp(summed / sum(answer["of"] for answer in answers))
    print(f"{name:<15}  {ends:<17} {stopped:>6.0%} {length:>7.0f} {perplexity:>11.1f}")
steps, prompts = len(sound["losses"]), len(sound["answers"])
limit = sound["settings"]["max_new_tokens"]
print(
    f"{steps} steps, {prompts} test prompts in four languages, at most {limit} tokens"
)
for name in ("sound", "wrong template"):
    answers = runs[name]["answers"]
    summed, tokens = (sum(answer[key] for answer in answers) for key in ("loss", "of"))
    print(f"{name}: {summed:.0f} nats / {tokens} tokens = {summed / tokens:.2f}")
first = Path("code/sintonia/data/test/pt.jsonl").read_text("utf-8").splitlines()[0]
print(json.loads(first)["messages"][-2]["content"])
for name, run in runs.items():
    print(f"{name:<15}  {run['answers'][0]['text']!r:.62}")
# --8<-- [end:listing]
