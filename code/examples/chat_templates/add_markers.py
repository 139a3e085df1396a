"""A template made ready for training, and the proof that it renders what the model knows."""

# --8<-- [start:listing]
import sintonia

TRAINABLE = (
    "{% for message in messages %}"
    "{{ '<|im_start|>' + message['role'] + '\n' }}"
    "{% if message['role'] == 'assistant' %}"
    "{% generation %}{{ message['content'] + '<|im_end|>' }}{% endgeneration %}"
    "{% else %}{{ message['content'] + '<|im_end|>' }}{% endif %}"
    "{{ '\n' }}{% endfor %}"
    "{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}"
)
hard = [
    "Olá, ação!",
    "¿Qué?\n\nNada.",
    "你好，世界",
    "  spaces  ",
    "a 😀",
    "{{ messages }}",
    "",
]
checked = 0
for content in hard:
    turns = [
        ("system", "Be brief."),
        ("user", content),
        ("assistant", content),
        ("user", content),
    ]
    messages = [{"role": role, "content": text} for role, text in turns]
    for prompt in (False, True):
        ours = sintonia.render(messages, TRAINABLE, add_generation_prompt=prompt)
        theirs = sintonia.render(
            messages, "smollm2-original", add_generation_prompt=prompt
        )
        assert ours.text.encode() == theirs.text.encode(), repr(content)
        assert ours.assistant_texts == [content + "<|im_end|>"], repr(content)
        checked += 1
print(
    checked,
    "renderings, byte for byte the same; the reply and its end are marked in each",
)
# --8<-- [end:listing]
