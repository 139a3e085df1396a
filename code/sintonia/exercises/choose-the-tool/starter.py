def choose(case):
    pass


if __name__ == "__main__":
    support = {"passed": 0.70, "needed": 0.90, "lacks": ["facts", "form"], "examples": 3000}
    print(choose(support))
