"""The same rows in batches: how much of each batch is padding, and on which side."""

# --8<-- [start:listing]
import random

import sintonia

toy = [
    {"input_ids": [5, 6, 7, 8, 9], "assistant_mask": [0, 0, 1, 1, 1]},
    {"input_ids": [5, 9], "assistant_mask": [0, 1]},
]
for side in ("right", "left"):
    batch = sintonia.collate(toy, pad_token_id=0, padding_side=side)
    print(side)
    for name, tensor in batch.items():
        print(f"  {name:<15}", tensor.tolist())

lengths = []
for lang in ("en", "pt", "es", "zh"):
    path = f"code/sintonia/data/train/{lang}.jsonl"
    examples = sintonia.encode(sintonia.load_conversations(path))
    lengths += [len(example["input_ids"]) for example in examples]


def report(name, batches):
    places = sum(len(batch) * max(lengths[i] for i in batch) for batch in batches)
    share = 1 - sum(lengths) / places
    print(f"{name:<11}{places:>7} places{share:>5.0%} padding")


order = list(range(len(lengths)))
random.Random(0).shuffle(order)
print()
for size in (4, 8, 16):
    starts = range(0, len(order), size)
    report(f"{size:>2} random", [order[start : start + size] for start in starts])
    report(f"{size:>2} grouped", sintonia.length_grouped_batches(lengths, size, seed=0))
# --8<-- [end:listing]
