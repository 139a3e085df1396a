"""Two prompts in one batch, padded right and left; then the same by `generate`."""

# --8<-- [start:listing]
import torch

import sintonia
from sintonia.generation import generate
from sintonia.models import load_model, load_tokenizer

model, tokenizer = load_model(), load_tokenizer()
questions = (
    "What is the capital of France?",
    "What is the capital of Italy? Answer in one sentence.",
)
prompts = [[{"role": "user", "content": question}] for question in questions]
texts = [sintonia.render(turns, add_generation_prompt=True).text for turns in prompts]
ids = tokenizer(texts, add_special_tokens=False)["input_ids"]
pad = tokenizer.pad_token_id
options = {"max_new_tokens": 10, "do_sample": False, "pad_token_id": pad}
for side in ("right", "left"):
    batch = sintonia.collate(
        [{"input_ids": row} for row in ids], pad, padding_side=side
    )
    width = batch["input_ids"].shape[1]
    with torch.inference_mode():
        output = model.generate(**batch, **options)
    for row in output:
        ends = tokenizer.convert_ids_to_tokens(row[width - 2 : width].tolist())
        reply = tokenizer.decode(row[width:], skip_special_tokens=True)
        print(f"{side:<6}", ends, repr(reply))

print("by sintonia.generation.generate:")
for reply in generate(model, tokenizer, prompts, max_new_tokens=10):
    print("  ", reply)
# --8<-- [end:listing]
