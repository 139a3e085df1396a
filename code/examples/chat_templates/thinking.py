"""Which thoughts a template keeps."""

# --8<-- [start:listing]
import sintonia

conversation = [
    {"role": "user", "content": "2 + 2?"},
    {"role": "assistant", "reasoning_content": "Easy.", "content": "4"},
    {"role": "user", "content": "3 + 3?"},
    {"role": "assistant", "reasoning_content": "Twice three.", "content": "6"},
]
print(sintonia.render(conversation, "qwen").text)
# --8<-- [end:listing]
