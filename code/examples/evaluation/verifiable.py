"""Instructions that a program can check, on replies written for the purpose."""

# --8<-- [start:listing]
from sintonia.instruction_checks import match_json, obeys

replies = [
    ({"kind": "items", "count": 2}, "1. Tea\n2. Rice"),
    ({"kind": "items", "count": 2}, "Tea and rice."),
    ({"kind": "sentences", "count": 1}, "It costs 2.50 at Mr. Lee's."),
    ({"kind": "excludes", "words": ["sea"]}, "A seaside town."),
    ({"kind": "excludes", "words": ["sea"]}, "A town by the SEA."),
    ({"kind": "json_keys", "keys": ["min", "max"]}, '{"max": 11, "min": 3}'),
    ({"kind": "json_keys", "keys": ["min", "max"]}, 'Here: {"max": 11, "min": 3}'),
    ({"kind": "excludes", "words": ["sea"]}, ""),
]
for check, reply in replies:
    asked = ", ".join(str(value) for value in check.values())
    print(f"{'yes' if obeys(reply, check, 'en') else 'no':<4}{asked:<28}{reply!r}")

print(match_json('{"min": 3, "max": 8}', '{"min": 3, "max": 11}'))
# --8<-- [end:listing]
