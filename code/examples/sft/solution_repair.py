"""Solution: five recipes for plain TRL, repaired until the doctor has nothing to say."""

# --8<-- [start:listing]
import math

import sintonia
from sintonia.doctor import examine
from sintonia.estimates import Machine

SOUND = {
    "dataset_name": "rows",
    "assistant_only_loss": True,
    "use_peft": True,
    "learning_rate": 1e-3,
    "num_train_epochs": 3,
    "use_cpu": True,
    "bf16": False,
}
BROKEN = {
    "old": SOUND | {"max_seq_length": 512, "warmup_ratio": 0.1},
    "device": {k: v for k, v in SOUND.items() if k not in ("use_cpu", "bf16")},
    "rate": SOUND | {"learning_rate": 2e-5},
    "flag": SOUND | {"completion_only_loss": True, "assistant_only_loss": False},
    "limits": SOUND | {"max_length": 64, "warmup_steps": 500},
}
RENAMED = {"max_seq_length": "max_length", "warmup_ratio": "warmup_steps"}


def repair(recipe, conversations):
    fixed = {RENAMED.get(name, name): value for name, value in recipe.items()}
    fixed |= {"use_cpu": True, "bf16": False}
    low, high, usual = (
        (3e-5, 3e-3, 2e-4) if fixed.get("use_peft") else (1e-6, 1e-4, 2e-5)
    )
    if not low <= fixed.get("learning_rate", 2e-5) <= high:
        fixed["learning_rate"] = usual
    fixed.pop("completion_only_loss", None)
    fixed["assistant_only_loss"] = True
    longest = max(len(row["input_ids"]) for row in sintonia.encode(conversations))
    if fixed.get("max_length", 1024) < longest:
        fixed["max_length"] = longest
    batches = math.ceil(
        len(conversations) / fixed.get("per_device_train_batch_size", 8)
    )
    if fixed.get("warmup_steps", 0) >= batches * fixed.get("num_train_epochs", 3):
        fixed["warmup_steps"] = 0.05
    return fixed


conversations = list(sintonia.load_conversations("code/sintonia/data/train/pt.jsonl"))
laptop = Machine(device="CPU", bf16="none", memory=16 << 30)


def codes(recipe):
    rows = [{"messages": conversation} for conversation in conversations]
    report = examine(rows, recipe=recipe, model="embedded", machine=laptop)
    return [one.code for one in report.findings if one.severity != "note"]


for name, recipe in BROKEN.items():
    fixed = repair(recipe, conversations)
    changed = {key: fixed[key] for key in fixed if fixed[key] != recipe.get(key)}
    print(f"{name:<7}{codes(recipe)} -> {codes(fixed)}  {changed}")
# --8<-- [end:listing]
