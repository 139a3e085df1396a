"""The site by keyboard alone: search, switch, folded solutions, and the way back out of each."""

import importlib.util
import os

import pytest

from sitekit.building import NO_BROWSER, find_browser

if os.environ.get("SINTONIA_REQUIRE_BROWSER") != "1":
    if importlib.util.find_spec("playwright") is None:
        pytest.skip("playwright is not installed: make test installs it", allow_module_level=True)
    if find_browser() is None:
        pytest.skip(NO_BROWSER, allow_module_level=True)

SHOWN = """() => {
  const element = document.activeElement, style = getComputedStyle(element);
  return style.outlineStyle !== "none" && parseFloat(style.outlineWidth) > 0;
}"""


def tab_to(page, selector, limit=60):
    """Presses Tab until the focus is on an element that matches; how often that took."""
    for presses in range(1, limit + 1):
        page.keyboard.press("Tab")
        if page.evaluate("selector => document.activeElement.matches(selector)", selector):
            return presses
    raise AssertionError(f"{selector}: not reached with {limit} presses of Tab")


def test_the_first_stop_skips_to_the_text(open_page):
    page = open_page("masks/")
    assert tab_to(page, ".md-skip") == 1
    page.keyboard.press("Enter")
    page.wait_for_function("() => location.hash")


def test_search_by_keyboard(open_page, site_url):
    page = open_page("pt/masks/", locale="pt")
    tab_to(page, ".md-search__input")
    page.keyboard.type("empacotamento", delay=15)
    page.wait_for_selector(".md-search-result__link", timeout=20_000)
    page.keyboard.press("ArrowDown")
    assert page.evaluate("document.activeElement.matches('.md-search-result__link')")
    page.keyboard.press("Enter")
    page.wait_for_url(f"{site_url}pt/lengths/**")


def test_the_switch_opens_with_the_focus(open_page, site_url):
    page = open_page("masks/")
    tab_to(page, ".md-header .md-select button")
    tab_to(page, ".md-select__link[hreflang=es]", 4)
    page.wait_for_function("() => getComputedStyle(document.activeElement).visibility === 'visible'")
    assert page.evaluate(SHOWN)
    page.keyboard.press("Enter")
    page.wait_for_url(f"{site_url}es/masks/")


def test_a_solution_unfolds(open_page):
    page = open_page("masks/")
    page.locator("article details > summary").first.focus()
    page.keyboard.press("Enter")
    assert page.locator("article details[open]").count() == 1
    page.keyboard.press("Tab")
    page.keyboard.press("Shift+Tab")
    assert page.evaluate("document.activeElement.matches('summary')") and page.evaluate(SHOWN)
    page.keyboard.press("Space")
    assert page.locator("article details[open]").count() == 0


def test_the_playground_is_reached_and_left(open_page):
    page = open_page("playground/")
    page.wait_for_selector(".pg textarea", timeout=20_000)
    page.locator(".pg textarea").first.focus()
    page.keyboard.press("Shift+Tab")
    assert not page.evaluate("document.activeElement.matches('.pg textarea')")
    page.locator(".pg textarea").first.focus()
    page.keyboard.type("x")
    for _ in range(40):
        page.keyboard.press("Tab")
        if not page.evaluate("document.activeElement.closest('.pg')"):
            return
    raise AssertionError("40 presses of Tab do not lead out of the playground")


def test_escape_closes_the_search(open_page):
    page = open_page("masks/")
    page.keyboard.press("/")
    page.wait_for_function("() => document.querySelector('#__search').checked")
    page.keyboard.press("Escape")
    page.wait_for_function("() => !document.querySelector('#__search').checked")


@pytest.mark.parametrize("lang", ["pt", "es", "zh", "en"])
def test_the_page_of_unknown_addresses_leads_home_and_keeps_no_section(open_page, site_url, lang):
    page = open_page("nowhere/#label-shift", locale="en")
    page.locator(f".md-select__link[hreflang={lang}]").focus()
    page.keyboard.press("Enter")
    page.wait_for_url(f"{site_url}{'' if lang == 'en' else lang + '/'}")
    page.wait_for_selector("article h1")
    expected = [fault for fault in open_page.faults if "nowhere" in fault or "404 (" in fault]
    assert open_page.faults == expected and expected
    open_page.faults.clear()
