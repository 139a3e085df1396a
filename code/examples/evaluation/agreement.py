"""Two readers give points to the same replies: how far do they agree beyond chance?"""

# --8<-- [start:listing]
from collections import Counter


def kappa(first, second):
    """Cohen's kappa: agreement beyond what both readers' habits alone would give."""
    n = len(first)
    observed = sum(a == b for a, b in zip(first, second, strict=True)) / n
    one, other = Counter(first), Counter(second)
    chance = sum(one[points] * other[points] for points in one) / n**2
    return observed, chance, (observed - chance) / (1 - chance)


# 0, 1 or 2 points for twelve replies; invented, to show the arithmetic.
criteria = {
    "coherent": (
        [2, 2, 2, 1, 2, 2, 2, 2, 2, 2, 2, 2],
        [2, 2, 2, 2, 2, 2, 2, 2, 1, 2, 2, 2],
    ),
    "useful": (
        [2, 0, 1, 0, 2, 0, 1, 1, 0, 2, 0, 2],
        [2, 0, 1, 0, 2, 1, 1, 0, 0, 2, 0, 2],
    ),
}
print("            same  by chance  kappa")
for name, readers in criteria.items():
    observed, chance, value = kappa(*readers)
    print(f"{name:<10}{observed:>6.2f}{chance:>11.2f}{value:>7.2f}")
# --8<-- [end:listing]
