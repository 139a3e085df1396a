"""A conversation that fits, fits in part, and does not fit; with and without a system message."""

import sintonia
from sintonia.exercises.judging import Stop, failed

SYSTEM = {"role": "system", "content": "You are a guide."}
EXCHANGES = [
    ("Is the museum open today?", "Yes, until six."),
    ("And how do I get there from the station?", "Take tram 4."),
    ("¿Cuánto cuesta la entrada?", "Diez."),
    ("可以拍照吗？", "可以。"),
]


def check(work):
    for system in ([SYSTEM], []):
        turns = [
            {"role": role, "content": content}
            for exchange in EXCHANGES
            for role, content in zip(("user", "assistant"), exchange, strict=True)
        ]
        conversation = [*system, *turns]
        whole = sintonia.encode([conversation])[0]
        sizes = [len(ids(system + turns[at : at + 2])) for at in range(0, len(turns), 2)]
        two = max(len(ids(system + turns[at : at + 4])) for at in range(0, len(turns) - 2, 2))
        for limit in (len(whole["input_ids"]), two, max(sizes), max(sizes) - 1):
            failure = fault_of(work, system, turns, whole, limit, max(sizes))
            if failure:
                work.last_call = f"windows(conversation, {limit})"
                yield failure
                return


def fault_of(work, system, turns, whole, limit, longest):
    """What is wrong with the windows of one limit."""
    try:
        found = work.call("windows", [*system, *turns], limit)
    except Stop as stop:
        raised = stop.failure.data.get("error", "").startswith("ValueError")
        if limit < longest and stop.failure.key == "raised" and raised:
            return None
        raise
    if limit < longest:
        return failed("no-error", max_length=limit)
    try:
        pairs = [(list(one["input_ids"]), list(one["assistant_mask"])) for one in found]
    except (TypeError, KeyError):
        return failed("no-examples", found)
    if any(len(tokens) != len(mask) for tokens, mask in pairs):
        return failed("no-examples", found)
    if len(whole["input_ids"]) <= limit:
        fits = pairs == [(whole["input_ids"], whole["assistant_mask"])]
        return None if fits else failed("fits", max_length=limit)
    count = len(turns) // 2
    if len(pairs) != count:
        return failed("count-wrong", len(pairs), count, max_length=limit, wanted=count)
    for number, (tokens, mask) in enumerate(pairs, 1):
        failure = example_fault(tokens, mask, number, system, turns[: 2 * number], limit)
        if failure:
            return failure
    return None


def example_fault(tokens, mask, number, system, turns, limit):
    """What is wrong with the example of the last answer in `turns`."""
    starts = range(0, len(turns), 2)
    wanted = next(one for start in starts if len(one := ids(system + turns[start:])) <= limit)
    answer = ids(turns[-1:], answer=True)
    taught = [token for token, one in zip(tokens, mask, strict=True) if one]
    if len(tokens) > limit:
        return failed("longer", number=number, size=len(tokens), max_length=limit)
    if tokens != wanted:
        later = [ids(system + turns[start:]) for start in starts]
        if tokens in later:
            return failed("context-lost", len(tokens), len(wanted), number=number)
        if system and tokens in [ids(turns[start:]) for start in starts]:
            return failed("system-lost", number=number)
        key = "answer-cut" if taught[-len(answer) :] != answer else "example-wrong"
        return failed(key, len(tokens), len(wanted), number=number)
    if taught == answer:
        return None
    several = taught[-len(answer) :] == answer
    return failed("several-taught" if several else "answer-cut", taught, answer, number=number)


def ids(messages, *, answer=False):
    """The tokens of some messages, or only those that the assistant wrote."""
    example = sintonia.encode([messages])[0]
    pairs = zip(example["input_ids"], example["assistant_mask"], strict=True)
    return [token for token, one in pairs if one or not answer]
