"""What TRL does when nobody says otherwise, read from its classes, and what the course's recipe says."""

# --8<-- [start:listing]
from dataclasses import MISSING, fields
from pathlib import Path

import yaml
from trl import ModelConfig, SFTConfig

recipe = yaml.safe_load(Path("code/recipes/cpu-lora.yaml").read_text("utf-8"))
known = {part.name: part for part in (*fields(SFTConfig), *fields(ModelConfig))}


def default(name):
    part = known[name]
    given = part.default if part.default is not MISSING else part.default_factory()
    return getattr(given, "value", given)  # enumerations by their value


groups = {
    "how far": "learning_rate lr_scheduler_type warmup_steps optim max_grad_norm",
    "how long": "num_train_epochs max_steps",
    "how many rows": "per_device_train_batch_size gradient_accumulation_steps "
    "train_sampling_strategy",
    "which tokens": "max_length packing assistant_only_loss completion_only_loss",
    "which weights": "use_peft lora_r lora_alpha lora_dropout lora_target_modules",
    "how computed": "dtype bf16 use_cpu activation_checkpointing",
    "what is seen": "logging_steps eval_strategy save_strategy report_to seed",
}
filled = SFTConfig("unused", use_cpu=True)  # some defaults are set only here
print(f"{'':<30}{'TRL':<18}the course's recipe")
for title, names in groups.items():
    print(title)
    for name in names.split():
        ours = recipe.get(name, "")
        print(f"  {name:<28}{default(name)!s:<18}{ours}".rstrip())
print("None that SFTConfig fills in:")
for name in ("bf16", "activation_checkpointing"):
    print(f"  {name:<28}{getattr(filled, name)}")
# --8<-- [end:listing]
