"""Packs of one example and of several, examples of one token, examples that do not begin at 0."""

from sintonia.exercises.judging import failed

PACKS = [  # positions, where the examples begin
    ([0, 1, 2], [0]),
    ([0, 1, 2, 3, 0, 1, 0, 1, 2], [0, 4, 6]),
    ([0, 0, 1, 0], [0, 1, 3]),
    ([3, 4, 0, 1, 5, 6], [0, 2, 4]),
]


def check(work):
    for positions, begins in PACKS:
        size = range(len(positions))
        which = [sum(begin <= place for begin in begins) for place in size]
        expected = [[int(j <= i and which[i] == which[j]) for j in size] for i in size]
        found = work.call("may_read", positions)
        rows = [list(map(int, row)) for row in found]
        if [len(row) for row in rows] != [len(positions)] * len(rows) or len(rows) != len(positions):
            yield failed("no-square", found)
            return
        for i, (given, wanted) in enumerate(zip(rows, expected, strict=True)):
            if given == wanted:
                continue
            if any(given[i + 1 :]):
                key = "reads-ahead"
            elif any(one and not other for one, other in zip(given, wanted, strict=True)):
                key = "begins-anywhere" if positions[begins[which[i] - 1]] else "reads-neighbour"
            else:
                key = "reads-too-little" if given[i] else "not-itself"
            yield failed(key, given, wanted, row=i)
            return
