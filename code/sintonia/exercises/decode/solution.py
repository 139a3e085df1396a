import sintonia
from sintonia.models import load_tokenizer


def taught_text(conversation):
    tokenizer = load_tokenizer()
    labels = sintonia.labels(sintonia.encode([conversation])[0])
    taught = [label for label in labels if label != -100]
    return tokenizer.decode(taught)
