"""Three examples in one pack: where each begins, and what its first token is asked."""

# --8<-- [start:listing]
import sintonia

examples = [
    {"input_ids": [1, 21, 2], "assistant_mask": [0, 1, 1]},
    {"input_ids": [1, 31, 32, 2], "assistant_mask": [0, 0, 1, 1]},
    {"input_ids": [41, 2], "assistant_mask": [1, 1]},
]
packs = sintonia.pack(examples, max_length=10)
print("columns:", *packs[0])
print("seq_lengths:", packs[0]["seq_lengths"])
batch = sintonia.collate(packs, pad_token_id=0, max_length=10)
print("in the batch:", *batch)
print("  id  position  label")
columns = (batch[name][0].tolist() for name in ("input_ids", "position_ids", "labels"))
for token, position, label in zip(*columns, strict=True):
    print(f"{token:>4}{position:>10}{label:>7}")
# --8<-- [end:listing]
