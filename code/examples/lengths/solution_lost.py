"""Solution: what a limit takes from the answer."""


# --8<-- [start:listing]
def lost(example, limit):
    answer = [place for place, wrote in enumerate(example["assistant_mask"]) if wrote]
    left = [place for place in answer if place < limit]
    if len(left) == len(answer):
        return "nothing"
    if not left:
        return "everything"
    return "stop" if len(left) == len(answer) - 1 else "answer"


example = {"input_ids": [1, 5, 6, 7, 8, 2, 9], "assistant_mask": [0, 0, 0, 1, 1, 1, 0]}
for limit in (7, 6, 5, 4, 3):
    print(limit, lost(example, limit))
# --8<-- [end:listing]
