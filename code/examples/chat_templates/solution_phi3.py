"""Solution: a Phi-3-style template with markers, held against rendering by hand."""

# --8<-- [start:listing]
import sintonia

PHI3 = (
    "{% for message in messages %}"
    "{{ '<|' + message['role'] + '|>\n' }}"
    "{% if message['role'] == 'assistant' %}"
    "{% generation %}{{ message['content'] + '<|end|>' }}{% endgeneration %}"
    "{% else %}{{ message['content'] + '<|end|>' }}{% endif %}"
    "{{ '\n' }}{% endfor %}"
    "{% if add_generation_prompt %}{{ '<|assistant|>\n' }}{% endif %}"
)


def by_hand(messages, prompt):
    text = "".join(f"<|{m['role']}|>\n{m['content']}<|end|>\n" for m in messages)
    return text + "<|assistant|>\n" * prompt


for content in ("", "😀", "你好", "¿Qué?\n", "Olá!"):
    turns = ["system", "user", "assistant", "user", "assistant"]
    messages = [{"role": role, "content": content} for role in turns]
    for prompt in (False, True):
        rendered = sintonia.render(messages, PHI3, add_generation_prompt=prompt)
        assert rendered.text == by_hand(messages, prompt)
        assert rendered.assistant_texts == [content + "<|end|>"] * 2
print(sintonia.render(messages[1:3], PHI3).text, end="")
print("10 renderings equal; two supervised turns in each")
# --8<-- [end:listing]
