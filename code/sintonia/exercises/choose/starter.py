from sintonia import estimates

LENGTHS = (256, 512, 1024, 2048, 4096)
ROWS = 32  # in one update


def choose(config, memory, lengths):
    pass


if __name__ == "__main__":
    needed = estimates.training_memory(estimates.EMBEDDED_CONFIG, batch_size=8, length=512, rank=16)
    print("8 rows of 512:", needed.total / 2**30, "GiB")
    lengths = [90] * 60 + [300] * 39 + [3000]
    for gib in (32, 8, 2, 0.5):
        print(gib, "GiB", choose(estimates.EMBEDDED_CONFIG, gib * 2**30, lengths))
