"""Five faults one by one, mixed, with full fine-tuning, with fewer rows; and recipes without a fault."""

from sintonia.comparison import course_rows
from sintonia.doctor import examine
from sintonia.estimates import Machine
from sintonia.exercises.judging import failed

SOUND = {
    "dataset_name": "rows",
    "assistant_only_loss": True,
    "use_peft": True,
    "learning_rate": 1e-3,
    "num_train_epochs": 3,
    "use_cpu": True,
    "bf16": False,
}
FULL = {**SOUND, "use_peft": False, "learning_rate": 3e-5}
BARE = {name: value for name, value in SOUND.items() if name not in ("use_cpu", "bf16")}
OLD = {"max_seq_length": 512, "warmup_ratio": 0.1}
FLAG = {"completion_only_loss": True, "assistant_only_loss": False}
NAMES = {"max_seq_length": "max_length", "warmup_ratio": "warmup_steps"}
CASES = [  # name, recipe, conversations, fields whose value may change
    ("old", SOUND | OLD, 96, set()),
    ("device", BARE, 96, set()),
    ("rate", SOUND | {"learning_rate": 2e-5}, 96, {"learning_rate"}),
    ("flag", SOUND | FLAG, 96, {"assistant_only_loss"}),
    ("limits", SOUND | {"max_length": 64, "warmup_steps": 500}, 96, {"max_length", "warmup_steps"}),
    ("sound", SOUND | {"max_length": 512, "warmup_steps": 0.05, "lora_r": 16}, 96, set()),
    ("full, sound", FULL, 96, set()),
    ("full, rate", FULL | {"learning_rate": 1e-3}, 96, {"learning_rate"}),
    ("old, device, flag", BARE | OLD | FLAG, 96, {"assistant_only_loss"}),
    ("old, limits", SOUND | {"max_seq_length": 64, "warmup_ratio": 0.2}, 96, {"max_length"}),
    ("flag, both", SOUND | {"completion_only_loss": True}, 96, set()),
    ("sound, few rows", SOUND | {"warmup_steps": 20}, 64, set()),
    ("limits, few rows", SOUND | {"warmup_steps": 30}, 64, {"warmup_steps"}),
]
CODES = {
    "R11": "old-names",
    "R02": "precision",
    "R04": "rate",
    "R10": "flag",
    "L01": "limit",
    "L02": "limit",
    "L03": "limit",
    "R09": "warmup",
}
LAPTOP = Machine(device="CPU", bf16="none", memory=16 << 30)


def check(work):
    rows = course_rows("train", ["pt"])
    for name, recipe, count, may_change in CASES:
        some = [{"messages": row["messages"]} for row in rows[:count]]
        conversations = [row["messages"] for row in some]
        found = work.call("repair", recipe, conversations)
        work.last_call = f"repair({recipe}, {count} conversations)"
        failure = fault_of(found, recipe, some, may_change, name)
        if failure:
            yield failure
            return
    given = SOUND | OLD
    work.get("repair")(given, conversations)
    if given != SOUND | OLD:
        yield failed("given-changed", given, SOUND | OLD, call="repair(recipe, conversations)")


def fault_of(found, recipe, rows, may_change, name):
    """What is wrong with a repaired recipe."""
    if not isinstance(found, dict):
        return failed("no-settings", found)
    report = examine(rows, recipe=found, model="embedded", machine=LAPTOP)
    codes = [one.code for one in report.findings if one.severity != "note"]
    if codes:
        key = next((key for code, key in CODES.items() if code in codes), "other-finding")
        return failed(key, found, case=name, codes=", ".join(codes))
    if found.get("learning_rate") is None:
        return failed("rate", found, case=name, codes="R04")
    for old, new in NAMES.items():
        if old in recipe and new not in may_change and found.get(new) != recipe[old]:
            return failed("value-lost", found, recipe, case=name, old=old, new=new)
    for field, value in recipe.items():
        kept = field in may_change or field in NAMES or field == "completion_only_loss"
        if not kept and (field not in found or found[field] != value):
            return failed("sound-changed", found, recipe, case=name, field=field)
    return None
