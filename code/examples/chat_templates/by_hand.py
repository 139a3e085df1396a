"""ChatML written by hand, and held against the program that ships with the model."""

import sintonia


# --8<-- [start:listing]
def chatml(messages, add_generation_prompt=False):
    text = ""
    for message in messages:
        text += f"<|im_start|>{message['role']}\n{message['content']}<|im_end|>\n"
    if add_generation_prompt:
        text += "<|im_start|>assistant\n"
    return text


conversation = [
    {"role": "system", "content": "Responde en una frase."},
    {"role": "user", "content": "¿Qué es un token?"},
    {"role": "assistant", "content": "La unidad que un modelo lee y predice."},
]
text = chatml(conversation)
print(text)
print(
    "as the model's own:",
    text == sintonia.render(conversation, "smollm2-original").text,
)
# --8<-- [end:listing]
