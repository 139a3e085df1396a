"""The template against bytes, its markers, the function by hand, and whether the contents prove anything."""

import sintonia
from sintonia.errors import InputError, first_line
from sintonia.exercises.judging import failed

ROLES = ("system", "user", "assistant", "user", "assistant")
AWKWARD = ("Olá!", "", "😀", "你好，世界。", "¿Qué?\n", " with spaces ", "{{ messages }}", "<b>&amp;</b>")
RIGHT = "{{ '<|' + message['role'] + '|>\n' + TEXT + '<|end|>\n' }}"
# Each is wrong for one kind of content only.
CARELESS = {
    "trim": RIGHT.replace("TEXT", "message['content'] | trim"),
    "empty": "{% if message['content'] %}" + RIGHT.replace("TEXT", "message['content']") + "{% endif %}",
}


def conversation(content):
    """Five turns with one content."""
    return [{"role": role, "content": content} for role in ROLES]


def right(messages, prompt):
    """The text that a conversation should have."""
    turns = "".join(f"<|{m['role']}|>\n{m['content']}<|end|>\n" for m in messages)
    return turns + ("<|assistant|>\n" if prompt else "")


def check(work):
    template = work.get("PHI3")
    if not isinstance(template, str) or "messages" not in template:
        yield failed("no-turns", template, call="")
        return
    failures = list(template_faults(template))
    yield from failures[:1]
    hand_faults = list(by_hand_faults(work))
    yield from hand_faults
    if not failures and not hand_faults:
        yield from proof_faults(work)


def template_faults(template):
    """What is wrong with the template."""
    for content in AWKWARD:
        messages = conversation(content)
        for prompt in (False, True):
            expected = right(messages, prompt)
            try:
                found = sintonia.render(messages, template, add_generation_prompt=prompt)
            except InputError as error:
                said = first_line(error)
                yield failed("template-refused", call="", error=said)
                return
            if found.text == expected:
                continue
            bare = "".join(found.text.split())
            if found.text == right(messages, not prompt):
                yield failed("prompt-wrong", found.text[-60:], expected[-60:], call="")
            elif content.strip() != content and bare == "".join(expected.split()):
                yield failed("trims", found.text, expected, call="")
            else:
                yield failed("text-wrong", found.text, expected, call="")
            return
        spans = sintonia.render(messages, template).assistant_texts
        wanted = [f"{content}<|end|>"] * 2
        if spans == wanted and "generation" in template.replace("add_generation_prompt", ""):
            continue
        if "generation" not in template.replace("add_generation_prompt", ""):
            yield failed("no-markers", call="")
        elif spans == [content] * 2 or (not content and not spans):
            yield failed("end-outside", spans, wanted, call="")
        else:
            yield failed("spans-wrong", spans, wanted, call="")
        return


def by_hand_faults(work):
    """What is wrong with the function by hand."""
    for content in AWKWARD:
        for prompt in (False, True):
            found = work.call("by_hand", conversation(content), prompt)
            expected = right(conversation(content), prompt)
            if found != expected:
                yield failed("hand-wrong", found, expected)
                return


def proof_faults(work):
    """A careless template that the contents do not find out."""
    contents = list(work.get("CONTENTS"))
    if len({text for text in contents if isinstance(text, str)}) < 5:
        yield failed("few-contents", contents, call="")
        return
    for turn in CARELESS.values():
        template = "{% for message in messages %}" + turn + "{% endfor %}"
        told = (sintonia.render(conversation(text), template).text for text in contents)
        if all(text == right(conversation(one), False) for text, one in zip(told, contents, strict=True)):
            yield failed("proves-nothing", template, call="")
            return
