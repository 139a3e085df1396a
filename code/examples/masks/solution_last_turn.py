"""Solution: supervise the last assistant turn only."""

# --8<-- [start:listing]
import sintonia
from sintonia.models import load_tokenizer


def last_turn_only(mask):
    kept = [0] * len(mask)
    end = len(mask) - 1 - mask[::-1].index(1)  # last supervised position
    while end >= 0 and mask[end]:
        kept[end] = 1
        end -= 1
    return kept


conversation = [
    {"role": "user", "content": "一加一？"},
    {"role": "assistant", "content": "二。"},
    {"role": "user", "content": "二加二？"},
    {"role": "assistant", "content": "四。"},
]
example = sintonia.encode([conversation])[0]
example["assistant_mask"] = last_turn_only(example["assistant_mask"])
taught = [label for label in sintonia.labels(example) if label != -100]
print(repr(load_tokenizer().decode(taught)))
# --8<-- [end:listing]
