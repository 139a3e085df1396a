import torch

from sintonia.small_model import Making, untrained_model


def train(model, steps, learning_rate, max_grad_norm):
    pass


if __name__ == "__main__":
    model = untrained_model(40, Making(hidden=32, layers=1))
    ids = torch.randint(3, 40, (2, 10))  # (batch, seq)
    labels = ids.clone()
    labels[:, :6] = -100
    batch = {"input_ids": ids, "attention_mask": torch.ones_like(ids), "labels": labels}
    print(train(model, [[batch]] * 5, 0.01, 1.0))  # the losses should fall
