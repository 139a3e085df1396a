"""Answers at the end, before a newline, at the beginning; every limit from none to more than all."""

from sintonia.exercises.judging import failed

WORDS = ("nothing", "stop", "answer", "everything")
MASKS = [[0, 0, 0, 1, 1, 1, 0], [0, 0, 1, 1, 1, 1], [1, 1, 1, 0, 0]]


def check(work):
    for mask in MASKS:
        example = {"input_ids": list(range(1, len(mask) + 1)), "assistant_mask": mask}
        limits = range(len(mask) + 2, -1, -1)
        words = {limit: work.call("lost", example, limit) for limit in limits}
        wrong = [limit for limit in limits if words[limit] != right(mask, limit)]
        if not wrong:
            continue
        limit, found, expected = wrong[0], words[wrong[0]], right(mask, wrong[0])
        work.last_call = f"lost({example}, {limit})"
        if found not in WORDS:
            yield failed("other-word", found, list(WORDS))
        elif any(all(words[at] == right(mask, at + by) for at in limits) for by in (-1, 1)):
            yield failed("off-by-one", found, expected)
        elif expected == "nothing" and limit < len(mask):
            yield failed("row-not-answer", found, expected)
        else:
            data = {"limit": limit, "left": sum(mask[:limit]), "size": sum(mask)}
            yield failed("word-wrong", found, expected, **data)
        return


def right(mask, limit):
    """The word for a mask and a limit."""
    left = sum(mask[: max(0, limit)])
    if not left:
        return "everything"
    return {0: "nothing", 1: "stop"}.get(sum(mask) - left, "answer")
