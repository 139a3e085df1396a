"""Memories from more than enough to none, rows at the border of 2 %, two models."""

from itertools import product

from sintonia.estimates import EMBEDDED_CONFIG, training_memory
from sintonia.exercises.judging import Stop, failed

LENGTHS = (256, 512, 1024, 2048, 4096)
BATCHES = (32, 16, 8, 4, 2, 1)
KEYS = ("length", "rank", "checkpointing", "batch_size", "accumulation")
MISTRAL_7B = {
    "hidden_size": 4096,
    "intermediate_size": 14336,
    "num_hidden_layers": 32,
    "num_attention_heads": 32,
    "num_key_value_heads": 8,
    "vocab_size": 32000,
}
MIXED = [90] * 60 + [300] * 39 + [3000]
GIB = 2**30


def cases():
    """Configuration, memory in bytes, tokens of the rows; one that fits with ease first."""
    embedded = EMBEDDED_CONFIG
    for gib in (80, 32, 8):
        yield embedded, gib * GIB, MIXED
    yield embedded, 80 * GIB, [256] * 98 + [700] * 2  # exactly 2 %, and rows as long as a limit
    yield embedded, 80 * GIB, [200] * 97 + [700] * 3
    yield embedded, 80 * GIB, [6000] * 10
    for gib in (3, 2, 1.25):  # into the last only shorter rows fit
        yield embedded, int(gib * GIB), MIXED
    # A rank of 8 fits where one of 16 does not: without recomputing, and with it.
    for checkpointing in (False, True):
        sizes = [needed(embedded, 512, rank, checkpointing, 1) for rank in (8, 16)]
        yield embedded, int(sum(sizes) / 2 / 0.9), MIXED
    yield embedded, int(needed(embedded, 512, 16, False, 4) / 0.95), MIXED  # fits only into the last tenth
    yield MISTRAL_7B, 80 * GIB, MIXED
    yield embedded, GIB // 2, MIXED
    yield MISTRAL_7B, 24 * GIB, [100] * 50


def check(work):
    for number, (config, memory, lengths) in enumerate(cases()):
        best = first_fitting(config, memory, wanted(lengths))
        expected = best and {**dict(zip(KEYS, best, strict=False)), "accumulation": 32 // best[-1]}
        try:
            found = work.call("choose", config, memory, lengths)
        except Stop as stop:
            if stop.failure.key != "nothing-returned" or (expected and not number):
                raise
            found = None
        name = "EMBEDDED_CONFIG" if config is EMBEDDED_CONFIG else "MISTRAL_7B"
        work.last_call = f"choose({name}, {memory}, {written(lengths)})"
        failure = fault_of(found, best, config, memory, lengths)
        if failure:
            key, data = failure
            yield failed(key, found, expected, **data)
            return


def fault_of(found, best, config, memory, lengths):
    """Which message says what is wrong with a setting, and its values; None if it is the best."""
    if found is None and best is None:
        return None
    if found is None or best is None:
        return "nothing-fits" if best is None else "gives-up", {"memory": memory}
    try:
        length, rank, recomputes, batch, parts = (found[key] for key in KEYS)
    except (TypeError, KeyError, IndexError):
        return "no-setting", {}
    if length not in LENGTHS or rank not in (8, 16) or recomputes not in (False, True):
        return "no-setting", {}
    if batch * parts != 32:
        return "not-32", {"batch": batch, "parts": parts}
    if length > wanted(lengths):
        cut = sum(row > wanted(lengths) for row in lengths)
        return "too-long", {"wanted": wanted(lengths), "cut": cut, "rows": len(lengths)}
    total = needed(config, length, rank, recomputes, batch)
    if total > 0.9 * memory:
        return "too-big", {"needed": total, "memory": memory}
    keys = ("length-lost", "rank-lost", "recomputes", "batch-small")
    pairs = zip(keys, (length, rank, recomputes, batch), best, strict=True)
    return next(((key, {}) for key, one, other in pairs if one != other), None)


def wanted(lengths):
    """The smallest length that cuts at most one row in fifty."""
    return next((n for n in LENGTHS if 50 * sum(row > n for row in lengths) <= len(lengths)), LENGTHS[-1])


def first_fitting(config, memory, longest):
    """The best setting as a tuple, or None."""
    shorter = [n for n in reversed(LENGTHS) if n <= longest]
    order = product(shorter, (16, 8), (False, True), BATCHES)
    return next((one for one in order if needed(config, *one) <= 0.9 * memory), None)


def needed(config, length, rank, checkpointing, batch):
    """Bytes, as the course estimates them."""
    sizes = {"batch_size": batch, "length": length, "rank": rank}
    return training_memory(config, **sizes, checkpointing=checkpointing).total


def written(lengths):
    """A list of many equal numbers, as Python can read it: `[90] * 60 + [300] * 39`."""
    counts = {one: lengths.count(one) for one in lengths}
    return " + ".join(f"[{one}] * {count}" for one, count in counts.items())
