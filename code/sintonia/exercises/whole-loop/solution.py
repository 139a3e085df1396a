import torch
from torch.nn.functional import cross_entropy


def train(model, steps, learning_rate, max_grad_norm):
    weights = list(model.parameters())
    optimizer = torch.optim.AdamW(weights, lr=learning_rate, weight_decay=0.0)
    losses = []
    for batches in steps:
        divisor = sum(int((batch["labels"] != -100).sum()) for batch in batches)
        losses.append(0.0)
        for batch in batches:
            mask = batch["attention_mask"]
            logits = model(input_ids=batch["input_ids"], attention_mask=mask).logits
            guesses = logits[:, :-1].flatten(0, 1)
            targets = batch["labels"][:, 1:].flatten()  # the shift, by hand
            loss = cross_entropy(guesses, targets, reduction="sum") / divisor
            loss.backward()
            losses[-1] += loss.item()
        torch.nn.utils.clip_grad_norm_(weights, max_grad_norm)
        optimizer.step()
        optimizer.zero_grad()
    return losses
