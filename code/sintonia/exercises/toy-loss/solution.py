import math


def masked_loss(guesses, input_ids, mask):
    surprises = []
    for place in range(1, len(input_ids)):  # nothing guesses the first token
        if mask[place]:
            guess = guesses[place - 1]  # written one place earlier
            surprises.append(-math.log(guess[input_ids[place]]))
    return sum(surprises) / max(1, len(surprises))
