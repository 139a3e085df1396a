import sintonia


def trl_rows(conversations, teach):
    pass


if __name__ == "__main__":
    conversation = [
        {"role": "user", "content": "Is 91 prime?"},
        {"role": "assistant", "content": "Yes."},
        {"role": "user", "content": "And 7 times 13?"},
        {"role": "assistant", "content": "Sorry: 91 is 7 times 13."},
    ]
    print(sintonia.encode([conversation])[0])
    print(trl_rows([conversation], lambda message: message["content"] != "Yes."))
