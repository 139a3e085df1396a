"""The same conversation in four more families, one line each."""

# --8<-- [start:listing]
from types import SimpleNamespace

import sintonia

conversation = [
    {"role": "user", "content": "Perú?"},
    {"role": "assistant", "content": "Lima."},
]
families = {
    "mistral": SimpleNamespace(bos_token="<s>", eos_token="</s>"),
    "gemma": SimpleNamespace(bos_token="<bos>", eos_token="<eos>"),
    "phi3": SimpleNamespace(bos_token="<s>", eos_token="<|endoftext|>"),
    "qwen": SimpleNamespace(bos_token="", eos_token="<|im_end|>"),
}
for name, tokenizer in families.items():
    rendered = sintonia.render(conversation, name, tokenizer=tokenizer)
    print(f"{name}\n  {rendered.text!r}\n  supervised: {rendered.assistant_texts}")
# --8<-- [end:listing]
