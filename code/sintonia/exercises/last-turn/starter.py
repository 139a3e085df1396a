def last_turn_only(mask):
    pass


if __name__ == "__main__":
    print(last_turn_only([0, 0, 1, 1, 0, 0, 1, 1, 0]))
