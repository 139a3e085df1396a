"""Solution: the mask of a pack, by hand, and the proof that it is the model's."""

# --8<-- [start:listing]
import torch
from transformers import LlamaConfig, LlamaForCausalLM


def may_read(position_ids):
    example, which = 0, []
    for place, position in enumerate(position_ids):
        if place and position != position_ids[place - 1] + 1:
            example += 1
        which.append(example)
    seq = range(len(which))
    return [[int(j <= i and which[j] == which[i]) for j in seq] for i in seq]


positions = [0, 1, 2, 3, 0, 1, 0, 1, 2]
mask = may_read(positions)
for row in mask:
    print(*row)

torch.manual_seed(0)
size = dict.fromkeys(("hidden_size", "intermediate_size"), 16)
model = LlamaForCausalLM(
    LlamaConfig(vocab_size=50, num_hidden_layers=2, num_attention_heads=2, **size)
)
inputs = {
    "input_ids": torch.tensor([[1, 31, 32, 2, 41, 2, 1, 21, 2]]),
    "position_ids": torch.tensor([positions]),
    "use_cache": False,
}
with torch.no_grad():
    own = model(**inputs).logits
    ours = model(**inputs, attention_mask=torch.tensor([[mask]]).bool()).logits
print("same logits:", torch.allclose(own, ours, atol=1e-5))
# --8<-- [end:listing]
