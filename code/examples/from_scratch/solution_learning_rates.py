"""Solution: a cosine schedule with warm-up, held against the package's."""

# --8<-- [start:listing]
import math

from sintonia.loop_recipes import LoopArguments
from sintonia.training_loop import learning_rate


def learning_rates(steps, peak, warmup):
    rates = []
    for step in range(steps):
        if step < warmup:
            rates.append(peak * step / warmup)
        else:
            done = (step - warmup) / (steps - warmup)  # of the way down, from 0
            rates.append(peak * (1 + math.cos(math.pi * done)) / 2)
    return rates


rates = learning_rates(12, 0.002, 3)
for step, rate in enumerate(rates):
    print(f"{step:>2} {rate:.6f} |{'#' * round(10_000 * rate)}")
settings = LoopArguments(
    learning_rate=0.002, lr_scheduler_type="cosine", warmup_steps=3
)
theirs = [learning_rate(step, 12, settings) for step in range(12)]
same = all(map(math.isclose, rates, theirs))
print("the package's schedule:", "the same" if same else "another")
# --8<-- [end:listing]
