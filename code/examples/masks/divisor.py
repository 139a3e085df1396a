"""The masked mean and its divisor, on the conversation of the figure."""

# --8<-- [start:listing]
import torch
from torch.nn.functional import cross_entropy

import sintonia
from sintonia.models import load_model

model = load_model()
conversation = [
    {"role": "user", "content": "Oi!"},
    {"role": "assistant", "content": "Olá!"},
]
example = sintonia.encode([conversation], chat_template="chatml")[0]
ids = torch.tensor([example["input_ids"] + [2, 2]])  # (1, seq), two pads
labels = torch.tensor([sintonia.labels(example) + [-100, -100]])
attention = torch.tensor([[1] * len(example["input_ids"]) + [0, 0]])

with torch.no_grad():
    logits = model(input_ids=ids, attention_mask=attention).logits
losses = cross_entropy(logits[0, :-1], labels[0, 1:], reduction="none")  # (seq - 1,)
counted = labels[0, 1:] != -100
print("one by one:", [round(value, 2) for value in losses[counted].tolist()])
total, n = losses[counted].sum(), int(counted.sum())
print(f"{total:.2f} / {n} supervised tokens = {total / n:.2f}")
every = ids.shape[1]
print(f"{total:.2f} / {every} positions = {total / every:.2f}, which is not the loss")
# --8<-- [end:listing]
