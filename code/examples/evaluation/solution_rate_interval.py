"""One way to solve the exercise: the bootstrap interval of a rate."""

# --8<-- [start:listing]
import numpy as np


def interval(hits, seed=0):
    random = np.random.default_rng(seed)
    drawn = random.choice(hits, size=(2000, len(hits)))  # with replacement
    low, high = np.quantile(drawn.mean(axis=1), [0.025, 0.975])
    return float(low), float(high)


stopped = [1, 0, 1, 1, 0, 1, 1, 1, 0, 1]
for times in (1, 4, 16):
    low, high = interval(stopped * times)
    print(
        f"{len(stopped) * times:>4} prompts  {np.mean(stopped):.0%} [{low:.0%}–{high:.0%}]"
    )
# --8<-- [end:listing]
