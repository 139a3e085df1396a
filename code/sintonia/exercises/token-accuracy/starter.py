def token_accuracy(logits, labels):
    pass


if __name__ == "__main__":
    logits = [[0.1, 2.0, 0.3], [0.2, 0.1, 1.5], [3.0, 0.1, 0.2], [0.0, 0.0, 1.0]]
    labels = [-100, 1, 2, 1]
    print(token_accuracy(logits, labels))
