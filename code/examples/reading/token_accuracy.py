"""Token accuracy by hand: the first choice at each place against the token that stands there."""

# --8<-- [start:listing]
import torch

import sintonia
from sintonia.generation import generate
from sintonia.models import load_model, load_tokenizer

tokenizer, model = load_tokenizer(), load_model()
question = [{"role": "user", "content": "Name the largest planet."}]
answer = "Jupiter is the largest planet in our solar system."
example = sintonia.encode([[*question, {"role": "assistant", "content": answer}]])[0]
ids, labels = example["input_ids"], sintonia.labels(example)

with torch.no_grad():
    logits = model(input_ids=torch.tensor([ids])).logits[0]  # (seq, vocabulary)
choices = logits.argmax(-1).tolist()
graded = [i for i in range(1, len(ids)) if labels[i] != -100]
right = [choices[i - 1] == labels[i] for i in graded]  # place i - 1 guesses token i
for i, hit in zip(graded, right, strict=True):
    wanted, chosen = tokenizer.decode(labels[i]), tokenizer.decode(choices[i - 1])
    print(f"{wanted!r:<14}{'=' if hit else chosen!r}")
print(f"token accuracy: {sum(right)} of {len(right)} = {sum(right) / len(right):.2f}")
print("it says:", generate(model, tokenizer, [question], max_new_tokens=24)[0].text)
# --8<-- [end:listing]
