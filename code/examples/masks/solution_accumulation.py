"""Solution: the mean of two means is not the mean."""

# --8<-- [start:listing]
import torch
from torch.nn.functional import cross_entropy

torch.manual_seed(0)
logits = torch.randn(2, 6, 10)  # (micro-batch, seq, vocabulary), shifted already
labels = torch.tensor([[-100, -100, -100, -100, -100, 3], [4, 1, 7, 0, 2, 9]])

sums = [
    cross_entropy(x, y, reduction="sum") for x, y in zip(logits, labels, strict=True)
]
counts = [int((y != -100).sum()) for y in labels]
together = cross_entropy(logits.flatten(0, 1), labels.flatten())

mean_of_means = sum(s / n for s, n in zip(sums, counts, strict=True)) / 2
one_divisor = sum(sums) / sum(counts)
print("supervised tokens:", counts)
print(f"one batch         {together:.4f}")
print(f"mean of two means {mean_of_means:.4f}")
print(f"one divisor       {one_divisor:.4f}")
# --8<-- [end:listing]
