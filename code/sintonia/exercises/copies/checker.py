"""Copies to the letter, in white space and in capitals; other replies, other roles, other words."""

from sintonia.exercises.judging import failed

ROWS = [  # id, what the row is, contents; the roles alternate from the first one
    ("peru", "new", "user", "Capital of Peru?", "Lima."),
    ("chile", "new", "user", "Capital of Chile?", "Santiago."),
    ("peru-2", "copy", "user", "Capital of Peru?", "Lima."),
    ("peru-3", "spaced", "user", "capital of  Peru?\n", "LIMA."),
    ("peru-4", "reply", "user", "Capital of Peru?", "It is Lima."),
    ("words", "new", "user", "Is this an ice cream?", "Yes."),
    ("words-2", "word", "user", "Is this an icecream?", "Yes."),
    ("turns", "new", "user", "¿Y tú?", "Yo también.", "¿Y tú?"),
    ("roles", "role", "assistant", "¿Y tú?", "Yo también.", "¿Y tú?"),
    ("zh", "new", "user", "秘鲁的首都是哪里？", "利马。"),
]
KEEP = [id for id, kind, *_ in ROWS if kind not in ("copy", "spaced")]


def check(work):
    rows = [
        {"id": id, "lang": "en", "messages": list(alternating(first, contents))}
        for id, _, first, *contents in ROWS
    ]
    found = work.call("drop_copies", rows)
    work.last_call = "drop_copies(rows)"
    if not isinstance(found, (list, tuple)) or any(row not in rows for row in found):
        yield failed("no-rows", found)
        return
    kept = [row["id"] for row in found]
    lost = [id for id in KEEP if id not in kept]
    if kept == KEEP:
        return
    texts = {row["id"]: [message["content"] for message in row["messages"]] for row in rows}
    if "peru-2" in kept and "peru" in kept:
        yield failed("copy-left", texts["peru-2"])
    elif "peru-3" in kept and "peru" in kept:
        yield failed("space-or-case", texts["peru-3"])
    elif "peru-4" in lost:
        yield failed("reply-lost", texts["peru-4"])
    elif lost and "peru" not in lost:
        yield failed("row-lost", texts[lost[0]])
    else:
        yield failed("order", kept, KEEP)


def alternating(first, contents):
    """Messages from a first role on."""
    roles = ["user", "assistant"] if first == "user" else ["assistant", "user"]
    for place, content in enumerate(contents):
        yield {"role": roles[place % 2], "content": content}
