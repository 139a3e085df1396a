import sintonia


def windows(conversation, max_length):
    pass


if __name__ == "__main__":
    conversation = [
        {"role": "system", "content": "You are a guide."},
        {"role": "user", "content": "Is the museum open today?"},
        {"role": "assistant", "content": "Yes, until six."},
        {"role": "user", "content": "And how do I get there from the station?"},
        {"role": "assistant", "content": "Take tram 4."},
    ]
    print("whole:", len(sintonia.encode([conversation])[0]["input_ids"]), "tokens")
    print(windows(conversation, 40))
