import sintonia


def supervised(row):
    pass


if __name__ == "__main__":
    row = {
        "source": "everyday",
        "messages": [
            {"role": "user", "content": "你好！"},
            {"role": "assistant", "content": "你好！需要什么帮助？"},
        ],
    }
    print(sintonia.render(row["messages"], "chatml").text)
    print(supervised(row))
