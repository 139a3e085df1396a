"""Who shifts the labels? The model does; whoever shifts them too trains another task."""

# --8<-- [start:listing]
import torch
from torch.nn.functional import cross_entropy

import sintonia
from sintonia.models import load_model

model = load_model()
conversation = [
    {"role": "user", "content": "What is the capital of France?"},
    {"role": "assistant", "content": "The capital of France is Paris."},
]
example = sintonia.encode([conversation])[0]
ids = torch.tensor([example["input_ids"]])  # (1, seq)
labels = torch.tensor([sintonia.labels(example)])  # (1, seq)

with torch.no_grad():
    output = model(input_ids=ids, labels=labels)
    early = torch.cat([labels[:, 1:], torch.full((1, 1), -100)], dim=1)
    twice = model(input_ids=ids, labels=early).loss
    nothing = model(input_ids=ids, labels=torch.full_like(ids, -100)).loss

by_hand = cross_entropy(output.logits[0, :-1], labels[0, 1:], ignore_index=-100)
print(f"the model's loss        {output.loss:.2f}")
print(f"shifted by hand, once   {by_hand:.2f}")
print(f"shifted twice           {twice:.2f}")
print(f"all labels -100         {nothing:.2f}")
# --8<-- [end:listing]
