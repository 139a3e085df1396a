"""Prompt and reply, everything supervised, nothing supervised, one token."""

from sintonia.exercises.judging import failed

CASES = [  # first choice at each place, labels
    ([1, 2, 0, 2, 3, 0], [-100, 1, 2, 3, 2, 3]),
    ([3, 3, 1, 2, 2, 0, 0, 1], [-100, -100, -100, 1, 2, 0, 0, -100]),
    ([1, 0, 2, 3], [1, 1, 0, 2]),
    ([2, 0, 3, 1], [2, 1, 3, 2]),
]


def scores(choices):
    """Four scores a place, the highest at the first choice; they are no probabilities."""
    return [[5.5 if token == choice else -token - place / 8 for token in range(4)]
            for place, choice in enumerate(choices)]  # fmt: skip


def share(pairs):
    pairs = [(choice, label) for choice, label in pairs if label != -100]
    return sum(choice == label for choice, label in pairs) / len(pairs) if pairs else 0


def check(work):
    for choices, labels in CASES:
        found = work.call("token_accuracy", scores(choices), labels)
        work.last_call = f"token_accuracy(logits, {labels}), first choices {choices}"
        expected = share(zip(choices, labels[1:], strict=False))
        if isinstance(found, bool) or not isinstance(found, (int, float)) or not 0 <= found <= 1:
            yield failed("no-share", found, round(expected, 4))
        elif abs(found - expected) > 1e-6:
            yield failed(why_wrong(found, choices, labels, expected), round(found, 4), round(expected, 4))
        else:
            continue
        return
    found = work.call("token_accuracy", scores([1, 2, 3]), [-100, -100, -100])
    if found != 0:
        yield failed("nothing-supervised", found, 0, call="token_accuracy(logits, [-100, -100, -100])")


def why_wrong(found, choices, labels, expected):
    graded = sum(label != -100 for label in labels[1:])
    hits = expected * graded
    others = {
        "no-shift": share(zip(choices, labels, strict=True)),
        "other-way": share(zip(choices[1:], labels, strict=False)),
        "first-label": hits / sum(label != -100 for label in labels),
        "counts-everything": hits / len(labels),
    }
    near = [key for key, value in others.items() if abs(value - found) < 1e-6]
    if abs(found - hits / (len(labels) - 1)) < 1e-6:
        near.append("counts-everything")
    return near[0] if near else "accuracy-wrong"
