"""What a reader meets: languages, search, colours, a phone."""

import importlib.util
import json
import os
import re

import pytest

from sitekit.building import NO_BROWSER, find_browser

if os.environ.get("SINTONIA_REQUIRE_BROWSER") != "1":
    if importlib.util.find_spec("playwright") is None:
        pytest.skip("playwright is not installed: make test installs it", allow_module_level=True)
    if find_browser() is None:
        pytest.skip(NO_BROWSER, allow_module_level=True)

LANGS = ("pt", "es", "zh", "en")
HTML_LANG = {"pt": "pt-BR", "es": "es", "zh": "zh-Hans", "en": "en"}
PAGES = ("", "chat-templates/", "masks/", "glossary/", "notebooks/01-chat-templates/")


def prefix(lang):
    return "" if lang == "en" else f"{lang}/"


def to_section(page, number):
    """Scrolls to a section and returns its id once the table of contents marks it as current."""
    ids = page.eval_on_selector_all("article h2[id]", "found => found.map(h => h.id)")
    section = ids[min(number, len(ids) - 1)]
    # A little past the heading, so that rounding does not leave the previous section current.
    page.evaluate(
        "id => scrollTo({top: document.getElementById(id).getBoundingClientRect().top + scrollY - 50,"
        " behavior: 'instant'})",
        section,
    )
    page.wait_for_selector(f".md-nav--secondary .md-nav__link--active[href$='#{section}']", state="attached")
    return section


def shown_section(page, section):
    """Distance in pixels of a section's heading from the top of the window."""
    return page.evaluate("id => document.getElementById(id).getBoundingClientRect().top", section)


def search(page, word):
    """Types a query key by key and gives the addresses and texts of its results."""
    page.click(".md-search__input")
    page.keyboard.type(word, delay=15)
    page.wait_for_function(
        "() => /\\d/.test(document.querySelector('.md-search-result__meta').textContent)"
        " && document.querySelectorAll('.md-search-result__link').length > 0",
        timeout=8000,
    )
    return page.eval_on_selector_all(
        ".md-search-result__link",
        "links => links.map(link => [new URL(link.href).pathname, link.innerText])",
    )


@pytest.mark.parametrize("lang", LANGS)
@pytest.mark.parametrize("address", PAGES, ids=lambda value: value or "home")
def test_page_opens_in_its_language(open_page, site_url, lang, address):
    page = open_page(prefix(lang) + address, locale=lang)
    assert page.evaluate("document.documentElement.lang") == HTML_LANG[lang]
    assert "Sintonia" in page.title()
    assert page.locator("article h1").first.inner_text().strip()
    # Fetching has ended when the search index is there; a stray request would have been made by then.
    page.wait_for_load_state("networkidle")
    assert page.locator(".language-box").count() == 0


@pytest.mark.parametrize("source", LANGS)
@pytest.mark.parametrize("target", LANGS)
def test_switch_keeps_page_and_section(open_page, site_url, source, target):
    if source == target:
        target = LANGS[LANGS.index(source) - 1]
    page = open_page(f"{prefix(source)}masks/", locale=source)
    section = to_section(page, 1)
    page.locator(".md-header .md-select").hover()
    page.locator(f".md-select__link[hreflang={target}]").click()
    page.wait_for_url(f"{site_url}{prefix(target)}masks/#{section}")
    assert page.evaluate("document.documentElement.lang") == HTML_LANG[target]
    page.wait_for_timeout(150)
    assert abs(shown_section(page, section)) < 120


def test_switch_by_keyboard_keeps_the_section(open_page, site_url):
    page = open_page("masks/", locale="en")
    section = to_section(page, 1)
    page.locator(".md-select__link[hreflang=zh]").focus()
    page.keyboard.press("Enter")
    page.wait_for_url(f"{site_url}zh/masks/#{section}")


def test_switch_at_the_top_leads_to_the_top(open_page, site_url):
    page = open_page("pt/masks/", locale="pt")
    page.locator(".md-header .md-select").hover()
    page.locator(".md-select__link[hreflang=es]").click()
    page.wait_for_url(f"{site_url}es/masks/")


@pytest.mark.parametrize(
    ("lang", "word", "expected"),
    [
        ("pt", "máscara", "máscara"),
        ("pt", "mascara", "máscara"),
        ("zh", "监督微调", "监督|微调"),
        ("es", "enmascar", "enmascar"),
        ("en", "mask", "mask"),
    ],
)
def test_search_answers_in_its_own_language(open_page, site_url, lang, word, expected):
    page = open_page(f"{prefix(lang)}masks/", locale=lang)
    results = search(page, word)
    root = f"/sintonia/{prefix(lang)}"
    paths = [path for path, _ in results]
    foreign = [
        p for p in paths if not p.startswith(root) or re.match(r"/sintonia/(pt|es|zh)/", p) and lang == "en"
    ]
    assert results and foreign == []
    shown = " ".join(text for _, text in results).lower()
    assert re.search(expected, shown)
    first = page.locator(".md-search-result__link").first
    first.click()
    page.wait_for_load_state("load")
    assert page.evaluate("document.documentElement.lang") == HTML_LANG[lang]


def test_plain_spelling_finds_as_much_as_the_accented(open_page):
    # The list grows as the reader scrolls, so the number of pages found stands only above it.
    found = {}
    for word in ("máscara", "mascara"):
        page = open_page("pt/", locale="pt")
        assert search(page, word)
        found[word] = int(re.search(r"\d+", page.locator(".md-search-result__meta").inner_text())[0])
    assert 1 < found["máscara"] <= found["mascara"]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_colours_follow_the_system_and_the_toggle(open_page, scheme):
    page = open_page("pt/", locale="pt", scheme=scheme)
    start = {"light": "default", "dark": "slate"}[scheme]
    colour = "getComputedStyle(document.body).backgroundColor"
    assert page.evaluate("document.body.dataset.mdColorScheme") == start
    seen = {page.evaluate("document.body.dataset.mdColorScheme"): page.evaluate(colour)}
    for _ in range(3):
        page.locator("form[data-md-component=palette] label:not([hidden])").click()
        page.wait_for_timeout(80)
        seen[page.evaluate("document.body.dataset.mdColorScheme")] = page.evaluate(colour)
    assert set(seen) == {"default", "slate"} and seen["default"] != seen["slate"]
    page.locator("form[data-md-component=palette] label:not([hidden])").click()
    chosen = page.evaluate("document.body.dataset.mdColorScheme")
    page.reload()
    assert page.evaluate("document.body.dataset.mdColorScheme") == chosen


@pytest.mark.parametrize("lang", LANGS)
@pytest.mark.parametrize("address", PAGES, ids=lambda value: value or "home")
def test_no_page_is_wider_than_a_phone(open_page, lang, address):
    page = open_page(prefix(lang) + address, width=390, height=800, locale=lang)
    wide = page.evaluate(
        """() => {
          const width = document.documentElement.clientWidth;
          const scrolls = e => { for (; e; e = e.parentElement)
            if (/auto|scroll|hidden/.test(getComputedStyle(e).overflowX)) return true; return false; };
          const out = [...document.querySelectorAll("article *")].filter(e =>
            e.getBoundingClientRect().right > width + 1 && !scrolls(e.parentElement));
          return [document.documentElement.scrollWidth - width,
            out.slice(0, 3).map(e => e.outerHTML.slice(0, 120))];
        }"""
    )
    assert wide == [0, []]


def test_language_box_suggests_once(open_page, site_url):
    page = open_page("masks/", locale="pt-BR")
    box = page.locator(".language-box")
    assert box.get_attribute("lang") == "pt-BR"
    page.keyboard.press("End")
    assert box.is_visible()
    assert box.evaluate("box => getComputedStyle(box).position") == "fixed"
    box.get_by_role("button").click()
    page.reload()
    assert page.locator(".language-box").count() == 0
    stored = page.evaluate("Object.keys(localStorage)")
    assert "sintonia.suggestion.dismissed" in stored


def test_language_box_leads_to_the_page(open_page, site_url):
    page = open_page("masks/", locale="zh-CN")
    page.locator(".language-box a").click()
    page.wait_for_url(f"{site_url}zh/masks/")
    assert page.locator(".language-box").count() == 0


def test_unknown_address_offers_four_languages(open_page, site_url):
    page = open_page("pt/nowhere/deep/", locale="pt")
    assert page.locator(".not-found section").count() == 4
    page.locator(".not-found section[lang=pt-BR] a").click()
    page.wait_for_url(f"{site_url}pt/")
    # The page itself was asked for in vain, by design; nothing else was.
    expected = [f for f in open_page.faults if "nowhere" in f or "404 (" in f]
    assert open_page.faults == expected and expected
    open_page.faults.clear()


def test_works_without_script(chromium, site_url):
    context = chromium.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(site_url + "pt/masks/")
    links = page.locator(".md-select__link")
    # Relative in the source; the browser resolves them.
    hrefs = [links.nth(i).evaluate("link => link.href") for i in range(4)]
    context.close()
    assert hrefs == [f"{site_url}{prefix(lang)}masks/" for lang in LANGS]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("address", PAGES[1:], ids=str)
def test_text_stands_out_from_its_background(open_page, address, scheme):
    """WCAG AA: 4.5 to 1, or 3 to 1 for large text."""
    page = open_page(f"pt/{address}", scheme=scheme, locale="pt")
    page.wait_for_timeout(300)
    faint = page.evaluate(CONTRAST)
    assert faint == [], json.dumps(faint, ensure_ascii=False, indent=1)


CONTRAST = """() => {
  const parse = text => {
    const numbers = text.match(/[\\d.]+/g).map(Number);
    return numbers.length < 4 ? [...numbers, 1] : numbers;
  };
  const over = (top, under) => [0, 1, 2].map(i => top[i] * top[3] + under[i] * (1 - top[3])).concat(1);
  const linear = v => (v /= 255) <= .03928 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4;
  const light = c => .2126 * linear(c[0]) + .7152 * linear(c[1]) + .0722 * linear(c[2]);
  const ground = element => {
    const layers = [];
    for (let e = element; e; e = e.parentElement) {
      const colour = parse(getComputedStyle(e).backgroundColor);
      if (colour[3] > 0) layers.push(colour);
      if (colour[3] === 1) break;
    }
    return layers.reverse().reduce((under, top) => over(top, under), [255, 255, 255, 1]);
  };
  const faint = [], seen = new Set();
  const walker = document.createTreeWalker(document.querySelector(".md-container"), NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const element = walker.currentNode.parentElement, text = walker.currentNode.data.trim();
    const visible = element.checkVisibility({opacityProperty: true, visibilityProperty: true});
    if (!text || !visible || element.closest("svg, script, style, .headerlink, button")) continue;
    const style = getComputedStyle(element), back = ground(element);
    const [a, b] = [light(over(parse(style.color), back)), light(back)].sort((x, y) => y - x);
    const ratio = (a + .05) / (b + .05), size = parseFloat(style.fontSize);
    const large = size >= 24 || size >= 18.66 && style.fontWeight >= 700;
    const key = style.color + back + large;
    if (ratio < (large ? 3 : 4.5) && !seen.has(key)) {
      seen.add(key);
      faint.push([ratio.toFixed(2), element.className || element.tagName, text.slice(0, 30)]);
    }
  }
  return faint;
}"""


def test_pasted_and_composed_words_are_searched(open_page):
    page = open_page("zh/masks/", locale="zh")
    page.click(".md-search__input")
    page.fill(".md-search__input", "监督微调")
    page.wait_for_function("() => document.querySelectorAll('.md-search-result__link').length > 0")


def test_a_page_printed_from_dark_mode_is_dark_on_light(open_page):
    page = open_page("masks/", scheme="dark")
    page.emulate_media(media="print", color_scheme="dark")
    light = """() => {
      const value = getComputedStyle(document.body).backgroundColor.match(/[\\d.]+/g).map(Number);
      return value[3] === 0 || (value[0] + value[1] + value[2]) / 3 > 200;
    }"""
    assert page.evaluate(light)
    ink = "() => getComputedStyle(document.querySelector('.md-typeset p')).color.match(/\\d+/g).map(Number)"
    assert sum(page.evaluate(ink)[:3]) / 3 < 110
