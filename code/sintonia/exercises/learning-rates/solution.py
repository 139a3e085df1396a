import math


def learning_rates(steps, peak, warmup):
    rates = []
    for step in range(steps):
        if step < warmup:
            rates.append(peak * step / warmup)
        else:
            done = (step - warmup) / (steps - warmup)  # of the way down, from 0
            rates.append(peak * (1 + math.cos(math.pi * done)) / 2)
    return rates
