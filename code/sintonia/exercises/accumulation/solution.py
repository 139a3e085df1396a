from torch.nn.functional import cross_entropy


def two_losses(logits, labels):
    sums = [cross_entropy(x, y, reduction="sum") for x, y in zip(logits, labels, strict=True)]
    counts = [int((y != -100).sum()) for y in labels]
    mean_of_means = sum(s / n for s, n in zip(sums, counts, strict=True)) / 2
    one_divisor = sum(sums) / sum(counts)
    return mean_of_means, one_divisor
