"""What the embedded model expects after a text, and how a text grows out of that."""

# --8<-- [start:listing]
import torch

from sintonia.models import load_model, load_tokenizer

tokenizer, model = load_tokenizer(), load_model()

text = "Lisbon is the capital of"
ids = tokenizer(text, return_tensors="pt").input_ids
with torch.no_grad():
    probabilities = model(ids).logits[0, -1].softmax(-1)
best = probabilities.topk(5)
print(
    f"{len(probabilities):,} tokens have a probability. The first five after {text!r}:"
)
for p, token in zip(best.values, best.indices, strict=True):
    print(f"  {p:6.1%}  {tokenizer.decode(token)!r}")

for _ in range(24):  # take the most probable token, append it, ask again
    with torch.no_grad():
        chosen = model(ids).logits[0, -1].argmax()
    ids = torch.cat([ids, chosen.view(1, 1)], dim=1)
print(tokenizer.decode(ids[0]))
# --8<-- [end:listing]
