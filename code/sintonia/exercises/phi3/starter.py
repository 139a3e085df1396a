import sintonia

PHI3 = ""
CONTENTS = ("Olá!",)


def by_hand(messages, prompt):
    pass


if __name__ == "__main__":
    for content in CONTENTS:
        messages = [
            {"role": "user", "content": content},
            {"role": "assistant", "content": content},
        ]
        rendered = sintonia.render(messages, PHI3)
        print(rendered.text == by_hand(messages, False), rendered.assistant_texts)
