def token_accuracy(logits, labels):
    right = graded = 0
    for scores, label in zip(logits, labels[1:], strict=False):  # place i guesses i + 1
        if label != -100:
            graded += 1
            right += scores.index(max(scores)) == label
    return right / graded if graded else 0.0
