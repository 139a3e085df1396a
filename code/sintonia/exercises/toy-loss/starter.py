def masked_loss(guesses, input_ids, mask):
    pass


if __name__ == "__main__":
    guesses = [  # (seq, vocabulary): row i is the guess at the token of place i + 1
        [0.10, 0.20, 0.60, 0.10],
        [0.25, 0.25, 0.25, 0.25],
        [0.50, 0.10, 0.10, 0.30],
        [0.70, 0.10, 0.10, 0.10],
    ]
    print(masked_loss(guesses, [3, 1, 2, 0], [0, 0, 1, 1]))  # (ln 4 + ln 2) / 2
