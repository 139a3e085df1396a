"""The embedded model with an adapter, and merged: the same logits."""

# --8<-- [start:listing]
import torch
from peft import LoraConfig

from sintonia.models import attach_lora, load_model, load_tokenizer, merge_lora

torch.manual_seed(0)
ids = load_tokenizer()("The capital of France is", return_tensors="pt").input_ids


def logits(model):
    with torch.no_grad():
        return model(ids).logits


base = load_model()
before = logits(base)
config = LoraConfig(r=16, lora_alpha=32, target_modules="all-linear")
wrapped = attach_lora(base, config)
print("fresh adapter, same logits:", torch.equal(logits(wrapped), before))

with torch.no_grad():  # in place of training
    for name, parameter in wrapped.named_parameters():
        if "lora_B" in name:
            parameter.normal_(std=0.01)
tuned = logits(wrapped)
print(f"the adapter moves a logit by up to {(tuned - before).abs().max():.1f}")

merged = merge_lora(wrapped)
moved = (logits(merged) - tuned).abs().max().item()
print("merging moves none by 0.001:", moved < 1e-3)
print(type(wrapped).__name__, "->", type(merged).__name__)

weight = merged.model.layers[0].self_attn.q_proj.weight
print("add 0.1 % to each weight; it is seen")
for dtype in (torch.float32, torch.bfloat16):
    seen = (weight * 1.001).to(dtype) != weight.to(dtype)
    print(f"  in {seen.float().mean():.0%} of them as {dtype}")
# --8<-- [end:listing]
