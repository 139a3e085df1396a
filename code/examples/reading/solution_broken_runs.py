"""Rows of a broken run: the fault's name, and rows made right."""

# --8<-- [start:listing]
import sintonia
from sintonia.models import load_tokenizer

START = load_tokenizer().convert_tokens_to_ids("<|im_start|>")


def fault_of(example, row):
    ids, labels = row["input_ids"], row["labels"]
    right = sintonia.labels(example)
    if ids == example["input_ids"]:
        if labels == right:
            return "sound"
        return "double-shift" if labels == [*right[1:], -100] else "pad-is-eos"
    if ids == example["input_ids"][: len(ids)]:
        return "truncation"
    same_turns = ids.count(START) == example["input_ids"].count(START)
    return "missing-eos" if same_turns else "wrong-template"


def mend(conversations, rows):
    examples = sintonia.encode(conversations)
    found = [fault_of(*pair) for pair in zip(examples, rows, strict=True)]
    fault = next((one for one in found if one != "sound"), "sound")
    mended = [
        {"input_ids": e["input_ids"], "labels": sintonia.labels(e)} for e in examples
    ]
    return fault, mended


capital = [
    {"role": "user", "content": "What is the capital of Peru?"},
    {"role": "assistant", "content": "Lima."},
]
talk = [
    *capital,
    {"role": "user", "content": "Thanks!"},
    {"role": "assistant", "content": "Welcome."},
]
examples = sintonia.encode([capital, talk])
rows = [{"input_ids": e["input_ids"], "labels": sintonia.labels(e)} for e in examples]
early = [{**row, "labels": [*row["labels"][1:], -100]} for row in rows]
cut = [{name: ids[:48] for name, ids in row.items()} for row in rows]
foreign = sintonia.encode([capital, talk], chat_template="llama3")
foreign = [{"input_ids": e["input_ids"], "labels": sintonia.labels(e)} for e in foreign]
for given in (rows, early, cut, foreign):
    fault, mended = mend([capital, talk], given)
    print(f"{fault:<15}mended: {mended == rows}")
# --8<-- [end:listing]
