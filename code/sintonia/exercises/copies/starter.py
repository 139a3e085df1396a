def drop_copies(rows):
    pass


if __name__ == "__main__":

    def row(ask, reply):
        return {
            "messages": [
                {"role": "user", "content": ask},
                {"role": "assistant", "content": reply},
            ]
        }

    rows = [
        row("Capital of Peru?", "Lima."),
        row("capital of  Peru?\n", "Lima."),
        row("Capital of Peru?", "It is Lima."),
    ]
    print(drop_copies(rows))
