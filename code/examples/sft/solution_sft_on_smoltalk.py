"""Solution: rows as smoltalk has them, and the fields of a first small run."""

# --8<-- [start:listing]
import json
import tempfile
from pathlib import Path

import sintonia
from sintonia.models import load_tokenizer


def first_run(rows, path):
    conversations = list(sintonia.load_conversations(rows))
    with Path(path).open("w", encoding="utf-8") as file:
        for messages in conversations:
            file.write(json.dumps({"messages": messages}, ensure_ascii=False) + "\n")
    examples = sintonia.encode(conversations, chat_template="chatml")
    return {
        "data": path,
        "chat_template": "chatml",
        "max_steps": 10,
        "max_length": max(len(example["input_ids"]) for example in examples),
    }


ask = {"role": "user", "content": "¿Capital de Perú?"}
reply = {"role": "assistant", "content": "Lima."}
thanks = [
    {"role": "user", "content": "Thanks!"},
    {"role": "assistant", "content": "Bye."},
]
rows = [
    {"source": "everyday-conversations", "score": 4.5, "messages": [ask, reply]},
    {"full_topic": "Manners", "messages": [ask, reply, *thanks]},
]
tokenizer = load_tokenizer()
with tempfile.TemporaryDirectory() as folder:
    fields = first_run(rows, str(Path(folder, "rows.jsonl")))
    read = list(sintonia.load_conversations(fields.pop("data")))
print(
    "sintonia sft --data rows.jsonl", *(f"--{name} {fields[name]}" for name in fields)
)
for example in sintonia.encode(read, chat_template=fields["chat_template"]):
    labels = [label for label in sintonia.labels(example) if label != -100]
    print(len(example["input_ids"]), "tokens, taught:", tokenizer.decode(labels))
# --8<-- [end:listing]
