"""LoRA's update by hand: one layer, two thin matrices, a factor."""

# --8<-- [start:listing]
import torch
from peft import LoraConfig, inject_adapter_in_model

torch.manual_seed(0)
rank, alpha = 2, 4
model = torch.nn.Sequential(torch.nn.Linear(6, 5, bias=False))
x = torch.randn(3, 6)
before = model(x)

config = LoraConfig(r=rank, lora_alpha=alpha, target_modules=["0"])
model = inject_adapter_in_model(config, model)
layer = model[0]
A, B = layer.lora_A["default"].weight, layer.lora_B["default"].weight
print("A", tuple(A.shape), " B", tuple(B.shape), " all zeros:", not B.any().item())
print("fresh adapter, same output:", torch.equal(model(x), before))

with torch.no_grad():
    B.normal_()  # in place of training
    delta = alpha / rank * B @ A
    by_hand = x @ (layer.base_layer.weight + delta).T
    difference = (model(x) - by_hand).abs().max()
    print("by hand, same output:", difference.item() < 1e-5)
    print(
        "update", tuple(delta.shape), "of rank", torch.linalg.matrix_rank(delta).item()
    )

for name, parameter in model.named_parameters():
    print(f"{name:<27}{'trains' if parameter.requires_grad else 'frozen'}")
# --8<-- [end:listing]
