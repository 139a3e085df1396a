"""What a search puts first, asked of the script that the site's pages search with."""

import importlib.util
import json
import os
import re

import pytest

from sitekit.building import NO_BROWSER, find_browser, site_for_tests
from sitekit.settings import ROOT

if os.environ.get("SINTONIA_REQUIRE_BROWSER") != "1":
    if importlib.util.find_spec("playwright") is None:
        pytest.skip("playwright is not installed: make test installs it", allow_module_level=True)
    if find_browser() is None:
        pytest.skip(NO_BROWSER, allow_module_level=True)

LANGS = ("pt", "es", "zh", "en")
# A lesson's own term, as readers of each language type it, and the lesson that they look for.
OWN = {
    "pt": {"máscara": "masks/", "mascara": "masks/", "template de chat": "chat-templates/"},
    "es": {"máscara": "masks/", "plantilla de chat": "chat-templates/", "empaquetado": "lengths/"},
    "zh": {"掩码": "masks/", "损失掩码": "masks/", "对话模板": "chat-templates/", "打包": "lengths/"},
    "en": {"loss masking": "masks/", "packing": "lengths/", "truncation": "lengths/", "LoRA": "lora/"},
}

ASK = """async ([config, docs, queries, script]) => {
  const worker = new Worker(script);
  const answer = message => new Promise(done => {
    worker.onmessage = event => done(event.data.data);
    worker.postMessage(message);
  });
  await answer({type: 0, data: {config, docs, options: {}}});
  const found = [];
  for (const query of queries) {
    const {items} = await answer({type: 2, data: query});
    found.push(items.map(page => page.map(({location, score}) => [location, score])));
  }
  worker.terminate();
  return found;
}"""


@pytest.fixture(scope="module")
def ask(chromium, site_url):
    """`ask("pt", ["máscara"])` -> for each query the pages found, best first, each a list of
    [location, score]."""
    site = site_for_tests(ROOT)[0]
    context = chromium.new_context()
    page = context.new_page()
    page.goto(f"{site_url}404.html")
    script = next((site / "assets/javascripts/workers").glob("search.*.min.js")).relative_to(site).as_posix()

    def ask(lang, queries):
        index = index_of(site, lang)
        return page.evaluate(ASK, [index["config"], index["docs"], queries, f"{site_url}{script}"])

    yield ask
    context.close()


def index_of(site, lang):
    folder = site if lang == "en" else site / lang
    return json.loads((folder / "search" / "search_index.json").read_text(encoding="utf-8"))


def words(title):
    return re.sub(r"<[^>]+>|\u200b", "", title)


def page_of(location):
    return location.partition("#")[0]


@pytest.mark.parametrize("lang", LANGS)
def test_an_exact_entry_comes_first_among_the_entries(ask, lang):
    docs = index_of(site_for_tests(ROOT)[0], lang)["docs"]
    entries = {doc["location"]: words(doc["title"]) for doc in docs if "glossary/#" in doc["location"]}
    # Not an entry but the heading above them.
    entries.pop("glossary/#terms")
    assert len(entries) > 50
    wrong = []
    for (location, query), pages in zip(entries.items(), ask(lang, list(entries.values())), strict=True):
        scores = {where: score for page in pages for where, score in page if where in entries}
        # A draw is no fault: two entries may hold the same words.
        if scores.get(location, 0) < 0.99 * max(scores.values(), default=1):
            wrong.append(f"{query}: {max(scores, key=scores.get)} before {location}")
    assert wrong == []


@pytest.mark.parametrize("lang", LANGS)
def test_the_section_that_explains_a_term_comes_before_the_glossary(ask, lang):
    docs = index_of(site_for_tests(ROOT)[0], lang)["docs"]
    explained = [doc for doc in docs if "term" in doc]
    assert len(explained) >= 10
    queries = [words(doc["term"]) for doc in explained]
    wrong = []
    for doc, query, pages in zip(explained, queries, ask(lang, queries), strict=True):
        order = [page_of(page[0][0]) for page in pages]
        here = page_of(doc["location"])
        if here not in order or "glossary/" in order and order.index("glossary/") < order.index(here):
            wrong.append(f"{query}: {order[:3]}, expected {here} before glossary/")
    assert wrong == []


@pytest.mark.parametrize("lang", LANGS)
def test_a_lessons_own_term_leads_to_the_lesson(ask, lang):
    found = ask(lang, list(OWN[lang]))
    first = {query: page_of(pages[0][0][0]) for query, pages in zip(OWN[lang], found, strict=True)}
    assert first == OWN[lang]


def test_little_words_find_nothing_of_their_own(ask):
    (pages,) = ask("pt", ["máscara de perda"])
    assert not [where for page in pages for where, score in page if "greedy-decoding" in where]


def test_a_page_without_a_search_fetches_no_index(open_page):
    page = open_page("masks/")
    page.wait_for_load_state("networkidle")
    names = "performance.getEntriesByType('resource').map(entry => entry.name)"
    assert not [name for name in page.evaluate(names) if "search_index" in name]
    page.keyboard.press("/")
    page.keyboard.type("mask", delay=15)
    page.wait_for_selector(".md-search-result__link", timeout=20_000)
    assert len([name for name in page.evaluate(names) if "search_index" in name]) == 1


def test_words_that_a_search_led_to_are_marked(open_page):
    page = open_page("masks/?h=mask")
    page.wait_for_selector("article mark[data-md-highlight]", timeout=20_000)
