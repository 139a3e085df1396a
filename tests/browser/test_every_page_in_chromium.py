"""Every page of every language, once: accessible in both colour schemes, light, quiet, and still.

One visit serves all four questions. Two tabs take turns, so that one loads while the other is looked at; the
scheme is switched by the attribute that Material's own toggle sets. In the dark scheme only the rules that
look at colours run again: the rest of the page is the same document.
"""

import functools
import gzip
import importlib.util
import os
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest

from sitekit.building import NO_BROWSER, find_browser, site_for_tests

if os.environ.get("SINTONIA_REQUIRE_BROWSER") != "1":
    if importlib.util.find_spec("playwright") is None:
        pytest.skip("playwright is not installed: make test installs it", allow_module_level=True)
    if find_browser() is None:
        pytest.skip(NO_BROWSER, allow_module_level=True)

ROOT = Path(__file__).parents[2]
LANGS = ("pt", "es", "zh", "en")
FIRST_VIEW = 120_000
NOTEBOOK = 140_000
REQUESTS = 12
SHIFT = 0.02

LOOK = """() => { window.looked = (async () => {
  for (const fold of document.querySelectorAll("details")) fold.open = true;
  // Material scrolls the menu to the current page, and half an entry at its edge looks like a small one.
  for (const menu of document.querySelectorAll(".md-sidebar__scrollwrap")) menu.scrollTop = 0;
  const tags = ["wcag2a", "wcag2aa", "wcag21aa", "wcag22aa", "best-practice"];
  const colours = ["color-contrast", "link-in-text-block"];
  const runs = [["default", {type: "tag", values: tags}], ["slate", {type: "rule", values: colours}]];
  const found = [];
  for (const [scheme, runOnly] of runs) {
    document.body.dataset.mdColorScheme = scheme;
    const {violations} = await axe.run(document, {runOnly, resultTypes: ["violations"], preload: false});
    for (const {id, nodes} of violations)
      found.push([scheme, id, nodes.length, nodes[0].target.join(" "), nodes[0].html.slice(0, 120)]);
  }
  return found;
})(); }"""

# Shifts are counted from the first paint on; a folded box that a test opens is no shift of the page's own.
STILL = """
  window.shifts = 0;
  new PerformanceObserver(list => {
    for (const entry of list.getEntries()) if (!entry.hadRecentInput) window.shifts += entry.value;
  }).observe({type: "layout-shift", buffered: true});
"""


def addresses(site, lang):
    """A language's pages as addresses; English has the page of unknown addresses as well."""
    home = site if lang == "en" else site / lang
    found = [path.parent.relative_to(site).as_posix() for path in home.rglob("index.html")]
    others = tuple(f"{other}/" for other in LANGS if other != "en")
    pages = ["" if name == "." else f"{name}/" for name in found]
    if lang == "en":
        pages = [page for page in pages if not page.startswith(others)] + ["404.html"]
    return sorted(pages)


@functools.cache
def packed(path):
    """Bytes of a file as a server sends it."""
    data = path.read_bytes()
    return len(gzip.compress(data, 9)) if path.suffix not in (".woff2", ".png", ".jpg") else len(data)


class Tab:
    """One tab: where it is, what the page asked for."""

    def __init__(self, context, conftest_watch, site_url, faults):
        self.page, self.address, self.asked = context.new_page(), None, []
        conftest_watch(self.page, site_url, faults)
        self.page.on("request", lambda request: self.asked.append(request.url))

    def visit(self, site_url, address, axe):
        self.address, self.asked[:] = address, []
        self.page.goto(site_url + address, wait_until="load")
        self.first_view = sorted({url for url in self.asked if url.startswith(site_url)})
        self.shifts = self.page.evaluate("window.shifts")
        self.page.evaluate(axe)
        self.page.evaluate(LOOK)

    def findings(self):
        return [f"{self.address}: {found}" for found in self.page.evaluate("window.looked")]


def weight(site, site_url, urls):
    """Packed bytes of the files behind some addresses."""
    total = 0
    for url in urls:
        path = site / unquote(urlsplit(url).path.removeprefix(urlsplit(site_url).path))
        total += packed(path / "index.html" if path.is_dir() else path)
    return total


@pytest.mark.parametrize("lang", LANGS)
def test_every_page(chromium, site_url, axe, watch, lang):
    site = site_for_tests(ROOT)[0]
    pages = addresses(site, lang)
    assert len(pages) >= 20
    faults, wrong = [], []
    context = chromium.new_context(
        viewport={"width": 1280, "height": 900}, locale=lang, reduced_motion="reduce"
    )
    context.add_init_script(STILL)
    tabs = [Tab(context, watch, site_url, faults) for _ in range(2)]
    for number, address in enumerate([*pages, None, None]):
        tab = tabs[number % 2]
        if tab.address is not None:
            wrong += tab.findings()
        tab.address = None
        if address is None:
            continue
        tab.visit(site_url, address, axe)
        kind = address.removeprefix("" if lang == "en" else f"{lang}/")
        size = weight(site, site_url, tab.first_view)
        limit = NOTEBOOK if kind.startswith("notebooks/") else FIRST_VIEW
        # The playground is an instrument, with budgets of its own in tests/playground.
        if size > limit and kind != "playground/":
            wrong.append(f"{address}: {size} bytes packed; expected {limit} at most")
        if len(tab.first_view) > REQUESTS and kind != "playground/":
            wrong.append(f"{address}: {len(tab.first_view)} requests; expected {REQUESTS} at most")
        if tab.shifts > SHIFT:  # a table painted before its last row has come, on a machine that is busy
            tab.visit(site_url, address, axe)
        if tab.shifts > SHIFT:
            wrong.append(f"{address}: shifts by {tab.shifts:.3f}; expected {SHIFT} at most")
    cookies = context.cookies()
    context.close()
    assert wrong == [], "\n".join(wrong)
    assert faults == []
    assert cookies == []


def test_the_language_box_on_a_phone(open_page, axe):
    """What only some readers see: the box that offers another language, the menus as a drawer."""
    for address, locale in (("masks/", "pt-BR"), ("zh/", "en")):
        page = open_page(address, width=390, height=800, locale=locale)
        assert page.locator(".language-box").is_visible()
        page.emulate_media(reduced_motion="reduce")
        page.evaluate(axe)
        page.evaluate(LOOK)
        assert page.evaluate("window.looked") == []


def test_wide_formulas_on_a_phone(open_page, axe):
    """They scroll by themselves, and somebody without a mouse can do it."""
    page = open_page("pt/from-scratch/", width=390, height=800, locale="pt")
    formula = page.locator("div.arithmatex").first
    formula.scroll_into_view_if_needed()
    page.wait_for_selector("div.arithmatex .katex", timeout=20_000)
    assert formula.evaluate("element => element.scrollWidth > element.clientWidth")
    formula.focus()
    assert formula.evaluate("element => element === document.activeElement")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    page.evaluate(axe)
    assert page.evaluate("async () => (await axe.run('article')).violations.map(v => v.id)") == []


def test_formulas_can_be_read_before_katex_and_without_it(open_page):
    page = open_page("lora/", locale="en")
    page.wait_for_timeout(500)
    formula = page.locator("div.arithmatex").first
    assert formula.inner_text().startswith("h = W x + α/r B A x")
    assert page.evaluate("performance.getEntriesByType('resource').every(one => !one.name.includes('katex'))")
    page.mouse.move(300, 300)
    page.mouse.move(310, 310)
    formula.locator(".katex").wait_for(timeout=20_000)


def test_the_search_with_results(open_page, axe):
    page = open_page("pt/masks/", locale="pt")
    page.keyboard.press("/")
    page.keyboard.type("máscara", delay=15)
    page.wait_for_selector(".md-search-result__link", timeout=20_000)
    page.evaluate(axe)
    found = page.evaluate(
        "async () => (await axe.run('.md-search')).violations.map(v => [v.id, v.nodes[0].html.slice(0, 150)])"
    )
    assert found == []
