import sintonia


def trl_rows(conversations, teach):
    rows = []
    for conversation in conversations:
        example = sintonia.encode([conversation])[0]
        answers = (turn for turn in conversation if turn["role"] == "assistant")
        labels, inside, taught = [], 0, False
        for token, one in zip(example["input_ids"], example["assistant_mask"], strict=True):
            if one and not inside:  # an answer begins
                taught = teach(next(answers))
            inside = one
            labels.append(token if one and taught else -100)
        if set(labels) != {-100}:
            rows.append({"input_ids": example["input_ids"], "labels": labels})
    return rows
