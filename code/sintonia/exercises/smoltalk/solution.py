import sintonia


def supervised(row):
    conversation = next(sintonia.load_conversations([row]))
    rendered = sintonia.render(conversation, "chatml")
    return rendered.assistant_texts
