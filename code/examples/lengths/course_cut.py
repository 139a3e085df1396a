"""One limit, three policies, four languages: what the course's training rows lose."""

# --8<-- [start:listing]
import sintonia

print("               rows     answers  tokens")
print("              gone empty cut stop   lost")
for lang in ("en", "pt", "es", "zh"):
    rows = list(sintonia.load_conversations(f"code/sintonia/data/train/{lang}.jsonl"))
    for policy in ("keep_start", "drop", "keep_answer"):
        cuts = []
        sintonia.encode(rows, max_length=128, truncation=policy, on_cut=cuts.append)
        cut = cuts[0]
        print(
            f"{lang} {policy:<11}{cut.rows_dropped:>4}{cut.rows_emptied:>6}"
            f"{cut.answers_cut:>4}{cut.stop_tokens_lost:>5}{cut.tokens_cut:>7}"
        )
# --8<-- [end:listing]
