"""The model of this lesson before it has read anything: a million random weights."""

# --8<-- [start:listing]
import math

import torch

from sintonia.small_model import Making, untrained_model

making = Making()
model = untrained_model(making.vocabulary, making)
parts = {"embeddings": "embed_tokens", "attention": "self_attn", "feed-forward": "mlp"}
for part, name in parts.items():
    found = [p.numel() for n, p in model.named_parameters() if name in n]
    print(f"{part:<14}{sum(found):>9,}")
print(f"{'whole model':<14}{sum(p.numel() for p in model.parameters()):>9,}")

ids = torch.randint(3, making.vocabulary, (8, 64))  # (batch, seq)
with torch.no_grad():
    loss = model(input_ids=ids, labels=ids).loss
print(f"loss of a model that knows nothing: {loss:.1f}")
print(f"logarithm of the vocabulary:        {math.log(making.vocabulary):.1f}")
# --8<-- [end:listing]
