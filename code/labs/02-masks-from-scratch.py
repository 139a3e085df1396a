"""Cells of the notebook 02-masks-from-scratch; its prose is in docs/<lang>/notebooks/."""

# %% [setup]
import math
import os
from dataclasses import replace

import torch
from tqdm import tqdm

import sintonia
from sintonia import small_model
from sintonia.comparison import course_rows
from sintonia.generation import generate
from sintonia.pictures import curve

# %% [batch]
EOS = PAD = 2
batch = [
    {"input_ids": [1, 5, 6, 1, 7, 8, 2], "assistant_mask": [0, 0, 0, 0, 1, 1, 1]},
    {"input_ids": [1, 5, 1, 9, 2], "assistant_mask": [0, 0, 0, 1, 1]},
]
longest = max(len(row["input_ids"]) for row in batch)


def look(draft):
    """Print the labels that a draft makes, and how many ends they teach."""
    for row in batch:
        labels = draft(row)
        print(labels, " ends taught:", labels.count(EOS))


# %% [draft-1]
def draft_1(row):
    return row["input_ids"] + [PAD] * (longest - len(row["input_ids"]))


look(draft_1)


# %% [draft-2]
def draft_2(row):
    return [-100 if token == PAD else token for token in draft_1(row)]


look(draft_2)


# %% [draft-3]
def draft_3(row):
    pairs = zip(row["input_ids"], row["assistant_mask"], strict=True)
    labels = [token if wrote else -100 for token, wrote in pairs]
    return labels + [-100] * (longest - len(labels))


look(draft_3)

# %% [collate]
tensors = sintonia.collate(batch, pad_token_id=PAD)
for name, tensor in tensors.items():
    print(name)
    print(tensor)
print(
    "labels as in draft 3:", tensors["labels"].tolist() == [draft_3(r) for r in batch]
)

# %% [fresh-model]
making = small_model.Making(vocabulary=800, layers=2)
text = small_model.course_text()
tokenizer = small_model.train_tokenizer(text, making.vocabulary)
model = small_model.untrained_model(len(tokenizer), making)
print(f"{sum(weight.numel() for weight in model.parameters()):,} weights")

# %% [row]
conversation = [
    {"role": "user", "content": "Repeat:\nlearning rate"},
    {"role": "assistant", "content": "learning rate"},
]
example = sintonia.encode([conversation], tokenizer)[0]
print(sintonia.show_mask(example, tokenizer=tokenizer))


# %% [masked-loss]
def masked_loss(model, batch):
    """Mean of minus log-probabilities over the tokens that the assistant wrote."""
    logits = model(
        input_ids=batch["input_ids"], attention_mask=batch["attention_mask"]
    ).logits  # (batch, seq, vocabulary)
    guesses = logits[:, :-1].log_softmax(dim=-1)  # what stands at i guesses token i + 1
    targets = batch["labels"][:, 1:]
    mask = targets != -100
    chosen = guesses.gather(2, targets.clamp(min=0).unsqueeze(2)).squeeze(2)
    return -(chosen * mask).sum() / mask.sum()


one = sintonia.collate([example], tokenizer.pad_token_id)
with torch.no_grad():
    print(f"by hand            {masked_loss(model, one):.4f}")
    print(f"the model's own    {model(**one).loss:.4f}")
print(f"knowing nothing    {math.log(len(tokenizer)):.4f}")

# %% [base]
# Steps of pretraining, at most. With fewer the notebook runs faster and learns less.
steps = int(os.environ.get("SINTONIA_STEPS", 1200))
making = replace(making, echo_steps=steps, steps=max(1, steps // 6))
losses = small_model.pretrain(model, small_model.token_stream(tokenizer, text), making)
for name in ("echoes", "text"):
    first, last = losses[name][:1], losses[name][-20:]
    print(f"{name:<7} {first[0]:.1f} -> {sum(last) / len(last):.1f}")

# %% [prompts]
new_words = small_model.drills(10, ["en"], seed=1, held_out=True)
questions = course_rows("test", ["en"])[:10]
for row in (*new_words[:2], *questions[:2]):
    print(repr(row["messages"][0]["content"]))


# %% [ask]
def ask(model, rows):
    """Replies to the user's turns; ours are greedy, so the same model says the same."""
    prompts = [row["messages"][:-1] for row in rows]
    return generate(model, tokenizer, prompts, max_new_tokens=32)


def show(rows, replies, count=3):
    for row, reply in list(zip(rows, replies, strict=True))[:count]:
        asked = row["messages"][-2]["content"].replace("\n", " ")
        end = "■" if reply.stopped else "(does not stop)"
        print(asked[:70])
        print("   ", " ".join(reply.text.split())[:60], end)


words_before, questions_before = ask(model, new_words), ask(model, questions)
show(new_words, words_before)
show(questions, questions_before)

# %% [rows]
rows = course_rows("train", ["en"]) + small_model.drills(300, ["en"], seed=0)
examples = sintonia.encode([row["messages"] for row in rows], tokenizer)
examples = [one for one in examples if len(one["input_ids"]) <= 160]
read = sum(len(one["input_ids"]) for one in examples)
graded = sum(sum(one["assistant_mask"]) for one in examples)
print(f"{len(examples)} conversations, {read} tokens, {graded} of them supervised")


# %% [train]
def train(model, examples, steps, size=16, peak=2e-3):
    """Instruction tuning: the same step, again and again."""
    optimizer = torch.optim.AdamW(model.parameters(), weight_decay=0.0)
    draw = torch.Generator().manual_seed(0)
    losses = []
    model.train()
    for step in tqdm(range(steps)):
        for group in optimizer.param_groups:  # up in 10 steps, then down in a line
            group["lr"] = peak * min((step + 1) / 10, 1 - step / steps)
        chosen = torch.randint(len(examples), (size,), generator=draw).tolist()
        batch = sintonia.collate([examples[i] for i in chosen], tokenizer.pad_token_id)
        loss = masked_loss(model, batch)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        optimizer.zero_grad()
        losses.append(loss.item())
    model.eval()
    return losses


tuning = train(model, examples, max(1, steps // 4))

# %% [curve]
curve(tuning)

# %% [after]
words_after, questions_after = ask(model, new_words), ask(model, questions)
show(new_words, words_after)
show(questions, questions_after)


# %% [count]
def count(rows, before, after, good):
    """How many replies are good, before and after."""
    found = [sum(map(good, rows, replies)) for replies in (before, after)]
    return f"{found[0]} -> {found[1]} of {len(rows)}"


def stops(row, reply):
    return reply.stopped


def right(row, reply):
    return reply.text == row["messages"][-1]["content"]


for name, asked, before, after in (
    ("repeat, new words", new_words, words_before, words_after),
    ("test questions", questions, questions_before, questions_after),
):
    print(f"{name:<18} stop  {count(asked, before, after, stops)}")
    print(f"{'':<18} right {count(asked, before, after, right)}")
