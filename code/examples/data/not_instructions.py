"""Does the instruction help to predict the reply? Three instructions before the same code."""

# --8<-- [start:listing]
import torch

import sintonia
from sintonia.conversations import read_rows
from sintonia.models import load_model

row = {
    "content": "def mean(numbers):\n    return sum(numbers) / len(numbers)\n",
    "path": "stats.py",
    "licenses": ["mit"],
    "lang": "Python",
}
fault = next(read_rows([row])).faults[0]
print(f"found {fault.found}\nexpected {fault.expected}\n")

model = load_model()
instructions = [
    "Write code.",
    "Write a Python function that reverses a string.",
    "Write a Python function that returns the mean of a list of numbers.",
]
for instruction in instructions:
    conversation = [
        {"role": "user", "content": instruction},
        {"role": "assistant", "content": row["content"]},
    ]
    example = sintonia.encode([conversation])[0]
    ids = torch.tensor([example["input_ids"]])
    labels = torch.tensor([sintonia.labels(example)])
    with torch.no_grad():
        loss = model(input_ids=ids, labels=labels).loss
    print(f"{loss:.2f}  {instruction}")
# --8<-- [end:listing]
