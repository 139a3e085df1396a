"""Cells of the notebook 01-chat-templates; its prose is in docs/<lang>/notebooks/."""

# %% [load]
import re

import sintonia
from sintonia.models import load_tokenizer

tokenizer = load_tokenizer()
print(len(tokenizer), "ids; BOS", tokenizer.bos_token_id, "EOS", tokenizer.eos_token_id)

# %% [render]
conversation = [
    {"role": "system", "content": "Responda em uma frase."},
    {"role": "user", "content": "Qual é a capital do Peru?"},
    {"role": "assistant", "content": "A capital do Peru é Lima."},
]
text = tokenizer.apply_chat_template(conversation, tokenize=False)
print(text)

# %% [default-system]
print(tokenizer.apply_chat_template(conversation[1:], tokenize=False))

# %% [ids]
ids = tokenizer.apply_chat_template(conversation, return_dict=False)
print(len(ids), "tokens")
print(ids)

# %% [decode]
print([tokenizer.decode([token]) for token in ids[-16:]])
print(tokenizer.decode(ids) == text)

# %% [cost]
greetings = {
    "en": "Good morning!",
    "pt": "Bom dia!",
    "es": "¡Buenos días!",
    "zh": "早上好！",
}
for language, greeting in greetings.items():
    pieces = tokenizer(greeting, add_special_tokens=False)["input_ids"]
    print(language, len(pieces), [tokenizer.decode([piece]) for piece in pieces])

# %% [generation-prompt]
question = conversation[:2]
print(
    repr(
        tokenizer.apply_chat_template(
            question, tokenize=False, add_generation_prompt=True
        )
    )
)

# %% [prefill]
begun = question + [{"role": "assistant", "content": "A capital do Peru é"}]
print(
    repr(
        tokenizer.apply_chat_template(
            begun, tokenize=False, continue_final_message=True
        )
    )
)


# %% [convert]
def to_messages(row):
    """A smoltalk-like or gsm8k-like row becomes a list of messages."""
    if "messages" in row:
        return [
            {"role": turn["role"], "content": turn["content"]}
            for turn in row["messages"]
        ]
    reasoning, final = row["answer"].split("\n#### ")
    reasoning = re.sub(r"<<[^>]*>>", "", reasoning)
    reply = f"{reasoning}\nAnswer: {final.strip()}"
    return [
        {"role": "user", "content": row["question"]},
        {"role": "assistant", "content": reply},
    ]


# %% [convert-smoltalk]
smoltalk_like = {
    "source": "everyday",
    "messages": [
        {"role": "user", "content": "¿Qué es una etiqueta?"},
        {"role": "assistant", "content": "El token que el modelo debía predecir."},
    ],
}
print(sintonia.render(to_messages(smoltalk_like), "chatml").text)

# %% [convert-gsm8k]
gsm8k_like = {
    "question": "Ana has 3 boxes with 4 pens each. How many pens has she?",
    "answer": "She has 3 * 4 = <<3*4=12>>12 pens.\n#### 12",
}
print(sintonia.render(to_messages(gsm8k_like), "chatml").text)

# %% [mask]
example = sintonia.encode([to_messages(smoltalk_like)], chat_template="chatml")[0]
print(sintonia.show_mask(example))

# %% [labels]
labels = sintonia.labels(example)
print(repr(tokenizer.decode([label for label in labels if label != -100])))
