"""Solution: read what the labels teach."""

# --8<-- [start:listing]
import sintonia
from sintonia.models import load_tokenizer

tokenizer = load_tokenizer()
conversation = [
    {"role": "user", "content": "Traduza para o inglês: bom dia"},
    {"role": "assistant", "content": "Good morning."},
]
labels = sintonia.labels(sintonia.encode([conversation])[0])
taught = [label for label in labels if label != -100]
print(taught)
print(repr(tokenizer.decode(taught)))
# --8<-- [end:listing]
