"""Errors from data, models and trainers, each provoked on a model of one small layer."""

# --8<-- [start:listing]
import tempfile
import textwrap
from pathlib import Path

from datasets import Dataset, load_dataset
from peft import LoraConfig, get_peft_model
from transformers import (
    AutoModelForCausalLM,
    LlamaConfig,
    LlamaForCausalLM,
    Trainer,
    pipeline,
)
from trl import SFTConfig, SFTTrainer

from sintonia.chat_templates import find_template
from sintonia.models import load_tokenizer

scratch = tempfile.TemporaryDirectory()
folder = Path(scratch.name)
tokenizer = load_tokenizer()
size = {"hidden_size": 16, "intermediate_size": 32, "num_hidden_layers": 1}
heads = {"num_attention_heads": 2, "num_key_value_heads": 2}
model = LlamaForCausalLM(LlamaConfig(vocab_size=len(tokenizer), **size, **heads))
model.save_pretrained(folder / "model")
(folder / "data.py").write_text("import datasets\n")

turns = [{"role": "user", "content": "Oi"}, {"role": "assistant", "content": "Olá!"}]
messages = Dataset.from_list([{"messages": turns}] * 2)


def trainer(rows=messages, kind=SFTTrainer, peft_config=None, **settings):
    cpu = {"use_cpu": True, "bf16": False, "max_steps": 1}
    config = SFTConfig(folder / "run", **cpu, **settings)
    more = {"peft_config": peft_config} if peft_config else {}
    return kind(model, config, train_dataset=rows, processing_class=tokenizer, **more)


class OldLoss(Trainer):
    def compute_loss(self, model, inputs, return_outputs=False):
        return model(**inputs).loss


def attempt(what, call, *given, **named):
    try:
        call(*given, **named)
        text = "no error"
    except Exception as error:
        text = f"{type(error).__name__}: {error}"
    lines = textwrap.wrap(text, 80, break_long_words=False, break_on_hyphens=False)
    print(what, *lines, sep="\n    ")


load = AutoModelForCausalLM.from_pretrained
for name in ("load_in_4bit", "use_auth_token", "use_flash_attention_2"):
    attempt(f"from_pretrained({name}=True)", load, folder / "model", **{name: True})
attempt("pipeline('summarization')", pipeline, "summarization")
attempt("load_dataset('data.py')", load_dataset, str(folder / "data.py"))

alpaca = Dataset.from_list([{"instruction": "Oi", "output": "Olá!"}])
attempt("columns instruction and output", trainer, alpaca)
attempt("max_length=5", lambda: trainer(max_length=5, assistant_only_loss=True).train())
attempt("padding_free=True", trainer, padding_free=True)
attempt("trainer.tokenizer", lambda: trainer().tokenizer)
ids = [{"input_ids": [1, 2], "labels": [1, 2]}] * 2
attempt("compute_loss of old", lambda: trainer(ids, OldLoss).train())

marked = tokenizer.chat_template
tokenizer.chat_template = find_template("smollm2-original", tokenizer)[1]
attempt("a template without markers", trainer, assistant_only_loss=True)
tokenizer.chat_template = None
attempt("no template at all", trainer)
tokenizer.chat_template = marked

model = get_peft_model(model, LoraConfig(target_modules="all-linear"))
attempt("LoRA on LoRA", trainer, peft_config=LoraConfig())
# --8<-- [end:listing]
