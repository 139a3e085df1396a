"""Functions with and without docstrings, a method, other languages, licences, files that do not parse."""

import ast
import textwrap

from sintonia.exercises.judging import Stop, failed

CONTENT = '''import math

def area(radius):
    """Return the area of a circle."""
    return math.pi * radius**2

def helper(x):
    return x + 1

class Clock:
    """Tells the time."""

    def minutes(self, hours):
        """Return how many minutes that many hours have.

        Half hours count.
        """
        # A comment may be lost.
        return int(hours * 60)
'''
ROW = {"content": CONTENT, "lang": "Python", "licenses": ["mit"]}
EMPTY = [
    ("other-language", {**ROW, "lang": "Ruby"}),
    ("licence-ignored", {**ROW, "licenses": ["gpl-3.0"]}),
    ("licence-ignored", {**ROW, "licenses": []}),
    ("not-parsed", {**ROW, "content": 'def old():\n    """Say one."""\n    print 1\n'}),
]


def check(work):
    wanted = {
        node.name: node
        for node in ast.walk(ast.parse(CONTENT))
        if isinstance(node, ast.FunctionDef) and ast.get_docstring(node)
    }
    found = work.call("to_conversations", ROW)
    replies = {}
    try:
        for user, assistant in found:
            if (user["role"], assistant["role"]) != ("user", "assistant"):
                raise ValueError("roles")
            replies[name_of(assistant["content"])] = user["content"], assistant["content"]
    except (TypeError, ValueError, KeyError):
        yield failed("no-conversations", found)
        return
    if None not in replies and (set(replies) != set(wanted) or len(found) != len(wanted)):
        yield failed("functions-wrong", list(replies), list(wanted))
        return
    for name, node in wanted.items():
        if name not in replies:
            yield failed("reply-wrong", replies[None][1], name=name)
            return
        asked, reply = replies[name]
        lines = ast.get_docstring(node).splitlines()
        if name not in asked or not all(line.strip() in asked for line in lines):
            yield failed("wish-missing", asked, name=name)
            return
        if ast.get_docstring(parsed(reply)):
            yield failed("docstring-left", reply)
            return
        node.body = node.body[1:]
        if ast.dump(parsed(reply)) != ast.dump(node):
            yield failed("reply-wrong", reply, ast.unparse(node), name=name)
            return
    yield from rows_without(work)


def rows_without(work):
    """Rows that must give nothing, and one that must give as much as the first."""
    for key, row in EMPTY:
        try:
            found = work.call("to_conversations", row)
        except Stop as stop:
            if key == "not-parsed" and stop.failure.key == "raised":
                stop.failure.key = key  # the line and the exception stay
            raise
        if found:
            yield failed(key, found, [], error="SyntaxError")
            return
    if not work.call("to_conversations", {**ROW, "licenses": ["gpl-3.0", "mit"]}):
        yield failed("licence-refused", [])


def parsed(reply):
    """The function that a reply is; of a method its indentation may be left."""
    return ast.parse(textwrap.dedent(reply)).body[0]


def name_of(reply):
    """The name of the function in a reply, `None` if there is not exactly one."""
    try:
        node = parsed(reply)
    except (SyntaxError, IndexError):
        return None
    return node.name if isinstance(node, ast.FunctionDef) else None
