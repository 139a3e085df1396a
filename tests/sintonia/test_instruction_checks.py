"""Each kind of check tells obedience from disobedience, in four languages, and takes what models write."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sintonia import InputError
from sintonia.instruction_checks import KINDS, JsonMatch, match_json, obeys, read_json, spoken_values

CASES = [
    # kind, value, lang, obeys, does not
    ("items", {"count": 2}, "en", "1. tea\n2. rice", "1. tea\n2. rice\n3. milk"),
    ("items", {"count": 2}, "zh", "1、茶\n2、米", "茶和米"),
    ("items", {"count": 3}, "pt", "- chá\n* arroz\n• leite", "-chá -arroz -leite"),
    ("sentences", {"count": 2}, "en", "It costs 2.5 dollars. Yes!", "It costs 2.5 dollars."),
    ("sentences", {"count": 2}, "es", "¿Quién es? Soy yo", "¿Quién es?"),
    ("sentences", {"count": 2}, "zh", "天冷了。“走吧！”", "天冷了，走吧！"),
    ("sentences", {"count": 2}, "en", "1. One thing.\n2. Another thing.", "1. One thing."),
    ("includes", {"words": ["sea", "sun"]}, "en", "The Sun over the sea.", "The sun at the seaside."),
    ("includes", {"words": ["海"]}, "zh", "海边很冷。", "山里很冷。"),
    ("includes", {"words": ["água"]}, "pt", "Água fria.", "Aguardente fria."),
    ("excludes", {"words": ["bebida"]}, "pt", "Feito de grãos.", "Uma Bebida quente."),
    ("excludes", {"words": ["咖啡"]}, "zh", "一种热饮。", "咖啡是热饮。"),
    ("starts", {"text": "Dear"}, "en", "dear all", "To all"),
    ("ends", {"text": "Até breve!"}, "pt", "Obrigado. Até breve!\n", "Até breve! Obrigado."),
    ("max_chars", {"max": 4}, "zh", "四个字了", "超过四个字"),
    ("json_keys", {"keys": ["min", "max"]}, "en", '{"max": 2, "min": 1}', '{"max": 2}'),
    ("json_keys", {"keys": ["a"]}, "en", ' {"a": null} ', '```json\n{"a": 1}\n```'),
    ("one_of", {"values": ["yes", "no"]}, "en", "Yes.", "Yes, of course."),
    ("one_of", {"values": ["是", "否"]}, "zh", "是。", "是的。"),
]


@pytest.mark.parametrize(("kind", "value", "lang", "good", "bad"), CASES)
def test_checks(kind, value, lang, good, bad):
    check = {"kind": kind, **value}
    assert obeys(good, check, lang) is True
    assert obeys(bad, check, lang) is False


def test_every_kind_is_tried():
    assert {kind for kind, *_ in CASES} == set(KINDS)


@pytest.mark.parametrize(("kind", "value"), [(kind, value) for kind, value, *_ in CASES])
def test_nothing_obeys_nothing(kind, value):
    assert not any(obeys(empty, {"kind": kind, **value}, "en") for empty in ("", "  \n"))


@pytest.mark.parametrize("check", [{"kind": "rhymes"}, {}, {"kind": "items"}, {"kind": "ends", "max": 3}])
def test_a_check_that_is_none(check):
    with pytest.raises(InputError, match="^check: found "):
        obeys("a", check, "en")


def test_the_course_s_references_obey(course):
    """A check that its own reference fails would be wrong in the row or in the code."""
    tried = 0
    for (_, lang), rows in course.items():
        for row in rows:
            if "check" in row:
                assert obeys(row["messages"][-1]["content"], row["check"], lang), (row["id"], lang)
                tried += 1
    assert tried >= 4 * 20


def test_the_course_s_json_equals_itself(course):
    found = [
        match_json(row["messages"][-1]["content"], row["messages"][-1]["content"])
        for rows in course.values()
        for row in rows
    ]
    assert sum(match == JsonMatch(True, True, True) for match in found) >= 4 * 25
    assert set(found) == {None, JsonMatch(True, True, True)}


@pytest.mark.parametrize(
    ("reply", "reference", "found"),
    [
        ('{"a": 1.0}', '{"a": 1}', (True, True, True)),
        ('{"a": "1"}', '{"a": 1}', (True, True, False)),
        ('{"a": true}', '{"a": 1}', (True, True, False)),
        ('{"a": [true]}', '{"a": [1]}', (True, True, False)),
        ('{"a": 1, "b": 2}', '{"a": 1}', (True, False, False)),
        ("[1]", '{"a": 1}', (True, False, False)),
        ("[1, 2]", "[1, 2]", (True, True, True)),
        ("[2, 1]", "[1, 2]", (True, True, False)),
        ("[1]", "[1, 2]", (True, False, False)),
        ('{"a": NaN}', '{"a": 1}', (False, False, False)),
        ('{"a": 1', '{"a": 1}', (False, False, False)),
        ("[" * 100_000, '{"a": 1}', (False, False, False)),
    ],
)
def test_json(reply, reference, found):
    assert match_json(reply, reference) == JsonMatch(*found)


@pytest.mark.parametrize("reference", ["4", '"four"', "four", "null", ""])
def test_a_reference_that_is_no_json(reference):
    assert match_json("{}", reference) is None


def test_only_values_speak():
    assert spoken_values({"city": "Lima", "more": {"tags": ["mar", 3, True, None, "sol"]}}) == "Lima mar sol"


@given(st.text())
def test_whatever_a_model_writes_is_judged(text):
    for kind, value, lang, *_ in CASES:
        assert obeys(text, {"kind": kind, **value}, lang) in (True, False)
    assert read_json(text) is None or isinstance(read_json(text), (dict, list))
