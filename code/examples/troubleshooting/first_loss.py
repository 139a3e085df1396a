"""What the loss before the first update says, on one conversation."""

# --8<-- [start:listing]
import math

import torch
from transformers import LlamaConfig, LlamaForCausalLM

import sintonia
from sintonia.models import load_model

model = load_model()
conversation = [
    {"role": "user", "content": "What is the capital of France?"},
    {"role": "assistant", "content": "The capital of France is Paris."},
]
example = sintonia.encode([conversation])[0]
ids = torch.tensor([example["input_ids"]])
labels = torch.tensor([sintonia.labels(example)])
twice = torch.cat([labels[:, 1:], torch.full((1, 1), -100)], dim=1)
masked = torch.full_like(labels, -100)
torch.manual_seed(0)
small = LlamaConfig(
    vocab_size=model.config.vocab_size,
    hidden_size=64,
    intermediate_size=128,
    num_hidden_layers=2,
    num_attention_heads=2,
)
fresh = LlamaForCausalLM(small).eval()
foreign = (ids * 7 + 11) % model.config.vocab_size  # another tokenizer's numbers


def loss(model, ids, labels):
    with torch.no_grad():
        return model(input_ids=ids, labels=labels).loss.item()


print(f"a pretrained model, sound labels   {loss(model, ids, labels):.2f}")
print(f"every token has a label            {loss(model, ids, ids):.2f}")
print(f"labels shifted by the data, too    {loss(model, ids, twice):.2f}")
print(f"ids of another tokenizer           {loss(model, foreign, foreign):.2f}")
print(f"weights not loaded                 {loss(fresh, ids, labels):.2f}")
print(f"ln of the vocabulary               {math.log(model.config.vocab_size):.2f}")
print(f"no label at all                    {loss(model, ids, masked):.2f}")
# --8<-- [end:listing]
