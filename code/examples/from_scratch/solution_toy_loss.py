"""Solution: the masked loss of a toy, with the shift made by hand."""

# --8<-- [start:listing]
import math


def masked_loss(guesses, input_ids, mask):
    surprises = []
    for place in range(1, len(input_ids)):  # nothing guesses the first token
        if mask[place]:
            guess = guesses[place - 1]  # written one place earlier
            surprises.append(-math.log(guess[input_ids[place]]))
    return sum(surprises) / max(1, len(surprises))


guesses = [  # (seq, vocabulary): row i is the guess at the token of place i + 1
    [0.10, 0.20, 0.60, 0.10],
    [0.25, 0.25, 0.25, 0.25],
    [0.50, 0.10, 0.10, 0.30],
    [0.70, 0.10, 0.10, 0.10],
]
input_ids = [3, 1, 2, 0]
print(f"reply of two tokens  {masked_loss(guesses, input_ids, [0, 0, 1, 1]):.4f}")
print(f"by hand              {(math.log(4) + math.log(2)) / 2:.4f}")
print(f"nothing supervised   {masked_loss(guesses, input_ids, [0, 0, 0, 0]):.4f}")
# --8<-- [end:listing]
