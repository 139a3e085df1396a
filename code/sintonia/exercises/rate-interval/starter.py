import numpy as np


def interval(hits, seed=0):
    pass


if __name__ == "__main__":
    stopped = [1, 0, 1, 1, 0, 1, 1, 1, 0, 1]  # ten replies: did they end by themselves?
    print(np.mean(stopped), interval(stopped))
    print(np.mean(stopped * 16), interval(stopped * 16))
