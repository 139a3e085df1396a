"""The embedded model as a judge: the same two answers, in both orders."""

# --8<-- [start:listing]
import torch

import sintonia
from sintonia.models import load_model, load_tokenizer

model, tokenizer = load_model(), load_tokenizer()
pairs = [  # a question, a good answer, a bad one
    ("What is 2 + 3?", "5", "Blue."),
    ("Name a colour.", "Green.", "Seventeen."),
    ("What do bees make?", "Honey.", "Bees make cars."),
    ("Is ice hot or cold?", "Ice is cold.", "Ice is hot."),
    ("Greet me.", "Hello!", "No no no no no."),
    ("Which is larger, 3 or 8?", "8", "3"),
]
ask = "Question: {}\nAnswer A: {}\nAnswer B: {}\nWhich answer is better? Say A or B."
letters = [tokenizer.encode(letter)[0] for letter in "AB"]


def verdict(question, first, second):
    text = ask.format(question, first, second)
    told = [{"role": "user", "content": text}]
    prompt = sintonia.render(told, "smollm2", add_generation_prompt=True).text
    ids = torch.tensor([tokenizer.encode(prompt)])
    with torch.inference_mode():
        scores = model(ids, logits_to_keep=1).logits[0, -1, letters]
    return "AB"[int(scores.argmax())]


print("good first  good second")
for question, good, bad in pairs:
    first, second = verdict(question, good, bad), verdict(question, bad, good)
    judged = "the good one" if (first, second) == ("A", "B") else "the place"
    judged = "the bad one" if (first, second) == ("B", "A") else judged
    print(f"{first:>10}{second:>13}   {judged} decides: {question}")
# --8<-- [end:listing]
