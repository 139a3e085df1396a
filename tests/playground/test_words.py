"""The playground's words, codes and cases: complete, used, and the same everywhere."""

from __future__ import annotations

import re
from pathlib import Path

import yaml

from sitekit import playground

SOURCES = Path(__file__).parents[2] / "code" / "playground"
_CODES = (r'Refusal\(\s*"([\w-]+)"', r'code: "([\w-]+)", detail')
CODE = "".join(path.read_text(encoding="utf-8") for path in sorted(SOURCES.glob("*/*.js")))
WORDS = yaml.safe_load((SOURCES / "words.yml").read_text(encoding="utf-8"))
LANGUAGES = ("pt", "es", "zh", "en")


def test_four_texts_a_key_with_the_same_names():
    for key, texts in WORDS.items():
        assert set(texts) == set(LANGUAGES), key
        names = {lang: sorted(re.findall(r"{(\w+)}", text)) for lang, text in texts.items()}
        assert len({tuple(each) for each in names.values()}) == 1, (key, names)


def test_every_key_is_used_and_every_use_has_words():
    made = {f"case-{name}" for name in playground.cases("en")}
    refusals = {code for pattern in _CODES for code in re.findall(pattern, CODE)}
    refusals |= {"bad-state", "too-much-text"}
    made |= {f"refusal-{code}" for code in refusals}
    made |= {f"mode-{name}" for name in ("assistant-only", "completion-only", "everything")}
    made |= {"side-right", "side-left", "error", "warning", "note", "row-alone", "row-padded", "row-pack"}
    made |= {"title", "loading", "no-script", "token-supervised", "token-plain", "token-cut"}
    made |= {"copied", "not-copied"}
    made |= set(re.findall(r'say\("([\w-]+)"', CODE))
    assert set(WORDS) == made


def test_findings_are_those_of_the_engine_and_have_sections():
    said = set(re.findall(r'add\("([A-Z]\d\d)"', CODE))
    assert said == set(playground.CODES)
    for lang in LANGUAGES:
        page = (SOURCES.parents[1] / "docs" / lang / "doctor.md").read_text(encoding="utf-8")
        for code in said:
            assert f"{{#{code.lower()}}}" in page
            assert playground.finding_titles(lang)[code]["title"]


def test_cases_are_the_same_conversation_in_four_languages():
    for name in playground.cases("en"):
        shapes = set()
        for lang in LANGUAGES:
            case = playground.cases(lang)[name]
            assert set(case["parallel"]) == set(LANGUAGES)
            assert case["parallel"][lang] == case["state"]["messages"]
            shapes.add(tuple(turn["role"] for turn in case["state"]["messages"]))
        assert len(shapes) == 1, name


def test_a_mark_becomes_the_component_and_carries_no_markup():
    html = playground.fill("<!-- playground: injection -->", "pt", "pt/", lambda path: f"../../{path}")
    assert html.count("<section") == 1 and "<|im_end|>" not in html
    assert "\\u003c|im_end|>" in html and "../../pt/doctor/" in html


def test_an_unknown_case_is_named():
    try:
        playground.fill("<!-- playground: nothing -->", "en", "", str)
    except playground.Problem as problem:
        assert "found the case 'nothing'; expected one of templates" in str(problem)
    else:
        raise AssertionError("expected a Problem")
