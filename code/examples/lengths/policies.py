"""The three policies, on one row whose question is longer than its answer."""

# --8<-- [start:listing]
import sintonia
from sintonia.models import load_tokenizer

tokenizer = load_tokenizer()
row = [
    {"role": "system", "content": "Answer with one word."},
    {"role": "user", "content": "My order came late, wet and open. Good or bad?"},
    {"role": "assistant", "content": "Bad."},
]
print(len(sintonia.encode([row])[0]["input_ids"]), "tokens")
for policy in ("keep_start", "drop", "keep_answer"):
    cuts = []
    kept = sintonia.encode([row], max_length=20, truncation=policy, on_cut=cuts.append)
    print(f"{policy}: {cuts[0].tokens_cut} tokens lost")
    for example in kept:
        taught = [label for label in sintonia.labels(example) if label != -100]
        print("  reads ", repr(tokenizer.decode(example["input_ids"])))
        print("  learns", repr(tokenizer.decode(taught)))
# --8<-- [end:listing]
