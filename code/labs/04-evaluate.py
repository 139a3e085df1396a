"""Cells of the notebook 04-evaluate; its prose is in docs/<lang>/notebooks/."""

# %% [setup]
import copy
import json
import os
import random

from sintonia import encode, small_model
from sintonia.answers import Answer
from sintonia.comparison import DATA, compare, course_rows, set_side_by_side
from sintonia.generation import Reply
from sintonia.intervals import Estimate, estimate
from sintonia.loop_recipes import LoopArguments
from sintonia.pictures import side_by_side
from sintonia.report_tables import rows_of
from sintonia.training_loop import train

# %% [recorded]
recorded = json.loads((DATA / "recorded" / "before-after.json").read_text("utf-8"))
rows = course_rows("test")


def answers(run):
    return [
        Answer(
            Reply(one["text"], one["stopped"], one["tokens"]), one["loss"], one["of"]
        )
        for one in recorded["cells"][run]["answers"]
    ]


seeds = [run for run in recorded["cells"] if run != "base"]
base = answers("base")
tuned = {seed: answers(seed) for seed in seeds}
print(f"{len(rows)} prompts; tuned runs: {', '.join(seeds)}")


# %% [read]
def show(question, replies):
    """A question with the replies of both models; ■ marks one that ends by itself."""
    print(" ".join(question.split())[:84])
    for name, reply in zip(("base", "tuned"), replies, strict=True):
        end = "■" if reply.stopped else "(does not stop)"
        print(f"  {name:<6}", " ".join(reply.text.split())[:60], end)


first = tuned[seeds[0]]
for row, before, after in zip(rows, base, first, strict=True):
    if row["id"] == "capital-of-portugal":
        show(row["messages"][-2]["content"], (before.reply, after.reply))

# %% [compare]
comparison = set_side_by_side(rows, ("base", base), list(tuned.items()))
for row in rows_of(comparison):
    if row.measure.name in ("stop_rate", "in_language", "perplexity"):
        if row.lang == "pt":
            print(row.measure.label)
        print(f"  {row.lang:<4}{row.base} -> {row.tuned}")

# %% [picture]
shares = {
    lang: tuple(Estimate(one.stop_rate, *one.intervals["stop_rate"]) for one in pair)
    for lang, pair in comparison.scores.items()
}
side_by_side(shares, "replies that stop, in %")


# %% [overlap]
def word_f1(reply, reference):
    """Harmonic mean of the shares of words found in each other."""
    said, wanted = reply.lower().split(), reference.lower().split()
    common = sum(min(said.count(word), wanted.count(word)) for word in set(said))
    return 2 * common / (len(said) + len(wanted)) if common else 0.0


english = [
    (row["messages"][-1]["content"], answer.reply.text, row["messages"][-2]["content"])
    for row, answer in zip(rows, first, strict=True)
    if row["lang"] == "en"
]
exact = sum(reply == reference for reference, reply, _ in english)
mean = sum(word_f1(reply, reference) for reference, reply, _ in english) / len(english)
print(f"word for word: {exact} of {len(english)}; mean F1 {mean:.2f}")
near = [one for one in english if one[0] != one[1] and len(one[0].split()) > 5]
for reference, reply, question in sorted(near, key=lambda one: -word_f1(*one[:2]))[:3]:
    print(f"\nF1 {word_f1(reply, reference):.2f}  {' '.join(question.split())[:80]}")
    print("   reference:", " ".join(reference.split())[:100])
    print("   reply:    ", " ".join(reply.split())[:100])

# %% [blind]
draw = random.Random(0)
places = [place for place, row in enumerate(rows) if row["lang"] == "en"]
pairs = []
for number, place in enumerate(draw.sample(places, 6), start=1):
    sides = [("base", base[place].reply.text), ("tuned", first[place].reply.text)]
    draw.shuffle(sides)
    pairs.append(dict(zip("AB", sides, strict=True)))
    print(f"{number}. {' '.join(rows[place]['messages'][-2]['content'].split())[:90]}")
    for letter, (_, text) in pairs[-1].items():
        print(f"   {letter}: {' '.join(text.split())[:110]}")

# %% [marks]
RUBRIC = ("to the point", "true", "well worded", "as asked")
marks = {}  # yours: {1: {"A": 2, "B": 4}, ...}, a point for each yes to the rubric

points = {"base": 0, "tuned": 0}
for number, given in marks.items():
    for letter, mark in given.items():
        points[pairs[number - 1][letter][0]] += mark
print(
    f"{len(marks)} of {len(pairs)} pairs marked, {len(RUBRIC)} questions each:", points
)

# %% [bootstrap]
stopped = [
    int(answer.reply.stopped)
    for row, answer in zip(rows, base, strict=True)
    if row["lang"] == "en"
]
draw = random.Random(0)
drawn = sorted(
    sum(draw.choices(stopped, k=len(stopped))) / len(stopped) for _ in range(2000)
)
print(f"share     {sum(stopped) / len(stopped):.2f}")
print(f"by hand   {drawn[50]:.2f} to {drawn[1949]:.2f}")
found = estimate(stopped, [1] * len(stopped), share=True)
print(f"sintonia  {found.low:.2f} to {found.high:.2f}")

# %% [few]
for count in (5, 10, 20, 40):
    some = estimate(stopped[:count], [1] * count, share=True)
    print(
        f"{count:>3} prompts: {some.value:.2f}, from {some.low:.2f} to {some.high:.2f}"
    )

# %% [paired]
for row in rows_of(comparison):
    if row.lang == "all":
        print(f"{row.measure.label:<24}{row.change}")

# %% [small]
# Steps of training; with fewer the cell runs faster and the model learns less.
steps = int(os.environ.get("SINTONIA_STEPS", 160))
making = small_model.Making(vocabulary=800, layers=2, echo_steps=0, steps=steps)
text = small_model.course_text(["en"])
tokenizer = small_model.train_tokenizer(text, making.vocabulary)
small_base = small_model.untrained_model(len(tokenizer), making)
small_model.pretrain(small_base, small_model.token_stream(tokenizer, text), making)

small_tuned = copy.deepcopy(small_base)
examples = encode([row["messages"] for row in course_rows("train", ["en"])], tokenizer)
examples = [one for one in examples if len(one["input_ids"]) <= 160]
recipe = LoopArguments(max_steps=steps, learning_rate=2e-3, warmup_steps=10)
losses = train(small_tuned, examples, recipe, tokenizer.pad_token_id)
print(f"{len(examples)} conversations, {len(losses)} steps of tuning")

# %% [live]
questions = course_rows("test", ["en"])[:20]
live = compare(
    ("small base", small_base, tokenizer),
    ("tuned", small_tuned, tokenizer),
    questions,
    max_new_tokens=48,
)
for one in live.exchanges[:4]:
    show(one.question, (one.base, one.tuned))
for row in rows_of(live):
    if row.lang == "en":
        print(f"\n{row.measure.label}, {row.prompts} prompts")
        print(f"  {row.base} -> {row.tuned}, change {row.change}")
