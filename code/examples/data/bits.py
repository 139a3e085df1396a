"""Perplexity per token against bits per reply, for replies that say the same."""

# --8<-- [start:listing]
import math
from itertools import islice

import torch

import sintonia
from sintonia.models import load_model

model = load_model()
print("    tokens  perplexity  bits per reply")
for lang in ("en", "pt", "es", "zh"):
    rows = sintonia.load_conversations(f"code/sintonia/data/train/{lang}.jsonl")
    examples = sintonia.encode(islice(rows, 6))
    tokens = sum(sum(example["assistant_mask"]) for example in examples)
    with torch.no_grad():
        loss = model(**sintonia.collate(examples, pad_token_id=2)).loss.item()
    bits = loss * tokens / math.log(2) / len(examples)
    print(f"{lang}{tokens:>8}{math.exp(loss):>12.1f}{bits:>16.0f}")
# --8<-- [end:listing]
