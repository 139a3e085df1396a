"""Two messages that SmolLM2's template cannot write."""

# --8<-- [start:listing]
from sintonia.chat_templates import find_template
from sintonia.models import load_tokenizer

tokenizer = load_tokenizer()
original = find_template("smollm2-original")[1]
messages = {
    "no content": {"role": "assistant", "tool_calls": []},
    "parts": {
        "role": "user",
        "content": [{"type": "image"}, {"type": "text", "text": "?"}],
    },
}
for name, message in messages.items():
    try:
        tokenizer.apply_chat_template([message], chat_template=original, tokenize=False)
    except Exception as error:
        print(f"{name}: {type(error).__name__}: {error}")
# --8<-- [end:listing]
