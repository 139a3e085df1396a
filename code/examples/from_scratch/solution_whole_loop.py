"""Solution: the whole loop, whose losses are the package's."""

# --8<-- [start:listing]
import torch
from torch.nn.functional import cross_entropy

import sintonia
from sintonia.loop_recipes import LoopArguments
from sintonia.small_model import Making, train_tokenizer, untrained_model
from sintonia.training_loop import train as package_train


def train(model, steps, learning_rate, max_grad_norm):
    weights = list(model.parameters())
    optimizer = torch.optim.AdamW(weights, lr=learning_rate, weight_decay=0.0)
    losses = []
    for batches in steps:
        divisor = sum(int((batch["labels"] != -100).sum()) for batch in batches)
        losses.append(0.0)
        for batch in batches:
            mask = batch["attention_mask"]
            logits = model(input_ids=batch["input_ids"], attention_mask=mask).logits
            guesses = logits[:, :-1].flatten(0, 1)
            targets = batch["labels"][:, 1:].flatten()  # the shift, by hand
            loss = cross_entropy(guesses, targets, reduction="sum") / divisor
            loss.backward()
            losses[-1] += loss.item()
        torch.nn.utils.clip_grad_norm_(weights, max_grad_norm)
        optimizer.step()
        optimizer.zero_grad()
    return losses


pairs = [
    ("Oi!", "Olá!"),
    ("你好", "你好！"),
    ("2 + 2?", "4."),
    ("¿Qué?", "Nada, gracias."),
]
rows = [
    [{"role": "user", "content": asked}, {"role": "assistant", "content": answer}]
    for asked, answer in pairs
]
tokenizer = train_tokenizer([turn["content"] for row in rows for turn in row], 300)
examples = sintonia.encode(rows, tokenizer)
step = [sintonia.collate(examples[:3], 0), sintonia.collate(examples[3:], 0)]
making = Making(hidden=64, layers=2)
ours = train(untrained_model(300, making), [step] * 4, 0.01, 0.5)

arguments = LoopArguments(
    max_steps=4,
    per_device_train_batch_size=3,
    gradient_accumulation_steps=2,
    learning_rate=0.01,
    lr_scheduler_type="constant",
    max_grad_norm=0.5,
    train_sampling_strategy="sequential",
)
theirs = package_train(untrained_model(300, making), examples, arguments, 0)
for one, other in zip(ours, theirs, strict=True):
    print(f"{one:.4f}   the package's {other:.4f}")
# --8<-- [end:listing]
