from sintonia.similarity import words


def leaks(train, test):
    pass


if __name__ == "__main__":

    def row(id, ask):
        return {"id": id, "messages": [{"role": "user", "content": ask}]}

    train = [row("gold", "What is the chemical symbol for gold?")]
    test = [row("au", "what is the chemical symbol for GOLD")]
    print(words(test[0]["messages"][0]["content"]))
    print(leaks(train, test))
