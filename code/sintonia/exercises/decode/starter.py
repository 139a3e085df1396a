import sintonia
from sintonia.models import load_tokenizer


def taught_text(conversation):
    pass


if __name__ == "__main__":
    conversation = [
        {"role": "user", "content": "Traduza para o inglês: bom dia"},
        {"role": "assistant", "content": "Good morning."},
    ]
    example = sintonia.encode([conversation])[0]
    print(repr(load_tokenizer().decode(example["input_ids"])))
    print(repr(taught_text(conversation)))
