"""Solution: rows for TRL in which only chosen answers are taught."""

# --8<-- [start:listing]
import sintonia
from sintonia.models import load_tokenizer


def trl_rows(conversations, teach):
    rows = []
    for conversation in conversations:
        example = sintonia.encode([conversation])[0]
        answers = (turn for turn in conversation if turn["role"] == "assistant")
        labels, inside, taught = [], 0, False
        for token, one in zip(
            example["input_ids"], example["assistant_mask"], strict=True
        ):
            if one and not inside:  # an answer begins
                taught = teach(next(answers))
            inside = one
            labels.append(token if one and taught else -100)
        if set(labels) != {-100}:
            rows.append({"input_ids": example["input_ids"], "labels": labels})
    return rows


conversation = [
    {"role": "user", "content": "Is 91 prime?"},
    {"role": "assistant", "content": "Yes."},
    {"role": "user", "content": "And 7 times 13?"},
    {"role": "assistant", "content": "Sorry: 91 is 7 times 13."},
]
tokenizer = load_tokenizer()
for teach in (lambda turn: turn["content"] != "Yes.", lambda turn: False):
    rows = trl_rows([conversation], teach)
    kept = [[label for label in row["labels"] if label != -100] for row in rows]
    print(len(rows), "rows, taught:", [tokenizer.decode(labels) for labels in kept])
# --8<-- [end:listing]
