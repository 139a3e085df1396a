def lost(example, limit):
    answer = [place for place, wrote in enumerate(example["assistant_mask"]) if wrote]
    left = [place for place in answer if place < limit]
    if len(left) == len(answer):
        return "nothing"
    if not left:
        return "everything"
    return "stop" if len(left) == len(answer) - 1 else "answer"
