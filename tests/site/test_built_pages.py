"""The built pages: all languages complete, nothing foreign, nothing broken, nothing left unexpanded."""

import gzip
import json
import re
from functools import cache
from pathlib import Path
from urllib.parse import unquote, urljoin, urlsplit

import pytest
from bs4 import BeautifulSoup

ROOT = Path(__file__).parents[2]
LANGS = ("pt", "es", "zh", "en")
HTML_LANG = {"pt": "pt-BR", "es": "es", "zh": "zh-Hans", "en": "en"}
SITE_URL = "https://sintonia-course.github.io/sintonia/"


def addresses() -> list[str]:
    """Addresses below a language's root, from the English sources."""
    found = []
    for path in sorted((ROOT / "docs" / "en").rglob("*")):
        name = path.relative_to(ROOT / "docs" / "en").as_posix()
        if path.suffix not in (".md", ".ipynb") or name.endswith(".cells.md"):
            continue
        stem = name.rsplit(".", 1)[0]
        found.append("" if stem == "index" else f"{stem}/")
    return found


PAGES = [(lang, address) for lang in LANGS for address in addresses()]
everywhere = pytest.mark.parametrize(("lang", "address"), PAGES, ids=lambda value: value or "home")


def prefix(lang: str) -> str:
    return "" if lang == "en" else f"{lang}/"


@cache
def parsed(path: Path) -> BeautifulSoup:
    return BeautifulSoup(path.read_text(encoding="utf-8"), "html.parser")


def page(site: Path, lang: str, address: str) -> BeautifulSoup:
    return parsed(site / prefix(lang) / address / "index.html")


def test_there_are_pages_to_look_at():
    assert {"", "chat-templates/", "masks/", "glossary/", "notebooks/01-chat-templates/"} <= set(addresses())


def test_build_has_no_warning(build_log):
    assert [line for line in build_log.splitlines() if "WARNING" in line or "ERROR" in line] == []


@everywhere
def test_language_and_title(site, lang, address):
    soup = page(site, lang, address)
    assert soup.html["lang"] == HTML_LANG[lang]
    title = soup.title.get_text()
    assert "Sintonia" in title
    if address:
        heading = soup.find("h1")
        for link in heading.select(".headerlink"):
            link.extract()
        assert heading.get_text(" ", strip=True).split()[0] in title
    assert soup.find("meta", {"name": "description"})["content"].strip()


@everywhere
def test_alternates_name_this_page_in_every_language(site, lang, address):
    soup = page(site, lang, address)
    links = {link["hreflang"]: link["href"] for link in soup.select("head link[hreflang]")}
    expected = {other: SITE_URL + prefix(other) + address for other in LANGS}
    assert links == {**expected, "x-default": SITE_URL + address}
    # Material's script fetches a sitemap.xml for each exact match of this selector.
    assert 'rel="alternate"' not in (site / prefix(lang) / address / "index.html").read_text(encoding="utf-8")


@everywhere
def test_switch_leads_to_the_same_page_without_script(site, lang, address):
    soup = page(site, lang, address)
    here = f"https://host/{prefix(lang)}{address}"
    links = soup.select(".md-select__link")
    assert [link["hreflang"] for link in links] == list(LANGS)
    for link in links:
        assert urljoin(here, link["href"]) == f"https://host/{prefix(link['hreflang'])}{address}"
    assert [link["hreflang"] for link in links if link.has_attr("aria-current")] == [lang]


@everywhere
def test_nothing_is_loaded_from_elsewhere(site, lang, address):
    soup = page(site, lang, address)
    loaded = [
        tag["src"] for tag in soup.select("script[src], img[src], iframe[src], source[src], video[src]")
    ]
    loaded += [
        tag["href"] for tag in soup.select("link[href]") if not {"canonical", "alternate"} & set(tag["rel"])
    ]
    assert loaded and [url for url in loaded if urlsplit(url).netloc] == []
    assert "fonts.googleapis" not in str(soup)
    assert "mermaid" not in " ".join(str(tag) for tag in soup.find_all("script"))


def test_styles_and_scripts_of_ours_name_no_host(site):
    for path in [
        *site.glob("assets/stylesheets/sintonia*.css"),
        *site.glob("assets/javascripts/language*.js"),
    ]:
        text = path.read_text(encoding="utf-8").replace("http://www.w3.org/", "")
        assert not re.search(r"https?://", text), path


@everywhere
def test_nothing_is_left_unexpanded(site, lang, address):
    article = BeautifulSoup(str(page(site, lang, address).find("article")), "html.parser")
    for code in article.find_all(["code", "pre"]):
        code.decompose()
    text = article.get_text(" ")
    found = re.findall(r"\{\{.{0,30}|\[\[.{0,30}|--8<--.{0,30}|\{ ?[#.][\w-]+.{0,20}|!\[figure", text)
    assert found == []
    assert "<!-- cell:" not in str(article) and "<!-- glossary" not in str(article)


@everywhere
def test_heading_ids_are_those_of_english_and_unique(site, lang, address):
    def ids(which: str) -> list[tuple[str, str]]:
        headings = page(site, which, address).select("article :is(h2, h3, h4, h5)[id]")
        return [(heading.name, heading["id"]) for heading in headings]

    found = ids(lang)
    if address == "glossary/":
        assert sorted(found) == sorted(ids("en"))
    else:
        assert found == ids("en")
    every = [tag["id"] for tag in page(site, lang, address).find_all(id=True)]
    assert {name for name in every if every.count(name) > 1} == set()


def test_links_within_the_site_lead_somewhere(site):
    broken = []
    for path in sorted(site.rglob("*.html")):
        where = path.relative_to(site).as_posix().removesuffix("index.html")
        base = f"https://host/sintonia/{where}"
        for tag in parsed(path).select("a[href], link[href], script[src], img[src]"):
            url = urljoin(base, tag.get("href") or tag.get("src"))
            parts = urlsplit(url)
            if parts.netloc != "host":
                continue
            target = site / unquote(parts.path.removeprefix("/sintonia/"))
            target = target / "index.html" if target.is_dir() else target
            if not target.is_file():
                broken.append(f"{where}: {url}")
            elif parts.fragment and target.suffix == ".html" and not parts.fragment.startswith("__"):
                anchor = unquote(parts.fragment)
                if not parsed(target).find(attrs={"id": anchor}):
                    broken.append(f"{where}: {url}")
    assert broken == []


@pytest.mark.parametrize("lang", LANGS)
def test_notebook_pages_are_light(site, lang):
    paths = sorted((site / prefix(lang) / "notebooks").rglob("index.html"))
    assert paths
    for path in paths:
        raw = path.read_bytes()
        assert len(raw) < 150_000, path
        assert len(gzip.compress(raw)) < 120_000 / 4, path
        text = raw.decode()
        assert "data:image" not in text and "jp-" not in text and "clipboard-copy" not in text
        soup = parsed(path)
        assert soup.select("article .nb .nb-code pre > code")
        assert soup.select(".md-nav--secondary a[href^='#']")
        notebook = json.loads((path.parent / f"{path.parent.name}.ipynb").read_text(encoding="utf-8"))
        assert notebook["nbformat"] == 4
        colab = soup.select_one(".nb-actions a[href^='https://colab.research.google.com/github/']")
        assert colab["href"].endswith(f"docs/{lang}/notebooks/{path.parent.name}.ipynb")


def test_sources_are_not_published(site):
    published = {path.relative_to(site).as_posix() for path in site.rglob("*") if path.is_file()}
    assert not [p for p in published if p.endswith((".cells.md", ".words.yml", "glossary.yml", ".md"))]
    assert not [p for p in published if p.startswith("assets/figures")]
    # Shared assets are there once, not once a language.
    assert not [p for p in published if re.match(r"(pt|es|zh)/assets/", p)]


def test_not_found_page_speaks_the_four_languages(site):
    soup = parsed(site / "404.html")
    sections = soup.select(".not-found section[lang]")
    assert [section["lang"] for section in sections] == [HTML_LANG[lang] for lang in LANGS]
    assert [section.a["href"] for section in sections] == [f"/sintonia/{prefix(lang)}" for lang in LANGS]
    assert len({section.h2.get_text() for section in sections}) == 4
    assert not (site / "pt" / "404.html").exists()


def test_sitemap_lists_every_page(site):
    text = (site / "sitemap.xml").read_text(encoding="utf-8")
    listed = set(re.findall(r"<loc>(.*?)</loc>", text))
    assert listed == {SITE_URL + prefix(lang) + address for lang, address in PAGES}


@everywhere
def test_social_preview(site, lang, address):
    soup = page(site, lang, address)
    tags = {tag["property"]: tag["content"] for tag in soup.select("meta[property^='og:']")}
    assert tags["og:url"] == SITE_URL + prefix(lang) + address
    assert tags["og:title"].strip() and tags["og:title"] in soup.title.get_text()
    assert tags["og:description"] == soup.find("meta", {"name": "description"})["content"]
    assert tags["og:locale"] == {"pt": "pt_BR", "es": "es_LA", "zh": "zh_CN", "en": "en_US"}[lang]
    others = [tag["content"] for tag in soup.select("meta[property='og:locale:alternate']")]
    assert len(others) == 3 and tags["og:locale"] not in others
    picture = site / tags["og:image"].removeprefix(SITE_URL)
    assert picture.read_bytes()[:4] == b"\x89PNG"


def test_no_feed_and_one_sitemap(site):
    assert [path.name for path in site.rglob("sitemap.xml")] == ["sitemap.xml"]
    assert not list(site.rglob("feed*.xml"))


@everywhere
def test_headers_of_tables_have_words(site, lang, address):
    assert [th for th in page(site, lang, address).select("article th") if not th.get_text(strip=True)] == []
