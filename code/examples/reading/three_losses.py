"""One model, one batch, three masks: three losses, of which none is better."""

# --8<-- [start:listing]
import torch
from torch.nn.functional import cross_entropy

import sintonia
from sintonia.models import load_model

model = load_model()
conversation = [
    {"role": "system", "content": "Sé breve."},
    {"role": "user", "content": "¿Capital de Chile?"},
    {"role": "assistant", "content": "Santiago."},
    {"role": "user", "content": "¿Y de Cuba?"},
    {"role": "assistant", "content": "La Habana."},
]
example = sintonia.encode([conversation])[0]
ids, mask = torch.tensor([example["input_ids"]]), example["assistant_mask"]
last = max(i for i, wrote in enumerate(mask) if wrote and not mask[i - 1])

with torch.no_grad():
    logits = model(input_ids=ids).logits[0]
losses = cross_entropy(logits[:-1], ids[0, 1:], reduction="none")  # each token's own
masks = {
    "assistant-only": mask,
    "completion-only": [int(wrote and i >= last) for i, wrote in enumerate(mask)],
    "everything": [1] * len(mask),
}
for name, chosen in masks.items():
    graded = torch.tensor(chosen[1:], dtype=torch.bool)  # nothing predicts token 0
    total, n = losses[graded].sum(), int(graded.sum())
    print(f"{name:<16} {total:6.2f} / {n:>2} = {total / n:.2f}")
# --8<-- [end:listing]
