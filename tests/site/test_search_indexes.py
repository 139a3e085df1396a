"""One search index a language, with the words its readers type."""

import json
import re

import pytest

LANGS = ("pt", "es", "zh", "en")


def index(site, lang):
    folder = site if lang == "en" else site / lang
    return json.loads((folder / "search" / "search_index.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize("lang", LANGS)
def test_index_holds_its_own_language_only(site, lang):
    docs = index(site, lang)["docs"]
    assert len(docs) > 10
    locations = [doc["location"] for doc in docs]
    assert len(set(locations)) == len(locations)
    assert not [where for where in locations if re.match(r"(pt|es|zh|en)/", where)]
    root = site if lang == "en" else site / lang
    assert not [where for where in locations if not (root / where.partition("#")[0] / "index.html").is_file()]


@pytest.mark.parametrize("lang", LANGS)
def test_no_stemmer_and_the_same_pages_in_each_language(site, lang):
    found = index(site, lang)
    assert found["config"]["lang"] == ["en"] and found["config"]["pipeline"] == []
    assert "fold" in found["config"]["fields"]
    pages = {doc["location"].partition("#")[0] for doc in found["docs"]}
    assert pages == {doc["location"].partition("#")[0] for doc in index(site, "en")["docs"]}


@pytest.mark.parametrize(("lang", "word"), [("pt", "mascara"), ("es", "mascara")])
def test_accents_are_folded(site, lang, word):
    assert [doc for doc in index(site, lang)["docs"] if word in doc.get("fold", "").split()]


def test_chinese_is_cut_into_words(site):
    docs = index(site, "zh")["docs"]
    separator = re.compile(index(site, "zh")["config"]["separator"])
    words = {word for doc in docs for word in separator.split(re.sub("<[^>]+>", " ", doc["text"]))}
    assert {"监督", "微调"} <= words


@pytest.mark.parametrize("lang", LANGS)
def test_page_loads_the_index_of_its_language(site, lang):
    folder = site if lang == "en" else site / lang
    text = (folder / "masks" / "index.html").read_text(encoding="utf-8")
    config = json.loads(re.search(r'<script id="__config"[^>]*>(.*?)</script>', text, re.DOTALL)[1])
    assert (folder / "masks" / config["base"]).resolve() == folder.resolve()
