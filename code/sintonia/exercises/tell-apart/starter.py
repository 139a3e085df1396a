def behaviour(prompt, reply, stopped):
    pass


if __name__ == "__main__":
    print(behaviour("What is the capital of Peru?", "The capital of Peru is Lima.", True))
    print(behaviour("What is the capital of Peru?", "What is the capital of Peru?", True))
