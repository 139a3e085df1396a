from sintonia.comparison import course_rows
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


def repair(recipe, conversations):
    pass


if __name__ == "__main__":
    conversations = [row["messages"] for row in course_rows("train", ["pt"])]
    rows = [{"messages": conversation} for conversation in conversations]
    laptop = Machine(device="CPU", bf16="none", memory=16 << 30)
    for name, recipe in BROKEN.items():
        fixed = repair(recipe, conversations) or recipe
        report = examine(rows, recipe=fixed, model="embedded", machine=laptop)
        print(name)
        print(report.to_text(notes=False))
