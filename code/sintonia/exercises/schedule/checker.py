"""Counts of rows that divide and that do not; missing fields; warm-up as a share and as a number."""

import math

from sintonia.exercises.judging import failed

BATCH, ACCUMULATION = "per_device_train_batch_size", "gradient_accumulation_steps"
EPOCHS, WARMUP = "num_train_epochs", "warmup_steps"
CASES = [
    (96, {BATCH: 8, ACCUMULATION: 1, EPOCHS: 2, WARMUP: 5}),
    (96, {}),
    (96, {BATCH: 16, EPOCHS: 1}),
    (100, {BATCH: 8, ACCUMULATION: 1, EPOCHS: 3, WARMUP: 0}),
    (100, {BATCH: 4, ACCUMULATION: 8, EPOCHS: 3}),
    (5, {BATCH: 8, ACCUMULATION: 4, EPOCHS: 4}),
    (176, {BATCH: 8, EPOCHS: 3, WARMUP: 0.05}),
    (101, {BATCH: 5, ACCUMULATION: 2, EPOCHS: 2, WARMUP: 0.3}),
    (736, {EPOCHS: 4, WARMUP: 30}),
]


def check(work):
    for rows, recipe in CASES:
        expected = wanted(rows, recipe)
        found = work.call("schedule", rows, recipe)
        try:
            updates, warmup = found
        except (TypeError, ValueError):
            yield failed("no-pair", found, expected)
            return
        if (updates, warmup) == expected:
            if isinstance(updates, float) or isinstance(warmup, float):
                yield failed("not-whole", found, expected)
                return
            continue
        yield failed(why_wrong(rows, recipe, updates, warmup), found, expected)
        return


def wanted(rows, recipe):
    """Updates and warm-up steps."""
    batches = math.ceil(rows / recipe.get(BATCH, 8))
    updates = math.ceil(batches / recipe.get(ACCUMULATION, 1)) * recipe.get(EPOCHS, 3)
    share = recipe.get(WARMUP, 0)
    return updates, share if share >= 1 else math.ceil(updates * share)


def why_wrong(rows, recipe, updates, warmup):
    """Which mistake gives these numbers."""
    right, _ = wanted(rows, recipe)
    if updates == right:
        return "warmup-share" if 0 < recipe.get(WARMUP, 0) < 1 else "warmup-number"
    size, group, epochs = recipe.get(BATCH, 8), recipe.get(ACCUMULATION, 1), recipe.get(EPOCHS, 3)
    if group > 1 and updates == math.ceil(rows / size) * epochs:
        return "no-accumulation"
    if not {BATCH, EPOCHS} <= set(recipe):
        return "defaults"
    lost = {rows * epochs / (size * group)}
    for batches in (rows / size, rows // size, math.ceil(rows / size)):
        lost |= {batches / group * epochs, batches // group * epochs, math.ceil(batches / group) * epochs}
    lost |= {turn(value) for value in lost for turn in (math.floor, math.ceil, round)}
    return "left-over" if updates in lost else "updates-wrong"
