"""Five steps of our loop and of TRL's trainer, with the same rows and the same first weights."""

# --8<-- [start:listing]
import copy
import tempfile

from datasets import Dataset
from transformers import PrinterCallback
from trl import SFTConfig, SFTTrainer

import sintonia
from sintonia.loop_recipes import LoopArguments
from sintonia.small_model import Making, train_tokenizer, untrained_model
from sintonia.training_loop import train

pairs = [
    ("Oi!", "Olá!"),
    ("你好", "你好！"),
    ("2 + 2?", "4."),
    ("¿Qué?", "Nada, gracias."),
]
rows = [
    [{"role": "user", "content": asked}, {"role": "assistant", "content": answer}]
    for asked, answer in pairs
]
tokenizer = train_tokenizer([turn["content"] for row in rows for turn in row], 300)
model = untrained_model(len(tokenizer), Making(hidden=64, layers=2))
twin = copy.deepcopy(model)
settings = {
    "max_steps": 5,
    "per_device_train_batch_size": 3,
    "learning_rate": 1e-2,
    "lr_scheduler_type": "cosine",
    "warmup_steps": 2,
    "weight_decay": 0.1,
    "train_sampling_strategy": "sequential",
}

examples = sintonia.encode(rows, tokenizer)
ours = train(model, examples, LoopArguments(**settings), tokenizer.pad_token_id)

with tempfile.TemporaryDirectory() as folder:
    trainer = SFTTrainer(
        model=twin,
        args=SFTConfig(
            **settings,
            assistant_only_loss=True,
            use_cpu=True,
            bf16=False,
            output_dir=folder,
            save_strategy="no",
            report_to="none",
            logging_steps=1,
            disable_tqdm=True,
        ),
        train_dataset=Dataset.from_dict({"messages": rows}),
        processing_class=tokenizer,
    )
    trainer.remove_callback(PrinterCallback)  # the log is read below
    trainer.train()
theirs = [entry["loss"] for entry in trainer.state.log_history if "loss" in entry]

for step, (one, other) in enumerate(zip(ours, theirs, strict=True), start=1):
    print(f"step {step}   ours {one:.4f}   TRL {other:.4f}")
near = all(abs(one - other) < 1e-5 for one, other in zip(ours, theirs, strict=True))
print("equal to five decimals:", near)
# --8<-- [end:listing]
