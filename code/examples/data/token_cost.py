"""What one sentence costs in four languages."""

# --8<-- [start:listing]
from sintonia.models import load_tokenizer

tokenizer = load_tokenizer()
sentences = {
    "en": "Tomorrow the library opens at nine and closes at noon.",
    "pt": "Amanhã a biblioteca abre às nove e fecha ao meio-dia.",
    "es": "Mañana la biblioteca abre a las nueve y cierra al mediodía.",
    "zh": "明天图书馆九点开门，中午关门。",
}
print("     characters  bytes  tokens  bytes per token")
for lang, text in sentences.items():
    ids = tokenizer(text, add_special_tokens=False)["input_ids"]
    size = len(text.encode())
    print(
        f"{lang}{len(text):>13}{size:>7}{len(ids):>8}{size / len(ids):>17.2f}",
    )
    print("    ", "|".join(tokenizer.decode([id]) for id in ids))
# --8<-- [end:listing]
