"""Token accuracy without PyTorch."""


# --8<-- [start:listing]
def token_accuracy(logits, labels):
    right = graded = 0
    for scores, label in zip(logits, labels[1:], strict=False):  # place i guesses i + 1
        if label != -100:
            graded += 1
            right += scores.index(max(scores)) == label
    return right / graded if graded else 0.0


logits = [[0.1, 2.0, 0.3], [0.2, 0.1, 1.5], [3.0, 0.1, 0.2], [0.0, 0.0, 1.0]]
print(token_accuracy(logits, [-100, 1, 2, 1]))
print(token_accuracy(logits, [-100, -100, -100, -100]))
# --8<-- [end:listing]
