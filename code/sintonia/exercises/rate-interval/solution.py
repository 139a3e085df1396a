import numpy as np


def interval(hits, seed=0):
    random = np.random.default_rng(seed)
    drawn = random.choice(hits, size=(2000, len(hits)))  # with replacement
    low, high = np.quantile(drawn.mean(axis=1), [0.025, 0.975])
    return float(low), float(high)
