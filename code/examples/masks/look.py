"""Every token of one conversation, and whether the loss counts it."""

# --8<-- [start:listing]
import sintonia

conversation = [
    {"role": "user", "content": "Oi!"},
    {"role": "assistant", "content": "Olá!"},
]
example = sintonia.encode([conversation], chat_template="chatml")[0]
print(sintonia.show_mask(example))
print("labels:", sintonia.labels(example))
# --8<-- [end:listing]
