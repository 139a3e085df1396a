"""One row on its way through TRL, from the file to the loss."""

# --8<-- [start:listing]
import tempfile

import datasets
import torch
from transformers import LlamaConfig, LlamaForCausalLM
from trl import SFTConfig, SFTTrainer

from sintonia.models import load_tokenizer

datasets.disable_progress_bars()
torch.manual_seed(0)
tokenizer = load_tokenizer()  # its template has generation markers
size = dict.fromkeys(("hidden_size", "intermediate_size", "num_attention_heads"), 8)
model = LlamaForCausalLM(LlamaConfig(vocab_size=49152, num_hidden_layers=1, **size))
arguments = SFTConfig(
    tempfile.gettempdir(),  # nothing is trained, so nothing is written
    assistant_only_loss=True,
    max_length=32,
    per_device_train_batch_size=2,
    train_sampling_strategy="sequential",
    use_cpu=True,
    bf16=False,
    report_to="none",
)

system = {"role": "system", "content": "Be brief."}
rows = [
    {"messages": [system, {"role": "user", "content": ask}, answer]}
    for ask, answer in (
        ("Capital do Peru?", {"role": "assistant", "content": "Lima."}),
        ("Oi", {"role": "assistant", "content": "Olá! Como posso ajudar você hoje?"}),
    )
]
trainer = SFTTrainer(
    model,
    arguments,
    train_dataset=datasets.Dataset.from_list(rows),
    processing_class=tokenizer,
)
print("1 row     ", rows[0]["messages"][1:])
text = tokenizer.apply_chat_template(rows[0]["messages"], tokenize=False)
print("2 text    ", repr(text))
prepared = trainer.train_dataset
print("3 columns ", prepared.column_names)
for row in prepared:
    ids, labels = row["input_ids"], row["labels"]
    taught = tokenizer.decode([label for label in labels if label != -100])
    print(f"4 labels   {len(ids)} tokens, taught {taught!r}")
batch = next(iter(trainer.get_train_dataloader()))
for name, tensor in batch.items():
    shape, end = tuple(tensor.shape), tensor[0, -3:].tolist()
    print(f"5 batch    {name:<15}{shape}  first row ends {end}")
counted = (batch["labels"] != -100).sum()
loss = trainer.compute_loss(model, dict(batch), num_items_in_batch=counted)
plain = model(**batch).loss
print(f"6 loss     {loss:.4f} over {counted} tokens; the model's own {plain:.4f}")
# --8<-- [end:listing]
