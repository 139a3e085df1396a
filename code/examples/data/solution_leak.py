"""Solution: three ways in which a test row may have been trained on."""

# --8<-- [start:listing]
from sintonia.similarity import words


def asked(row):
    users = [m["content"] for m in row["messages"] if m["role"] == "user"]
    return tuple(words("\n".join(users)))


def groups(found):
    return set(zip(found, found[1:], found[2:], strict=False))


def leaks(train, test):
    ids = {row["id"] for row in train}
    prompts = {asked(row) for row in train}
    known = [groups(prompt) for prompt in prompts]
    found = {}
    for number, row in enumerate(test):
        mine = groups(asked(row))
        if row["id"] in ids:
            found[number] = "same id"
        elif asked(row) in prompts:
            found[number] = "same words"
        # Multiplied out, so that a prompt without groups divides nothing by zero.
        elif any(mine and len(mine & one) >= 0.8 * len(mine | one) for one in known):
            found[number] = "near copy"
    return found


def row(id, ask):
    return {"id": id, "messages": [{"role": "user", "content": ask}]}


NOTE = (
    "Write a short and friendly note that tells all of my neighbours about the party "
    "on the roof on {day} night."
)
train = [
    row("peru", "Qual é a capital do Peru?"),
    row("gold", "What is the chemical symbol for gold?"),
    row("note", NOTE.format(day="Saturday")),
]
test = [
    row("peru", "秘鲁的首都是哪里？"),
    row("au", "what is the chemical symbol for GOLD"),
    row("note-2", NOTE.format(day="Sunday")),
    row("silver", "What is the chemical symbol for silver?"),
    row("au-2", "Gold: which letters stand for it in chemistry?"),
]
print(leaks(train, test))
# --8<-- [end:listing]
