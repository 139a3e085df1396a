"""One answer, alone and as the second of a pack: does it know the first?"""

# --8<-- [start:listing]
import torch

import sintonia
from sintonia.models import load_model, load_tokenizer

model = load_model()
game = "In this game, the capital of Peru is Cusco. What is the capital of Peru?"
conversations = [
    [
        {"role": "user", "content": game},
        {"role": "assistant", "content": "The capital of Peru is Cusco."},
    ],
    [
        {"role": "user", "content": "What is the capital of Peru?"},
        {"role": "assistant", "content": "The capital of Peru is Lima."},
    ],
]
examples = sintonia.encode(conversations)
pack = sintonia.pack(examples, max_length=128)[0]
second = examples[1]["input_ids"]
assert pack["input_ids"][-len(second) :] == second  # the longer example comes first
lima = load_tokenizer()(" Lima")["input_ids"][0]
before = second.index(lima) - 1  # the place whose prediction should be Lima
labels = torch.tensor(sintonia.labels(examples[1]))[1:]

ids = torch.tensor([pack["input_ids"]])  # (1, seq)
restart = {"position_ids": torch.tensor([pack["position_ids"]]), "use_cache": False}
ones = torch.ones_like(ids)


@torch.no_grad()
def logits(ids, **inputs):
    return model(input_ids=ids, **inputs).logits[0, -len(second) :]


alone = logits(torch.tensor([second]))
ways = {
    "alone": alone,
    "restart, no cache": logits(ids, **restart),
    "+ a mask of ones": logits(ids, **restart, attention_mask=ones),
    "+ default cache": logits(ids, **restart | {"use_cache": None}),
    "concatenated": logits(ids, use_cache=False),
}
print(f"{'':<18}  off  p(Lima)  loss")
for name, found in ways.items():
    off = (found - alone).abs().max()
    chance = found[before].softmax(-1)[lima]
    loss = torch.nn.functional.cross_entropy(found[:-1], labels)
    print(f"{name:<18}{off:>5.1f}{chance:>9.3f}{loss:>6.2f}")

sintonia.check_packing(model, use_cache=False)  # says nothing: examples are apart
for wrong in ({"use_cache": False, "attention_mask": ones}, {}):
    try:
        sintonia.check_packing(model, **wrong)
    except sintonia.InputError as error:
        print(str(error).split("; ")[0])
# --8<-- [end:listing]
