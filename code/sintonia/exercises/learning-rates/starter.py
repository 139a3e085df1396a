def learning_rates(steps, peak, warmup):
    pass


if __name__ == "__main__":
    for step, rate in enumerate(learning_rates(12, 0.002, 3)):
        print(f"{step:>2} {rate:.6f} |{'#' * round(10_000 * rate)}")
