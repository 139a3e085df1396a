"""How many parameters LoRA trains in the embedded model, with three settings."""

# --8<-- [start:listing]
import torch
from peft import LoraConfig, get_peft_model
from transformers import LlamaConfig, LlamaForCausalLM

from sintonia.estimates import EMBEDDED_CONFIG, lora_parameters

config = LlamaConfig(**EMBEDDED_CONFIG)
settings = ((8, ["q_proj", "v_proj"]), (6, "all-linear"), (16, "all-linear"))
for rank, targets in settings:
    with torch.device("meta"):  # shapes without numbers: counting needs no weights
        model = LlamaForCausalLM(config)
    lora = LoraConfig(r=rank, target_modules=targets, task_type="CAUSAL_LM")
    model = get_peft_model(model, lora)
    trained, everything = model.get_nb_trainable_parameters()
    assert trained == lora_parameters(EMBEDDED_CONFIG, rank, targets)
    matrices = sum(name.endswith("lora_A.default") for name, _ in model.named_modules())
    where = targets if isinstance(targets, str) else "q and v"
    print(f"r={rank:<3} {where}, {matrices} matrices")
    print(f"      {trained:>9,} of {everything:,}: {trained / everything:.2%}")
# --8<-- [end:listing]
