import sintonia


def only_last(mask):
    start = end = len(mask) - mask[::-1].index(1)
    while start and mask[start - 1]:
        start -= 1
    return [int(start <= place < end) for place in range(len(mask))]


def windows(conversation, max_length):
    whole = sintonia.encode([conversation])[0]
    if len(whole["input_ids"]) <= max_length:
        return [whole]
    system = conversation[:1] if conversation[0]["role"] == "system" else []
    turns = conversation[len(system) :]
    examples = []
    for end in range(2, len(turns) + 1, 2):
        starts = [system + turns[start:end] for start in range(0, end, 2)]
        fitting = (example for example in sintonia.encode(starts) if len(example["input_ids"]) <= max_length)
        example = next(fitting, None)  # the first that fits begins earliest
        if example is None:
            raise ValueError(f"exchange {end // 2} alone exceeds {max_length} tokens")
        example["assistant_mask"] = only_last(example["assistant_mask"])
        examples.append(example)
    return examples
