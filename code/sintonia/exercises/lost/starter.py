def lost(example, limit):
    pass


if __name__ == "__main__":
    example = {
        "input_ids": [1, 5, 6, 7, 8, 2, 9],
        "assistant_mask": [0, 0, 0, 1, 1, 1, 0],
    }
    for limit in (7, 6, 5, 4, 3):
        print(limit, lost(example, limit))
