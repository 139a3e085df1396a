"""Several runs in one program: without a reload, each inherits from the one before."""

# --8<-- [start:listing]
import tempfile
import warnings

import torch
from peft import LoraConfig, PeftModel

from sintonia.models import attach_lora
from sintonia.small_model import Making, untrained_model

warnings.simplefilter("ignore")  # peft warns of all this, and the program goes on
ids = torch.tensor([[5, 6, 7, 8]])


def load():
    return untrained_model(300, Making()).eval()  # always the same weights


def logits(model):
    with torch.no_grad():
        return model(ids).logits


def run(model, *targets):
    """What a run does to a model, in short."""
    tuned = attach_lora(model, LoraConfig(r=8, target_modules=list(targets)))
    print("  starts from the base:", torch.equal(logits(tuned), untouched))
    with torch.no_grad():
        for name, parameter in tuned.named_parameters():
            if "lora_B" in name:
                parameter.normal_(std=0.1)
    return tuned


def save_and_load(tuned):
    with tempfile.TemporaryDirectory() as folder:
        tuned.save_pretrained(folder)
        again = logits(PeftModel.from_pretrained(load(), folder))
    print("  saved is trained:", torch.equal(again, logits(tuned)), end="; ")
    print("saved is the base:", torch.equal(again, untouched))


base = load()
untouched = logits(base)
print("1. a first run")
tuned = run(base, "q_proj", "v_proj")
save_and_load(tuned)
print("2. the variable named base")
print("  still the base:", torch.equal(logits(base), untouched))
print("3. a second run on it, with other targets")
save_and_load(run(base, "o_proj"))
print("4. a run on the tuned model")
save_and_load(run(tuned, "q_proj", "v_proj"))
print("5. a run on a base that was loaded again")
save_and_load(run(load(), "o_proj"))
# --8<-- [end:listing]
