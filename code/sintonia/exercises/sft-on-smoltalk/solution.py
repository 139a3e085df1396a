import json
from pathlib import Path

import sintonia


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
