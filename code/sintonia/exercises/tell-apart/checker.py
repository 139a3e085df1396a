"""Replies that end and do not, that echo the prompt at the start, in the middle, in capitals, in Chinese."""

from sintonia.exercises.judging import failed

WORDS = ("reply", "echo", "runs on")
ASK = "Name a river."
CASES = [  # prompt, reply, did it stop, expected, key when an echo is missed
    (ASK, "The Nile.", True, "reply", None),
    (ASK, "A river is a river is a river is a river is a", False, "runs on", None),
    (ASK, "Name a river. Name a river. Name a river. Name a", False, "runs on", None),
    (ASK, "The Nile. " * 40, True, "reply", None),
    (ASK, "Name a river.", True, "echo", "echo-missed"),
    (ASK, "You said: Name a river. I name the Nile.", True, "echo", "echo-missed"),
    ("葡萄牙的首都是哪里？", "葡萄牙的首都是哪里？", True, "echo", "echo-missed"),
    (ASK, "NAME A RIVER.", True, "echo", "written-otherwise"),
    ("What is PADDING?", "what is padding? It fills rows.", True, "echo", "written-otherwise"),
    ("\n Name a river. \n", "Name a river.", True, "echo", "written-otherwise"),
    ("Qual é a capital do Peru?", "A capital do Peru é Lima.", True, "reply", None),
    ("Name a river.", "Name", True, "reply", None),
    ("Name a river.", "Name a river", True, "reply", None),
]


def check(work):
    for prompt, reply, stopped, expected, missed in CASES:
        found = work.call("behaviour", prompt, reply, stopped)
        if found == expected:
            continue
        if found not in WORDS:
            key = "no-such-word"
        elif expected == "runs on":
            key = "end-first"
        elif found == "runs on":
            key = "stopped-by-itself"
        elif expected == "echo":
            key = missed
        else:
            key = "no-echo"
        yield failed(key, found, expected)
        return
