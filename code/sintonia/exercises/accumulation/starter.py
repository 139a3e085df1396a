import torch
from torch.nn.functional import cross_entropy


def two_losses(logits, labels):
    pass


if __name__ == "__main__":
    torch.manual_seed(0)
    logits = torch.randn(2, 6, 10)  # (micro-batch, seq, vocabulary), shifted already
    labels = torch.tensor([[-100, -100, -100, -100, -100, 3], [4, 1, 7, 0, 2, 9]])
    print("together:", cross_entropy(logits.flatten(0, 1), labels.flatten()))
    print(two_losses(logits, labels))
