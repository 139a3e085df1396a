import sintonia


def first_run(rows, path):
    pass


if __name__ == "__main__":
    rows = [
        {
            "source": "everyday-conversations",
            "score": 4.5,
            "messages": [
                {"role": "user", "content": "你好！"},
                {"role": "assistant", "content": "你好！需要什么帮助？"},
            ],
        }
    ]
    print(sintonia.render(rows[0]["messages"], "chatml").text)
    print(first_run(rows, "first-run.jsonl"))
