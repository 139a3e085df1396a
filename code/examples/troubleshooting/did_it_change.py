"""Is the tuned model the base? Ask the adapter, not the replies."""

# --8<-- [start:listing]
import tempfile

import torch
from peft import LoraConfig, PeftModel

from sintonia.models import attach_lora
from sintonia.small_model import Making, untrained_model

ids = torch.tensor([[5, 6, 7, 8]])


def change(model):
    """The largest difference that the adapter makes to any logit."""
    with torch.no_grad():
        tuned = model(ids).logits
        with model.disable_adapter():
            return (tuned - model(ids).logits).abs().max().item()


def train(learning_rate, steps, warmup):
    torch.manual_seed(0)
    config = LoraConfig(r=8, lora_alpha=16, target_modules="all-linear")
    model = attach_lora(untrained_model(300, Making()), config)
    optimizer = torch.optim.AdamW(
        [one for one in model.parameters() if one.requires_grad], lr=learning_rate
    )
    for step in range(steps):
        optimizer.param_groups[0]["lr"] = learning_rate * min(1, step / warmup)
        model(input_ids=ids, labels=ids).loss.backward()
        optimizer.step()
        optimizer.zero_grad()
    return model.eval()


print(f"not trained at all             {change(train(1e-3, 0, 5)):.4f}")
print(f"20 steps at 1e-3               {change(train(1e-3, 20, 5)):.4f}")
print(f"20 steps at 2e-5               {change(train(2e-5, 20, 5)):.4f}")
print(f"20 steps at 1e-3, 500 warm-up  {change(train(1e-3, 20, 500)):.4f}")

with tempfile.TemporaryDirectory() as folder:
    train(1e-3, 20, 5).save_pretrained(folder)
    torch.manual_seed(0)
    fresh = untrained_model(300, Making())
    again = PeftModel.from_pretrained(fresh, folder).eval()
    print(f"the second one, saved, loaded  {change(again):.4f}")
# --8<-- [end:listing]
