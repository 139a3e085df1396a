def drop_copies(rows):
    seen, kept = set(), []
    for row in rows:
        key = tuple(
            (message["role"], " ".join(message["content"].casefold().split())) for message in row["messages"]
        )
        if key not in seen:
            seen.add(key)
            kept.append(row)
    return kept
