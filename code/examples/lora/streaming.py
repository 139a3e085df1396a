"""A stream has no length: rows come one by one, and are shuffled inside a buffer."""

# --8<-- [start:listing]
import tempfile

import torch
from datasets import load_dataset
from transformers import Trainer, TrainingArguments

file = "code/sintonia/data/train/pt.jsonl"
rows = load_dataset("json", data_files=file, split="train", streaming=True)
print(type(rows).__name__)
print("in order:    ", [row["id"] for row in rows.take(3)])
mixed = rows.shuffle(seed=0, buffer_size=20)
print("buffer of 20:", [row["id"] for row in mixed.take(3)])

folder = tempfile.gettempdir()  # the trainer makes its folder at once
arguments = TrainingArguments(folder, use_cpu=True, bf16=False, report_to="none")
try:
    Trainer(torch.nn.Linear(1, 1), arguments, train_dataset=mixed)
except ValueError as error:
    print(str(error).split(". ")[0])
# --8<-- [end:listing]
