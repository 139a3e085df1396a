"""One way to solve the exercise: a reply held against rules."""

# --8<-- [start:listing]
import json
import re


def follows(reply, rules):
    if not reply.strip():
        return False
    if "max_words" in rules and len(reply.split()) > rules["max_words"]:
        return False
    lines = reply.splitlines()
    if (
        "items" in rules
        and sum(line.startswith("- ") for line in lines) != rules["items"]
    ):
        return False
    said = re.findall(r"\w+", reply.casefold())
    if any(word.casefold() in said for word in rules.get("excludes", [])):
        return False
    if "json_keys" not in rules:
        return True
    try:
        value = json.loads(reply)
    except ValueError:
        return False
    return isinstance(value, dict) and set(value) == set(rules["json_keys"])


rules = {"json_keys": ["min", "max"], "max_words": 4}
for reply in ('{"min": 3, "max": 11}', 'Here: {"min": 3, "max": 11}', "3 and 11", ""):
    print(f"{follows(reply, rules)!s:<6}{reply!r}")
print(follows("A seaside town.", {"excludes": ["sea"]}))
# --8<-- [end:listing]
