def schedule(rows, recipe):
    pass


if __name__ == "__main__":
    print(schedule(100, {}))
    print(schedule(100, {"per_device_train_batch_size": 4, "warmup_steps": 0.1}))
