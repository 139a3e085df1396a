"""Solution: how many updates a recipe makes, and how many of them are warm-up."""

# --8<-- [start:listing]
import math
from pathlib import Path

import yaml

from sintonia.comparison import course_rows


def schedule(rows, recipe):
    batches = math.ceil(rows / recipe.get("per_device_train_batch_size", 8))
    an_epoch = math.ceil(batches / recipe.get("gradient_accumulation_steps", 1))
    updates = an_epoch * recipe.get("num_train_epochs", 3)
    warmup = recipe.get("warmup_steps", 0)
    if warmup < 1:  # a share of all updates, rounded up
        warmup = math.ceil(updates * warmup)
    return updates, warmup


recipe = yaml.safe_load(Path("code/recipes/cpu-lora.yaml").read_text("utf-8"))
rows = len(course_rows("train"))
print(rows, "rows:", schedule(rows, recipe))
print("100 rows, TRL's defaults:", schedule(100, {}))
small = {"per_device_train_batch_size": 4, "gradient_accumulation_steps": 8}
print("100 rows, 4 at a time, 8 times:", schedule(100, small | {"warmup_steps": 0.1}))
# --8<-- [end:listing]
