def may_read(position_ids):
    pass


if __name__ == "__main__":
    for row in may_read([0, 1, 2, 3, 0, 1, 0, 1, 2]) or []:
        print(*row)
