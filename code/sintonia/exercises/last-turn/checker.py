"""Two replies, three, one; masks that end in a reply, in zeros, that begin with a reply."""

from sintonia.exercises.judging import failed

CASES = [  # mask, where the last reply begins, where it ends
    ([0, 0, 1, 1, 0, 0, 0, 1, 1, 1], 7, 10),
    ([0, 0, 1, 1, 1, 0, 0, 1, 1, 0], 7, 9),
    ([0, 1, 1, 0, 1, 1, 0, 0, 1, 1, 0, 0], 8, 10),
    ([0, 0, 0, 1, 1, 0], 3, 5),
    ([1, 1, 1], 0, 3),
]


def check(work):
    for mask, start, end in CASES:
        expected = [int(start <= place < end) for place in range(len(mask))]
        found = work.call("last_turn_only", mask)
        if not isinstance(found, (list, tuple)) or len(found) != len(mask) or set(found) - {0, 1}:
            yield failed("no-mask", found, expected)
        elif list(found) == expected:
            continue
        elif not any(found):
            yield failed("nothing-kept", found, expected)
        elif any(one and not given for one, given in zip(found, mask, strict=True)):
            yield failed("too-much", found, expected)
        elif any(found[:start]):
            yield failed("other-reply", found, expected)
        else:
            yield failed("part-of-reply", found, expected)
        return
    given = [0, 1, 1, 0, 1, 1, 0]
    before = list(given)
    work.get("last_turn_only")(given)
    if given != before:
        yield failed("changed", given, before, call=f"last_turn_only({before})")
