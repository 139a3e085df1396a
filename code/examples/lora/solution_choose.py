"""Rank, length and batch for a given memory, by the estimate."""

# --8<-- [start:listing]
from itertools import product

from sintonia import estimates

LENGTHS = (256, 512, 1024, 2048, 4096)
ROWS = 32  # in one update


def choose(config, memory, lengths):
    """The first of the settings that fits into 90 % of the memory, or None."""
    whole = [
        n for n in LENGTHS if sum(row > n for row in lengths) <= 0.02 * len(lengths)
    ]
    longest = whole[0] if whole else LENGTHS[-1]
    candidates = [n for n in reversed(LENGTHS) if n <= longest]
    # What costs least to give up varies fastest: batch, recomputing, rank, length.
    order = product(candidates, (16, 8), (False, True), (32, 16, 8, 4, 2, 1))
    for length, rank, checkpointing, batch in order:
        setting = {"length": length, "rank": rank, "checkpointing": checkpointing}
        needed = estimates.training_memory(config, batch_size=batch, **setting)
        if needed.total <= 0.9 * memory:
            return {**setting, "batch_size": batch, "accumulation": ROWS // batch}
    return None


lengths = [90] * 60 + [300] * 39 + [3000]
for gib in (32, 8, 3, 2, 1.25, 0.5):
    setting = choose(estimates.EMBEDDED_CONFIG, gib * 2**30, lengths)
    print(f"{gib:>4} GiB", setting)
# --8<-- [end:listing]
