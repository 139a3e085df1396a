"""Merge one weight by hand, and prove it on a whole model."""

# --8<-- [start:listing]
import torch
from peft import LoraConfig

from sintonia.models import attach_lora
from sintonia.small_model import Making, untrained_model


def merged_weight(weight, lora_a, lora_b, alpha):
    rank = lora_a.shape[0]
    return weight + alpha / rank * lora_b @ lora_a


torch.manual_seed(0)
plain = untrained_model(300, Making()).eval()
config = LoraConfig(
    r=4, lora_alpha=8, target_modules="all-linear", task_type="CAUSAL_LM"
)
wrapped = attach_lora(untrained_model(300, Making()), config).eval()
ids = torch.tensor([[5, 6, 7, 8]])
with torch.no_grad():
    merged = 0
    for name, layer in wrapped.base_model.model.named_modules():
        if hasattr(layer, "lora_A"):
            a, b = layer.lora_A["default"].weight, layer.lora_B["default"].weight
            b.normal_()
            weight = plain.get_submodule(name).weight
            weight.copy_(merged_weight(weight, a, b, alpha=8))
            merged += 1
    difference = (plain(ids).logits - wrapped(ids).logits).abs().max().item()
print(merged, "weights merged by hand; the logits agree:", difference < 1e-4)
# --8<-- [end:listing]
