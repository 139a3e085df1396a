import ast

ALLOWED = {"mit", "apache-2.0", "bsd-3-clause"}


def to_conversations(row):
    pass


if __name__ == "__main__":
    content = '''
def area(radius):
    """Return the area of a circle."""
    return 3.14 * radius**2
'''
    print(ast.get_docstring(ast.parse(content).body[0]))
    print(to_conversations({"content": content, "lang": "Python", "licenses": ["mit"]}))
