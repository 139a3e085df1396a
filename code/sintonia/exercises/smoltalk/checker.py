"""Rows in three languages, of one and two turns, with and without a system message."""

from sintonia.exercises.judging import failed

ROWS = [
    {"source": "everyday", "messages": [("user", "你好！"), ("assistant", "你好！需要什么帮助？")]},
    {
        "full_topic": "Viajes/Perú",
        "messages": [
            ("system", "Responde en una frase."),
            ("user", "¿Capital de Perú?"),
            ("assistant", "Lima."),
            ("user", "¿Y de Chile?"),
            ("assistant", "Santiago."),
        ],
    },
]


def check(work):
    for row in ROWS:
        turns = row["messages"]
        messages = [{"role": role, "content": content} for role, content in turns]
        expected = [f"{content}<|im_end|>" for role, content in turns if role == "assistant"]
        found = work.call("supervised", {**row, "messages": messages})
        if isinstance(found, (list, tuple)) and list(found) == expected:
            continue
        if not isinstance(found, (list, tuple)) or not all(isinstance(text, str) for text in found):
            yield failed("no-list", found, expected)
        elif any(content in found for role, content in turns if role != "assistant"):
            yield failed("user-text", found, expected)
        elif [text.removesuffix("<|im_end|>").strip() for text in found] == [
            text.removesuffix("<|im_end|>") for text in expected
        ]:
            yield failed("end-missing", found, expected)
        else:
            yield failed("texts-wrong", found, expected)
        return
