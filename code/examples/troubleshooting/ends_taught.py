"""How many answers of a data set teach their own end, in five set-ups of one conversation."""

# --8<-- [start:listing]
import torch
from transformers import DataCollatorForLanguageModeling

import sintonia
from sintonia.chat_templates import find_template
from sintonia.models import load_tokenizer

tokenizer = load_tokenizer()
stop = tokenizer.eos_token_id
conversation = [
    {"role": "user", "content": "Oi!"},
    {"role": "assistant", "content": "Olá! Tudo bem?"},
]


def report(name, rows):
    """Rows of labels in; says how many of them teach the end."""
    taught = sum(stop in row for row in rows)
    print(f"{name:<34}{taught} of {len(rows)}")


def rows(**options):
    examples = sintonia.encode([conversation] * 2, **options)
    return [sintonia.labels(example) for example in examples]


markers = find_template("smollm2")[1]
END = " + '<|im_end|>' }}{% endgeneration %}"
outside = markers.replace(END, " }}{% endgeneration %}{{ '<|im_end|>' }}")
whole = sintonia.encode([conversation])[0]["input_ids"]
own = load_tokenizer()
own.pad_token = "<|endoftext|>"

report("as the course encodes", rows())
report("end outside the markers", rows(chat_template=outside))
report("max_length two tokens too small", rows(max_length=len(whole) - 2))
for name, one in (("pad = end", tokenizer), ("pad of its own", own)):
    collate = DataCollatorForLanguageModeling(one, mlm=False)
    batch = collate([{"input_ids": torch.tensor(whole)}] * 2)
    report(f"collator by id, {name}", batch["labels"].tolist())
# --8<-- [end:listing]
