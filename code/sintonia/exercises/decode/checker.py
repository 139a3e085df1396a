"""Three languages, one and two turns."""

from sintonia.exercises.judging import failed

CONVERSATIONS = [
    ["Traduza para o inglês: bom dia", "Good morning."],
    ["¿Capital de Perú?", "Lima.", "¿Y de Chile?", "Santiago."],
    ["一加一？", "二。"],
]


def check(work):
    for contents in CONVERSATIONS:
        roles = ("user", "assistant") * len(contents)
        turns = [{"role": role, "content": text} for role, text in zip(roles, contents, strict=False)]
        replies = contents[1::2]
        found = work.call("taught_text", turns)
        expected = "".join(f"{text}<|im_end|>" for text in replies)
        if found == expected:
            continue
        if not isinstance(found, str):
            yield failed("no-text", found, expected)
        elif any(text in found for text in contents[::2]):
            yield failed("prompt-taught", found, expected)
        elif all(text in found for text in replies) and found.count("<|im_end|>") < len(replies):
            yield failed("end-missing", found, expected)
        else:
            yield failed("text-wrong", found, expected)
        return
