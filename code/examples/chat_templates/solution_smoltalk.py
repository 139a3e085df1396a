"""Solution: a smoltalk-like row, checked and rendered."""

# --8<-- [start:listing]
import sintonia

row = {
    "source": "everyday",
    "messages": [
        {"role": "user", "content": "你好！"},
        {"role": "assistant", "content": "你好！需要什么帮助？"},
    ],
}
conversation = next(sintonia.load_conversations([row]))
rendered = sintonia.render(conversation, "chatml")
print(rendered.text, end="")
print("supervised:", rendered.assistant_texts)
# --8<-- [end:listing]
