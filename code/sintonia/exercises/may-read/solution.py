def may_read(position_ids):
    example, which = 0, []
    for place, position in enumerate(position_ids):
        if place and position != position_ids[place - 1] + 1:
            example += 1
        which.append(example)
    seq = range(len(which))
    return [[int(j <= i and which[j] == which[i]) for j in seq] for i in seq]
