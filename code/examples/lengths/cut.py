"""One short row under four limits: what the labels still teach."""

# --8<-- [start:listing]
import sintonia
from sintonia.models import load_tokenizer

tokenizer = load_tokenizer()
row = next(sintonia.load_conversations("code/sintonia/data/train/pt.jsonl"))
for limit in (60, 58, 40, 20):
    cuts = []
    example = sintonia.encode([row], max_length=limit, on_cut=cuts.append)[0]
    taught = [label for label in sintonia.labels(example) if label != -100]
    print(limit, repr(tokenizer.decode(taught)))
    print("   ", str(cuts[0]).replace("; ", "\n    "))
# --8<-- [end:listing]
