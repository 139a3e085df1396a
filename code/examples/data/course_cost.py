"""The same count over the course's training rows, which say the same in four languages."""

# --8<-- [start:listing]
import sintonia

sizes = {}
for lang in ("en", "pt", "es", "zh"):
    rows = list(sintonia.load_conversations(f"code/sintonia/data/train/{lang}.jsonl"))
    examples = sintonia.encode(rows)
    replies = [m["content"] for row in rows for m in row if m["role"] == "assistant"]
    sizes[lang] = {
        "rows": len(rows),
        "replies": len(replies),
        "tokens": sum(len(example["input_ids"]) for example in examples),
        "supervised": sum(sum(example["assistant_mask"]) for example in examples),
        "bytes": sum(len(reply.encode()) for reply in replies),
    }
everything = sum(size["supervised"] for size in sizes.values())
print("      rows  tokens  to en  supervised  share  bytes per token")
for lang, size in sizes.items():
    ratio = size["tokens"] / sizes["en"]["tokens"]
    share = size["supervised"] / everything
    # One supervised token a reply is none of its bytes: the end of the turn.
    density = size["bytes"] / (size["supervised"] - size["replies"])
    print(
        f"{lang}{size['rows']:>8}{size['tokens']:>8}{ratio:>7.2f}"
        f"{size['supervised']:>12}{share:>7.0%}{density:>17.2f}"
    )
# --8<-- [end:listing]
