"""A tool's definition, its call and its result, in a template that prints them."""

# --8<-- [start:listing]
import sintonia

clock = {
    "type": "function",
    "function": {
        "name": "clock",
        "description": "The time in a city.",
        "parameters": {"type": "object", "properties": {"city": {"type": "string"}}},
    },
}
call = {
    "type": "function",
    "function": {"name": "clock", "arguments": {"city": "Lima"}},
}
conversation = [
    {"role": "user", "content": "What time is it in Lima?"},
    {"role": "assistant", "content": "", "tool_calls": [call]},
    {"role": "tool", "name": "clock", "content": "14:05"},
    {"role": "assistant", "content": "Five past two."},
]
rendered = sintonia.render(conversation, "qwen", tools=[clock])
print(rendered.text[rendered.text.index("<|im_start|>user") :])
for text in rendered.assistant_texts:
    print("supervised:", repr(text))
# --8<-- [end:listing]
