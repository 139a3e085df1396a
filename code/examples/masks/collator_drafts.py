"""A collator in three drafts on one toy batch. 2 is the end-of-turn token, and also the pad."""

# --8<-- [start:listing]
EOS = PAD = 2
batch = [
    {"input_ids": [1, 5, 6, 1, 7, 8, 2], "assistant_mask": [0, 0, 0, 0, 1, 1, 1]},
    {"input_ids": [1, 5, 1, 9, 2], "assistant_mask": [0, 0, 0, 1, 1]},
]
longest = max(len(row["input_ids"]) for row in batch)


def draft_1(row):  # every token is a label, padding too
    return row["input_ids"] + [PAD] * (longest - len(row["input_ids"]))


def draft_2(row):  # padding found by its id: the real end goes with it
    return [-100 if token == PAD else token for token in draft_1(row)]


def draft_3(row):  # padding known by position, the prompt by its mask
    pairs = zip(row["input_ids"], row["assistant_mask"], strict=True)
    labels = [token if wrote else -100 for token, wrote in pairs]
    return labels + [-100] * (longest - len(labels))


for draft in (draft_1, draft_2, draft_3):
    print(draft.__name__)
    for row in batch:
        labels = draft(row)
        print("  ", labels, " ends supervised:", labels.count(EOS))
# --8<-- [end:listing]
