"""One loss function for pretraining and for instruction tuning: only text and mask differ."""

# --8<-- [start:listing]
import torch
from torch.nn.functional import cross_entropy

import sintonia
from sintonia.models import load_model, load_tokenizer

tokenizer, model = load_tokenizer(), load_model()


def loss(ids, labels):
    with torch.no_grad():
        logits = model(torch.tensor([ids])).logits[0]
    # The prediction made at one token is graded by the next one; -100 is not graded.
    return cross_entropy(logits[:-1], torch.tensor(labels[1:])).item()


text = "Lisbon is the capital of Portugal. It lies at the mouth of the Tagus."
ids = tokenizer(text).input_ids
rows = {"a text, as in pretraining": (ids, ids)}

conversation = [
    {"role": "user", "content": "What is the capital of Portugal?"},
    {"role": "assistant", "content": "The capital of Portugal is Lisbon."},
]
encoded = sintonia.encode([conversation])[0]
rows["a conversation, as in tuning"] = encoded["input_ids"], sintonia.labels(encoded)

for name, (ids, labels) in rows.items():
    graded = sum(label != -100 for label in labels[1:])
    print(f"{name:<30}{len(ids)} tokens, {graded} graded, loss {loss(ids, labels):.2f}")
# --8<-- [end:listing]
