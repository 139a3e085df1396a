"""Two collators on a row that ends with the pad's id."""

# --8<-- [start:listing]
from transformers import DataCollatorForLanguageModeling
from trl.trainer.sft_trainer import DataCollatorForLanguageModeling as TrlCollator

from sintonia.models import load_tokenizer

tokenizer = load_tokenizer()
print("pad:", tokenizer.pad_token_id, " end of turn:", tokenizer.eos_token_id)

rows = [[1, 5, 6, 7, 2], [1, 5, 2]]
by_id = DataCollatorForLanguageModeling(tokenizer, mlm=False)(
    [{"input_ids": row} for row in rows]
)
by_position = TrlCollator(pad_token_id=2)(
    [{"input_ids": row, "labels": row} for row in rows]
)
for name, collated in (("transformers", by_id), ("TRL", by_position)):
    labels = collated["labels"]
    print(f"{name}: {labels.tolist()}  ends supervised: {(labels == 2).sum().item()}")
# --8<-- [end:listing]
