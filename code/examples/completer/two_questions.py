"""One model, one question: at the top of a list, then inside the chat format."""

# --8<-- [start:listing]
import sintonia
from sintonia.models import load_model, load_tokenizer

tokenizer, model = load_tokenizer(), load_model()
question = "What is the capital of France?"
messages = [{"role": "user", "content": question}]
texts = {
    "a text to continue": f"1. {question}\n2.",
    "a conversation": sintonia.render(messages, add_generation_prompt=True).text,
}
for name, text in texts.items():
    ids = tokenizer(text, return_tensors="pt", add_special_tokens=False)
    out = model.generate(**ids, max_new_tokens=32, do_sample=False, pad_token_id=2)
    print(f"--- {name}")
    print(text + "▶" + tokenizer.decode(out[0, ids.input_ids.shape[1] :]))
# --8<-- [end:listing]
