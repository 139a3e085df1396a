"""The course from a folder, without a server and without a network: pages, switch, search."""

import importlib.util
import os
import re
import zipfile
from pathlib import Path

import pytest

from sitekit import offline
from sitekit.building import NO_BROWSER, find_browser, site_for_tests

if os.environ.get("SINTONIA_REQUIRE_BROWSER") != "1":
    if importlib.util.find_spec("playwright") is None:
        pytest.skip("playwright is not installed: make test installs it", allow_module_level=True)
    if find_browser() is None:
        pytest.skip(NO_BROWSER, allow_module_level=True)

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def unpacked(chromium, tmp_path_factory):
    folder = tmp_path_factory.mktemp("offline")
    assert offline.write_bundle(site_for_tests(ROOT)[0], folder / "course.zip") > 80
    with zipfile.ZipFile(folder / "course.zip") as bundle:
        bundle.extractall(folder)
    return folder / offline.FOLDER


@pytest.fixture
def from_file(chromium, unpacked):
    """Opens a page of the unpacked course; in the end nothing was asked of any host, nothing failed."""
    context = chromium.new_context(viewport={"width": 1280, "height": 900}, locale="zh-CN", offline=True)
    page, faults = context.new_page(), []

    def asked(request):
        if not request.url.startswith((unpacked.as_uri(), "data:", "blob:", "about:")):
            faults.append(f"foreign: {request.url}")

    def failed(request):
        # Leaving a page cancels what it was still loading: that is the reader's doing.
        if request.failure != "net::ERR_ABORTED":
            faults.append(f"failed: {request.url} ({request.failure})")

    page.on("request", asked)
    page.on("requestfailed", failed)
    page.on("pageerror", lambda error: faults.append(f"error: {error}"))
    page.on("console", lambda said: said.type == "error" and faults.append(f"console: {said.text}"))

    def open_page(address):
        page.goto(f"{unpacked.as_uri()}/{address}", wait_until="load")
        return page

    yield open_page
    context.close()
    assert faults == []


def test_links_name_files(unpacked):
    broken = []
    for path in unpacked.rglob("*.html"):
        for link in re.findall(r'<a\b[^>]*?\bhref="([^":]*?)(?:#[^"]*)?"', path.read_text(encoding="utf-8")):
            if link and not (path.parent / link).is_file():
                broken.append(f"{path.relative_to(unpacked)}: {link}")
    assert broken == []


def test_the_same_site_packs_to_the_same_bytes(tmp_path, unpacked):
    site = site_for_tests(ROOT)[0]
    packs = []
    for name in ("a.zip", "b.zip"):
        offline.write_bundle(site, tmp_path / name)
        packs.append((tmp_path / name).read_bytes())
    assert packs[0] == packs[1]


def test_without_a_site_it_says_what_to_do(tmp_path, capsys):
    assert offline.main(["--site", str(tmp_path), "--out", str(tmp_path / "x.zip")]) == 2
    assert "run make site first" in capsys.readouterr().err


def test_search_finds_and_leads(from_file, unpacked):
    page = from_file("zh/masks/index.html")
    page.click(".md-search__input")
    page.keyboard.type("词元", delay=20)
    page.wait_for_selector(".md-search-result__link", timeout=20_000)
    link = page.locator(".md-search-result__link").first
    assert re.match(rf"{unpacked.as_uri()}/zh/.*index\.html", link.evaluate("link => link.href"))
    link.click()
    page.wait_for_load_state("load")
    assert page.locator("article h1").first.inner_text().strip()


def test_switch_and_pages(from_file, unpacked):
    page = from_file("index.html")
    page.locator("article a[href$='masks/index.html']").first.click()
    page.wait_for_url(f"{unpacked.as_uri()}/masks/index.html*")
    page.locator(".md-select__link[hreflang=pt]").focus()
    page.keyboard.press("Enter")
    page.wait_for_url(f"{unpacked.as_uri()}/pt/masks/index.html*")
    assert page.evaluate("document.documentElement.lang") == "pt-BR"


def test_the_playground_says_where_it_works(from_file):
    page = from_file("es/playground/index.html")
    assert page.get_by_text("solo funciona en el curso en línea").count() == 1
    page = from_file("es/lora/index.html")
    page.mouse.wheel(0, 5000)
    page.wait_for_selector(".katex", timeout=20_000)
