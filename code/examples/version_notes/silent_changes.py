"""Changes that raise nothing: the same call, another result."""

# --8<-- [start:listing]
import tempfile
from pathlib import Path

import torch
from datasets import Dataset
from transformers import AutoModelForCausalLM, LlamaConfig, LlamaForCausalLM
from trl import SFTConfig, SFTTrainer

from sintonia.models import load_tokenizer

scratch = tempfile.TemporaryDirectory()
folder = Path(scratch.name)
tokenizer = load_tokenizer()
size = {"hidden_size": 16, "intermediate_size": 32, "num_hidden_layers": 1}
heads = {"num_attention_heads": 2, "num_key_value_heads": 2}
model = LlamaForCausalLM(LlamaConfig(vocab_size=len(tokenizer), **size, **heads))
model.to(torch.bfloat16).save_pretrained(folder)
load = AutoModelForCausalLM.from_pretrained

turns = [{"role": "user", "content": "Oi"}, {"role": "assistant", "content": "Olá!"}]
messages = Dataset.from_list([{"messages": turns}])


def trainer(rows=messages, formatting_func=None, **settings):
    config = SFTConfig(folder / "run", use_cpu=True, bf16=False, **settings)
    return SFTTrainer(
        str(folder),
        config,
        train_dataset=rows,
        processing_class=tokenizer,
        formatting_func=formatting_func,
    )


print("weights saved in bfloat16, loaded as:")
print("  from_pretrained(folder)".ljust(48), load(folder).dtype)
in_full = load(folder, dtype="float32").dtype
print("  from_pretrained(folder, dtype='float32')".ljust(48), in_full)
for name in ("torch_dtype", "dtype"):
    tuned = trainer(model_init_kwargs={name: "bfloat16"}).model
    print(f"  model_init_kwargs={{'{name}': 'bfloat16'}}".ljust(48), tuned.dtype)


def end(**arguments):
    ids = trainer(**arguments).train_dataset[0]["input_ids"]
    return repr(tokenizer.decode(ids[-9:]))


text = tokenizer.apply_chat_template(turns, tokenize=False)
print("\nhow an example ends:")
print("  messages               ", end())
rendered, stripped = ([{"text": way}] for way in (text, text.strip()))
print("  text, rendered before  ", end(rows=Dataset.from_list(rendered)))
print("  the same, stripped     ", end(rows=Dataset.from_list(stripped)))

own = "Q: Oi A: Olá!"
plain = messages.map(lambda row: {"turns": row["messages"]}, remove_columns="messages")
print("\nformatting_func returns", repr(own))
print("  column messages        ", end(formatting_func=lambda row: own))
print("  column of another name ", end(rows=plain, formatting_func=lambda row: own))

labels = trainer().train_dataset[0]["labels"]
print(f"\nlabels that are -100, by default: {labels.count(-100)} of {len(labels)}")
# --8<-- [end:listing]
