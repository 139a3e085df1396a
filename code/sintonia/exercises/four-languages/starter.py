import numpy as np

from sintonia.intervals import difference


def verdicts(results):
    pass


if __name__ == "__main__":
    results = [
        {"id": "tea", "lang": "pt", "base": 0, "tuned": [1, 1, 1]},
        {"id": "tea", "lang": "en", "base": 1, "tuned": [1, 0, 1]},
        {"id": "rice", "lang": "pt", "base": 0, "tuned": [1, 0, 1]},
        {"id": "rice", "lang": "en", "base": None, "tuned": [1, 1, None]},
        {"id": "oil", "lang": "pt", "base": 0, "tuned": [0, 1, 1]},
        {"id": "oil", "lang": "en", "base": 1, "tuned": [1, 1, 1]},
    ]
    print(verdicts(results))
    before = np.array([0.0, 0.0, 0.0]), np.ones(3)  # what counts, and what it is counted of
    after = np.array([[1.0, 1.0, 0.0], [1.0, 0.0, 1.0]]), np.ones((2, 3))  # a row for each seed
    print(difference(before, after, ["tea", "rice", "oil"]))
