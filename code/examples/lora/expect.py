"""A launch that is not the one you meant stops at its first step, not after a week."""

# --8<-- [start:listing]
import tempfile

import torch
from transformers import Trainer, TrainerCallback, TrainingArguments

from sintonia.small_model import Making, untrained_model


class Expect(TrainerCallback):
    def __init__(self, trainer, processes, wrapper):
        self.trainer, self.expected = trainer, (processes, wrapper)

    def on_train_begin(self, args, state, control, **kwargs):
        model = type(self.trainer.model_wrapped).__name__
        found = (self.trainer.accelerator.num_processes, model)
        processes, wrapper = self.expected
        if found[0] != processes or not model.startswith(wrapper):
            raise RuntimeError(f"launch: found {found}; expected {self.expected}")


folder = tempfile.gettempdir()
trainer = Trainer(
    untrained_model(300, Making()),
    TrainingArguments(folder, use_cpu=True, bf16=False, report_to="none"),
    train_dataset=[
        {"input_ids": torch.tensor([1, 5, 2]), "labels": torch.tensor([1, 5, 2])}
    ],
)
trainer.add_callback(Expect(trainer, 2, "DistributedDataParallel"))  # FSDP2: "FSDP"
try:
    trainer.train()
except RuntimeError as error:
    print(error)
# --8<-- [end:listing]
