import ast

ALLOWED = {"mit", "apache-2.0", "bsd-3-clause"}


def to_conversations(row):
    if row["lang"] != "Python" or not ALLOWED.intersection(row["licenses"]):
        return []
    try:
        tree = ast.parse(row["content"])
    except (SyntaxError, ValueError):
        return []  # Python 2, or no Python at all
    conversations = []
    for node in ast.walk(tree):
        if not isinstance(node, ast.FunctionDef) or len(node.body) < 2:
            continue
        wish = ast.get_docstring(node)
        if not wish:
            continue
        node.body = node.body[1:]  # the request must not stand in the reply
        conversations.append(
            [
                {
                    "role": "user",
                    "content": f"Write a Python function `{node.name}`. {wish}",
                },
                {"role": "assistant", "content": ast.unparse(node)},
            ]
        )
    return conversations
