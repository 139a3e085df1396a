import math


def schedule(rows, recipe):
    batches = math.ceil(rows / recipe.get("per_device_train_batch_size", 8))
    an_epoch = math.ceil(batches / recipe.get("gradient_accumulation_steps", 1))
    updates = an_epoch * recipe.get("num_train_epochs", 3)
    warmup = recipe.get("warmup_steps", 0)
    if warmup < 1:  # a share of all updates, rounded up
        warmup = math.ceil(updates * warmup)
    return updates, warmup
