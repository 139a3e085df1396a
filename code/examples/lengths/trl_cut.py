"""The same limits in TRL's trainer: one is silent, one is an error, one trains nothing."""

# --8<-- [start:listing]
import tempfile

import datasets
from transformers import LlamaConfig, LlamaForCausalLM
from trl import SFTConfig, SFTTrainer

import sintonia
from sintonia.models import load_tokenizer

datasets.disable_progress_bars()
tokenizer = load_tokenizer()
size = dict.fromkeys(("hidden_size", "intermediate_size", "num_attention_heads"), 8)
model = LlamaForCausalLM(LlamaConfig(vocab_size=49152, num_hidden_layers=1, **size))
row = next(sintonia.load_conversations("code/sintonia/data/train/pt.jsonl"))
dataset = datasets.Dataset.from_list([{"prompt": row[:1], "completion": row[1:]}])

for limit, packing in ((60, False), (58, False), (20, False), (20, True)):
    arguments = SFTConfig(
        tempfile.gettempdir(),
        max_length=limit,
        packing=packing,
        use_cpu=True,
        bf16=False,
        report_to="none",
    )
    print(f"max_length={limit}, packing={packing}")
    try:
        trainer = SFTTrainer(
            model, arguments, train_dataset=dataset, processing_class=tokenizer
        )
        batch = next(iter(trainer.get_train_dataloader()))
    except ValueError as error:
        print("    ValueError:", error)
        continue
    labels = batch["labels"][0]
    loss = trainer.compute_loss(model, batch).item()
    taught = tokenizer.decode(labels[labels != -100])
    print(f"    loss {loss:.1f}, taught {taught!r}")
# --8<-- [end:listing]
