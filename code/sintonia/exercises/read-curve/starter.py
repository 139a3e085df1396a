def read_curve(history):
    pass


if __name__ == "__main__":
    print(read_curve([(0, 5.3, 5.6), (50, 4.4, 5.2), (100, 3.1, 5.3), (150, 2.0, 5.8)]))
