import math

import sintonia

RENAMED = {"max_seq_length": "max_length", "warmup_ratio": "warmup_steps"}


def repair(recipe, conversations):
    fixed = {RENAMED.get(name, name): value for name, value in recipe.items()}
    fixed |= {"use_cpu": True, "bf16": False}
    low, high, usual = (3e-5, 3e-3, 2e-4) if fixed.get("use_peft") else (1e-6, 1e-4, 2e-5)
    if not low <= fixed.get("learning_rate", 2e-5) <= high:
        fixed["learning_rate"] = usual
    fixed.pop("completion_only_loss", None)
    fixed["assistant_only_loss"] = True
    longest = max(len(row["input_ids"]) for row in sintonia.encode(conversations))
    if fixed.get("max_length", 1024) < longest:
        fixed["max_length"] = longest
    batches = math.ceil(len(conversations) / fixed.get("per_device_train_batch_size", 8))
    if fixed.get("warmup_steps", 0) >= batches * fixed.get("num_train_epochs", 3):
        fixed["warmup_steps"] = 0.05
    return fixed
