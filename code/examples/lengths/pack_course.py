"""The course's training rows, packed: how full, and how many steps are left."""

# --8<-- [start:listing]
import sintonia
from sintonia.packing import fill

examples = []
for lang in ("en", "pt", "es", "zh"):
    path = f"code/sintonia/data/train/{lang}.jsonl"
    examples += sintonia.encode(sintonia.load_conversations(path))
tokens = sum(len(example["input_ids"]) for example in examples)
print(f"{len(examples)} rows, {tokens} tokens")
print(f"{-(-len(examples) // 8)} steps of 8 rows")
print("limit packs least places   full steps")
for limit in (320, 512, 1024):
    packs = sintonia.pack(examples, max_length=limit)
    full = fill(packs, limit)
    places, steps = full.packs * limit, -(-full.packs // 8)
    print(
        f"{limit:>5}{full.packs:>6}{full.fewest:>6}{places:>7}{full.share:>7.1%}{steps:>6}"
    )
first = sintonia.pack(examples, max_length=512)[0]
print("a pack of 512:", first["seq_lengths"])
# --8<-- [end:listing]
