def last_turn_only(mask):
    kept = [0] * len(mask)
    end = len(mask) - 1 - mask[::-1].index(1)  # last supervised position
    while end >= 0 and mask[end]:
        kept[end] = 1
        end -= 1
    return kept
