"""One model, one question, five texts: what it is asked decides what it answers."""

# --8<-- [start:listing]
import sintonia
from sintonia.models import load_model, load_tokenizer

model, tokenizer = load_model(), load_tokenizer()
question = [{"role": "user", "content": "What is the capital of France?"}]
without = sintonia.render(question).text
bare = question[0]["content"]
asked = sintonia.render(question, add_generation_prompt=True).text
other = sintonia.render(question, "alpaca", add_generation_prompt=True).text
closed = asked + tokenizer.eos_token  # some tokenizers add it to every text

for name, text in (
    ("as in training", asked),
    ("no generation prompt", without),
    ("no template", bare),
    ("another template", other),
    ("EOS behind the prompt", closed),
):
    ids = tokenizer(text, add_special_tokens=False, return_tensors="pt")
    output = model.generate(**ids, max_new_tokens=16, do_sample=False)
    reply = tokenizer.decode(output[0, ids["input_ids"].shape[1] :])
    print(f"{name:<24}{reply!r}")
# --8<-- [end:listing]
