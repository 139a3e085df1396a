"""A whole run in Python with rows of our own labels: train, save, load again."""

# --8<-- [start:listing]
import tempfile

import datasets
import torch
from transformers import (
    AutoModelForCausalLM,
    AutoTokenizer,
    LlamaConfig,
    LlamaForCausalLM,
    PrinterCallback,
)
from trl import SFTConfig, SFTTrainer

import sintonia
from sintonia.models import load_tokenizer

datasets.disable_progress_bars()
torch.manual_seed(0)
torch.set_num_threads(1)  # a toy this small gains nothing from two
tokenizer = load_tokenizer()
size = {"hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 1}
config = LlamaConfig(vocab_size=49152, num_attention_heads=4, **size)
model = LlamaForCausalLM(config)  # a toy, never trained

conversation = [
    {"role": "user", "content": "Capital do Peru?"},
    {"role": "assistant", "content": "Lima."},
]
example = sintonia.encode([conversation])[0]
ours = {"input_ids": example["input_ids"], "labels": sintonia.labels(example)}
folder = tempfile.TemporaryDirectory()
trainer = SFTTrainer(
    model,
    SFTConfig(
        folder.name,
        learning_rate=1e-2,
        lr_scheduler_type="constant",
        max_steps=12,
        logging_steps=4,
        save_strategy="no",
        use_cpu=True,
        bf16=False,
        activation_checkpointing=False,
        disable_tqdm=True,
    ),
    train_dataset=datasets.Dataset.from_list([ours]),
    processing_class=tokenizer,
    # for LoRA, one line more: peft_config=LoraConfig(r=16, target_modules="all-linear")
)
trainer.remove_callback(PrinterCallback)
print("labels as we made them:", trainer.train_dataset[0]["labels"] == ours["labels"])
trainer.train()
for log in trainer.state.log_history[:-1]:
    print(f"step {log['step']:>2}: loss {log['loss']:.1f}, epoch {log['epoch']:g}")

trainer.save_model(folder.name)  # model and tokenizer; the latter is easily forgotten
again = AutoModelForCausalLM.from_pretrained(folder.name)
its_tokenizer = AutoTokenizer.from_pretrained(folder.name)
prompt = sintonia.render(
    conversation[:1], tokenizer=its_tokenizer, add_generation_prompt=True
)
ids = its_tokenizer(
    prompt.text, add_special_tokens=False, return_tensors="pt"
).input_ids
for name, one in (("trained", trainer.model), ("loaded", again)):
    with torch.inference_mode():
        reply = one.eval().generate(ids, max_new_tokens=8, do_sample=False)
    print(f"{name:<8}", repr(its_tokenizer.decode(reply[0, ids.shape[1] :])))
# --8<-- [end:listing]
