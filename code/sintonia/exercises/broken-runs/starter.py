import sintonia
from sintonia.models import load_tokenizer


def mend(conversations, rows):
    pass


if __name__ == "__main__":
    conversation = [
        {"role": "user", "content": "What is the capital of Peru?"},
        {"role": "assistant", "content": "Lima."},
    ]
    example = sintonia.encode([conversation])[0]
    print(load_tokenizer().convert_tokens_to_ids(["<|im_start|>", "<|im_end|>"]))
    cut = {"input_ids": example["input_ids"][:-3], "labels": sintonia.labels(example)[:-3]}
    print(mend([conversation], [cut]))
