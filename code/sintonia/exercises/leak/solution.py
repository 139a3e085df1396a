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
