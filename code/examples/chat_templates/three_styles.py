"""One conversation in the style of three families."""

# --8<-- [start:listing]
from types import SimpleNamespace

import sintonia

conversation = [
    {"role": "user", "content": "¿Capital de Perú?"},
    {"role": "assistant", "content": "Lima."},
]
# Each family has special tokens of its own; a template names them, the tokenizer
# gives them.
families = {
    "chatml": SimpleNamespace(bos_token="<s>", eos_token="<|im_end|>"),
    "llama3": SimpleNamespace(bos_token="<|begin_of_text|>", eos_token="<|eot_id|>"),
    "alpaca": SimpleNamespace(bos_token="<s>", eos_token="</s>"),
}
for name, tokenizer in families.items():
    rendered = sintonia.render(conversation, name, tokenizer=tokenizer)
    print(f"--- {name}; supervised: {rendered.assistant_texts}")
    print(rendered.text)
# --8<-- [end:listing]
