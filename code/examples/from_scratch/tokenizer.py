"""A BPE tokenizer grown on four lines: what is frequent becomes one token."""

# --8<-- [start:listing]
from sintonia.small_model import train_tokenizer

lines = [
    "the capital of Peru is Lima",
    "the capital of Japan is Tokyo",
    "the capital of Kenya is Nairobi",
    "a capital city is a city",
]
for vocabulary in (259, 269, 289):  # 256 bytes and three special tokens, then more
    tokenizer = train_tokenizer(lines, vocabulary)
    pieces = tokenizer.tokenize("the capital of Chile")
    print(f"{vocabulary}: {len(pieces):>2}  {' '.join(pieces).replace('Ġ', '␣')}")
# --8<-- [end:listing]
