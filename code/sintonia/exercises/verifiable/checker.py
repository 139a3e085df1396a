"""Each rule alone, kept and broken; borders; rules together; replies that are nothing."""

from sintonia.exercises.judging import failed

KEYS = {"json_keys": ["min", "max"]}
CASES = [  # reply, rules, right answer, message
    ("- tea\n- rice\n- beans", {"items": 3}, True, "items-wrong"),
    ("- tea\n- rice", {"items": 3}, False, "items-wrong"),
    ("- tea\n- rice\n- beans\n- oil", {"items": 3}, False, "items-wrong"),
    ("Well - tea - rice", {"items": 2}, False, "items-wrong"),
    ("Of course:\n- tea\n- rice", {"items": 2}, True, "items-wrong"),
    ("one two three", {"max_words": 3}, True, "words-wrong"),
    ("one two three four", {"max_words": 3}, False, "words-wrong"),
    ("one,  two\nthree", {"max_words": 3}, True, "words-wrong"),
    ("one two\nthree\nfour", {"max_words": 3}, False, "words-wrong"),
    ("A town by the sea.", {"excludes": ["sea"]}, False, "word-missed"),
    ("Sea air is good.", {"excludes": ["sea"]}, False, "case-missed"),
    ("The air is good.", {"excludes": ["sky", "AIR"]}, False, "case-missed"),
    ("A seaside town.", {"excludes": ["sea"]}, True, "part-of-word"),
    ("Nice.", {"excludes": ["sea", "ice"]}, True, "part-of-word"),
    ('{"min": 3, "max": 11}', KEYS, True, "json-wrong"),
    (' {"max": 11,\n "min": 3}\n', KEYS, True, "json-wrong"),
    ('{"min": 3}', KEYS, False, "json-wrong"),
    ('{"min": 3, "max": 11, "mean": 7}', KEYS, False, "json-wrong"),
    ('{"min": 3, "max": 11', KEYS, False, "json-wrong"),
    ('Here it is: {"min": 3, "max": 11}', KEYS, False, "json-around"),
    ('```json\n{"min": 3, "max": 11}\n```', KEYS, False, "json-around"),
    ('["min", "max"]', KEYS, False, "json-no-object"),
    ("12", KEYS, False, "json-no-object"),
    ("- tea\n- rice", {"items": 2, "max_words": 3}, False, "all-rules"),
    ("- tea\n- rice", {"items": 2, "excludes": ["rice"]}, False, "all-rules"),
    ('{"min": 3, "max": 11}', {**KEYS, "max_words": 3}, False, "all-rules"),
    ("- tea\n- rice", {"items": 2, "max_words": 4, "excludes": ["oil"]}, True, "all-rules"),
    ("", {"max_words": 3}, False, "nothing-said"),
    (" \n", {"excludes": ["sea"]}, False, "nothing-said"),
]


def check(work):
    for reply, rules, right, key in CASES:
        found = work.call("follows", reply, rules)
        if found not in (True, False):
            yield failed("no-truth", found, right)
            return
        if bool(found) != right:
            yield failed(key, bool(found), right)
            return
