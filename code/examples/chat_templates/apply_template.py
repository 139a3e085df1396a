"""The same by transformers: text, then ids; and what was added without being asked for."""

# --8<-- [start:listing]
from sintonia.models import load_tokenizer

tokenizer = load_tokenizer()
conversation = [
    {"role": "user", "content": "2 + 3 是多少？"},
    {"role": "assistant", "content": "5。"},
]
print(tokenizer.apply_chat_template(conversation, tokenize=False))

silent = [{"role": "system", "content": ""}] + conversation
ids = tokenizer.apply_chat_template(silent, return_dict=False)
print(len(ids), "ids:", ids)
print(repr(tokenizer.decode(ids)))
# --8<-- [end:listing]
