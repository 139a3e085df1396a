"""Solution: exact copies, whatever their white space and their capitals."""


# --8<-- [start:listing]
def drop_copies(rows):
    seen, kept = set(), []
    for row in rows:
        key = tuple(
            (message["role"], " ".join(message["content"].casefold().split()))
            for message in row["messages"]
        )
        if key not in seen:
            seen.add(key)
            kept.append(row)
    return kept


def row(ask, reply):
    return {
        "messages": [
            {"role": "user", "content": ask},
            {"role": "assistant", "content": reply},
        ]
    }


rows = [
    row("Capital of Peru?", "Lima."),
    row("capital of  Peru?\n", "Lima."),
    row("Capital of Peru?", "It is Lima."),
]
kept = drop_copies(rows)
print([message["content"] for row in kept for message in row["messages"]])
# --8<-- [end:listing]
