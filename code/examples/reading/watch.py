"""SFTTrainer with a held-out loss and a reply now and then; no tracker, no account."""

# --8<-- [start:listing]
import tempfile

import datasets
import torch
from transformers import LlamaConfig, LlamaForCausalLM, PrinterCallback, TrainerCallback
from trl import SFTConfig, SFTTrainer

import sintonia
from sintonia.comparison import course_rows
from sintonia.generation import generate
from sintonia.models import load_tokenizer

datasets.disable_progress_bars()
tokenizer = load_tokenizer()
torch.manual_seed(0)
sizes = {"hidden_size": 64, "intermediate_size": 128, "num_attention_heads": 4}
toy = LlamaForCausalLM(
    LlamaConfig(vocab_size=49152, num_hidden_layers=2, eos_token_id=2, **sizes)
)


def rows(split, count):  # rows as lesson 6 hands them to TRL
    talks = [row["messages"] for row in course_rows(split, ["en"])[:count]]
    examples = sintonia.encode(talks)
    made = [
        {"input_ids": e["input_ids"], "labels": sintonia.labels(e)} for e in examples
    ]
    return datasets.Dataset.from_list(made), talks


class Speak(TrainerCallback):
    def on_evaluate(self, args, state, control, metrics, model, **rest):
        said = generate(model, tokenizer, [question], max_new_tokens=12)[0]
        loss = metrics["eval_loss"]
        print(f"step {state.global_step:>3}  held out {loss:.2f}  {said.text!r:.60}")


(learned, talks), (held_out, _) = rows("train", 2), rows("validation", 8)
question = talks[0][:-1]
config = SFTConfig(
    output_dir=tempfile.mkdtemp(), save_strategy="no", use_cpu=True, bf16=False,
    learning_rate=1e-2, max_steps=30, logging_steps=10, disable_tqdm=True,
    eval_strategy="steps", eval_steps=10, activation_checkpointing=False,
)  # fmt: skip
trainer = SFTTrainer(
    toy, config, train_dataset=learned, eval_dataset=held_out,
    processing_class=tokenizer, callbacks=[Speak()],
)  # fmt: skip
trainer.remove_callback(PrinterCallback)  # it would print every entry
trainer.train()
print("question:", question[-1]["content"])
for entry in trainer.state.log_history:
    if "loss" in entry:
        accuracy = entry["mean_token_accuracy"]
        print(
            f"step {entry['step']:>3}  loss {entry['loss']:.2f}  accuracy {accuracy:.2f}"
        )
# --8<-- [end:listing]
