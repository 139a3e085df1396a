"""Eight set-ups of plain TRL on one conversation: what does each teach?"""

# --8<-- [start:listing]
import tempfile
from pathlib import Path

import datasets
from transformers import LlamaConfig, LlamaForCausalLM
from trl import SFTConfig, SFTTrainer

from sintonia.models import load_tokenizer

datasets.disable_progress_bars()
tokenizer = load_tokenizer()
marked = tokenizer.chat_template
own = Path("code/sintonia/templates/smollm2-original.jinja").read_text("utf-8")
size = dict.fromkeys(("hidden_size", "intermediate_size", "num_attention_heads"), 8)
model = LlamaForCausalLM(LlamaConfig(vocab_size=49152, num_hidden_layers=1, **size))
turns = [("user", "Oi"), ("assistant", "Olá!"), ("user", "2+2?"), ("assistant", "4.")]
messages = [{"role": role, "content": content} for role, content in turns]
pair = {"prompt": messages[:3], "completion": messages[3:]}
misspelt = [messages[0], {**messages[1], "role": "Assistant"}, *messages[2:]]


def taught(name, row, template=marked, **settings):
    tokenizer.chat_template = template
    arguments = SFTConfig(
        tempfile.gettempdir(), use_cpu=True, bf16=False, report_to="none", **settings
    )
    rows = datasets.Dataset.from_list([row])
    try:
        trainer = SFTTrainer(
            model, arguments, train_dataset=rows, processing_class=tokenizer
        )
        labels = trainer.train_dataset["labels"][0]
    except (ValueError, IndexError) as error:
        print(f"{name:<32}{type(error).__name__}: {str(error)[:44]}")
        return
    kept = [label for label in labels if label != -100]
    text = tokenizer.decode(kept)
    text = text if len(text) < 34 else f"{text[:12]}...{text[-19:]}"
    print(f"{name:<32}{len(kept):>3} of {len(labels)}  {text!r}")


row = {"messages": messages}
taught("messages", row)
taught("  completion_only_loss", row, completion_only_loss=True)
taught("  assistant_only_loss", row, assistant_only_loss=True)
taught("    SmolLM2's own template", row, own, assistant_only_loss=True)
taught("    max_length=52", row, assistant_only_loss=True, max_length=52)
taught("    one role misspelt", {"messages": misspelt}, assistant_only_loss=True)
taught("prompt, completion", pair)
taught("  assistant_only_loss", pair, assistant_only_loss=True)
# --8<-- [end:listing]
