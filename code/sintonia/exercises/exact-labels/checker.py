"""Answers taught in turn, the middle one, the last, none; with a system message and in four languages."""

import copy

import sintonia
from sintonia.exercises.judging import failed


def turns(*contents, system=None):
    """A conversation of alternating turns."""
    roles = ("user", "assistant")
    messages = [{"role": roles[i % 2], "content": content} for i, content in enumerate(contents)]
    return [{"role": "system", "content": system}, *messages] if system else messages


ONE = turns("Capital do Peru?", "Lima.")
TWO = turns("Is 91 prime?", "Yes.", "And 7 times 13?", "Sorry: 91 is 7 times 13.")
THREE = turns("你好", "你好！", "¿Qué hora es?", "No lo sé.", "Obrigado", "De nada!", system="Be brief.")
SAME = turns("Oi", "Olá!", "Oi", "Olá!", "Tchau", "Até logo.")


def all_of(message):
    return True


def none_of(message):
    return False


def long_ones(message):
    return len(message["content"]) > 6


def with_full_stop(message):
    return message["content"].endswith(".")


CASES = [  # conversations, how `teach` is called in a message, the function
    ([ONE], "lambda message: True", all_of),
    ([TWO], "lambda message: len(message['content']) > 6", long_ones),
    ([THREE], "lambda message: message['content'].endswith('.')", with_full_stop),
    ([SAME], "lambda message: message['content'].endswith('.')", with_full_stop),
    ([TWO, THREE, ONE], "lambda message: True", all_of),
    ([ONE, TWO], "lambda message: len(message['content']) > 6", long_ones),
    ([ONE, THREE], "lambda message: False", none_of),
]


def check(work):
    for conversations, said, teach in CASES:
        found = work.call("trl_rows", conversations, teach)
        number = len(conversations)
        work.last_call = f"trl_rows([{'...' if number == 1 else f'{number} conversations'}], {said})"
        failure = fault_of(found, conversations, teach)
        if failure:
            yield failure
            return
    given = [copy.deepcopy(TWO), copy.deepcopy(ONE)]
    work.get("trl_rows")(given, long_ones)
    if given != [TWO, ONE]:
        yield failed("given-changed", given, [TWO, ONE], call="trl_rows(conversations, teach)")


def fault_of(found, conversations, teach):
    """What is wrong with the rows of one call."""
    try:
        pairs = [(list(row["input_ids"]), list(row["labels"])) for row in found]
    except (TypeError, KeyError):
        return failed("no-rows", found)
    if any(len(tokens) != len(labels) for tokens, labels in pairs):
        return failed("no-rows", found)
    wanted = [parts(conversation, teach) for conversation in conversations]
    kept = [one for one in wanted if set(one[1]) != {-100}]
    if len(pairs) != len(kept):
        key = "nothing-to-teach" if len(pairs) > len(kept) else "row-lost"
        return failed(key, len(pairs), len(kept))
    for (tokens, labels), (ids, right, mask) in zip(pairs, kept, strict=True):
        if tokens != ids:
            return failed("ids-wrong", tokens, ids)
        if labels != right:
            return failed(why_wrong(labels, right, ids, mask), labels, right)
    return None


def parts(conversation, teach):
    """Tokens, right labels and assistant mask of a conversation."""
    example = sintonia.encode([conversation])[0]
    wishes = iter([teach(turn) for turn in conversation if turn["role"] == "assistant"])
    labels, before, wish = [], 0, False
    for token, one in zip(example["input_ids"], example["assistant_mask"], strict=True):
        wish = next(wishes) if one and not before else wish
        before = one
        labels.append(token if one and wish else -100)
    return example["input_ids"], labels, example["assistant_mask"]


def why_wrong(labels, right, ids, mask):
    """Which mistake gives these labels."""
    shifted = (right[1:] + [-100], [-100, *right[:-1]])
    if set(labels) <= {0, 1} or labels in shifted:
        return "shifted" if labels in shifted else "mask-not-labels"
    if any(label not in (-100, token) for label, token in zip(labels, ids, strict=True)):
        return "labels-strange"
    graded = [label != -100 for label in labels]
    if any(one and not inside for one, inside in zip(graded, mask, strict=True)):
        return "prompt-taught"
    if any(one and label == -100 for one, label in zip(graded, right, strict=True)):
        return "unwanted-taught"
    ends = [i for i, label in enumerate(right) if label != -100 and (i + 1 == len(mask) or not mask[i + 1])]
    without = [-100 if i in ends else label for i, label in enumerate(right)]
    return "end-missing" if labels == without else "wanted-lost"
