"""Solution: a file of code asks for nothing; a documented function does."""

# --8<-- [start:listing]
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


row = {
    "content": '''import math

def area(radius):
    """Return the area of a circle."""
    return math.pi * radius**2

def helper(x):
    return x + 1
''',
    "lang": "Python",
    "licenses": ["mit"],
}
for message in to_conversations(row)[0]:
    print(f"{message['role']}:\n{message['content']}")
print(len(to_conversations(row)), to_conversations({**row, "content": "print 1"}))
# --8<-- [end:listing]
