"""MkDocs hooks that make Material, static-i18n and mkdocs-jupyter work together.

Each function is one cure; what it does to a text is in the module that it calls, where it is tested
without MkDocs.
"""

from __future__ import annotations

import logging
import os
import posixpath
import re
import sys
from pathlib import Path
from urllib.parse import urlsplit

from mkdocs import utils
from mkdocs.exceptions import PluginError
from mkdocs.plugins import CombinedEvent, event_priority, get_plugin_logger
from mkdocs.structure.toc import get_toc
from mkdocs.utils.meta import get_data

CODE = str(Path(__file__).resolve().parents[1])
if CODE not in sys.path:
    # MkDocs loads this file by its path; its neighbours are found under code/.
    sys.path.insert(0, CODE)

from sitekit import maths, mended_scripts, own_files, pages, playground, search, status, to_do  # noqa: E402
from sitekit.figures import Figures  # noqa: E402
from sitekit.findings import CannotReadError  # noqa: E402
from sitekit.glossary import Glossary  # noqa: E402
from sitekit.languages import REFERENCE, UNDER_WAY  # noqa: E402
from sitekit.notebook_pages import slim  # noqa: E402
from sitekit.settings import (  # noqa: E402
    HTML_LANG,
    LANGUAGES,
    Problem,
    Project,
    default_project,
    site_address,
)
from sitekit.words import word  # noqa: E402

log = get_plugin_logger("sitekit")
# Social previews name a language with a country.
TERRITORY = {"pt": "pt_BR", "es": "es_LA", "zh": "zh_CN", "en": "en_US"}

if ".ipynb" not in utils.markdown_extensions:
    # static-i18n rebuilds every File, and MkDocs counts no .ipynb as a page: without this, notebooks
    # ship as JSON.
    utils.markdown_extensions += (".ipynb",)


class _State:
    """What one run of the site's four builds shares."""

    def __init__(self) -> None:
        self.findings: list[str] = []
        self.pictures: dict[str, bytes] = {}
        self.cache_used: set[Path] = set()
        self.in_english: set[str] = set()
        self.glossary = Glossary([])
        self.figures = Figures(Path("."))
        self.project = Project("", "")


_state = _State()


def _languages_asked() -> list[str]:
    """`LANGS=pt` or `LANGS=pt,en`: a writer's quick build of those languages; empty for all."""
    asked = [lang for lang in os.environ.get("LANGS", "").replace(",", " ").split() if lang]
    unknown = [lang for lang in asked if lang not in LANGUAGES]
    if unknown:
        raise PluginError(f"LANGS: found {', '.join(unknown)}; expected some of {', '.join(LANGUAGES)}")
    return asked


@event_priority(100)
def on_config(config):
    """Before static-i18n: languages to build, addresses, sources, mkdocs-jupyter's cache."""
    i18n = config.plugins["i18n"]
    if not i18n.building:
        _begin(config, i18n)
    return config


def _begin(config, i18n) -> None:
    global _state
    # jieba tells of its dictionary on every build, at a level that it sets itself when imported.
    logging.getLogger("jieba").setLevel(logging.WARNING)
    _state = _State()
    if asked := _languages_asked():
        default = i18n.default_language if i18n.default_language in asked else asked[0]
        for language in i18n.config.languages:
            language.build = language.locale in asked
            language.default = language.locale == default
            language.link = "/" if language.default else f"/{language.locale}/"
    repo = config.extra["repo"]
    serving = urlsplit(config.site_url or "").hostname in ("127.0.0.1", "localhost")
    if not serving:
        config.site_url = site_address(repo, config.site_url)
    _state.project = Project(repo, config.site_url or "/", config.extra["branch"])
    config.extra["site_root"] = _state.project.site_url
    config.extra["repo_link"] = f"https://github.com/{repo}"
    docs = Path(config.docs_dir)
    root = Path(config.config_file_path).parent
    _state.figures = Figures(docs / "assets" / "figures", root)
    try:
        _state.glossary = Glossary.load(
            docs / "assets" / "glossary.yml",
            "docs/assets/glossary.yml",
            [lang for lang in _languages_asked() or LANGUAGES if lang not in UNDER_WAY],
        )
    except Problem as problem:
        raise PluginError(str(problem)) from None
    jupyter = config.plugins.get("mkdocs-jupyter")
    if jupyter and not os.access(root, os.W_OK):
        jupyter.config["cache"] = False  # a source tree that is only to be read
    # Its clean-up runs after each language and takes the other languages' pages for stale; ours runs
    # once, at the end.
    events = config.plugins.events["post_build"]
    events[:] = [event for event in events if getattr(event, "__self__", None) is not jupyter]


def _language(config) -> str:
    return config.plugins["i18n"].current_language


def _source(page) -> tuple[str, str, str]:
    """A page's language, its path below the language's folder, and the file people edit."""
    lang, _, rest = page.file.src_uri.partition("/")
    edited = rest.removesuffix(".ipynb") + ".cells.md" if rest.endswith(".ipynb") else rest
    return lang, rest, f"docs/{lang}/{edited}"


def on_pre_page(page, config, files):
    """The edit link, which MkDocs gives only with `repo_url`, and that makes pages call GitHub's API."""
    page.edit_url = _state.project.edit_url(_source(page)[2])
    return page


def on_page_markdown(markdown, page, config, files):
    """Terms, figures and the glossary's entries (pages.py)."""
    if page.file.src_uri.endswith(".ipynb"):
        return markdown
    lang, rest, where = _source(page)
    text = page.file.content_string
    if lang in UNDER_WAY and to_do.is_to_do(text):
        where = f"docs/{REFERENCE}/{rest}"
        text = (Path(config.docs_dir) / REFERENCE / rest).read_text(encoding="utf-8-sig")
        markdown = get_data(text)[0]
        _state.in_english.add(page.file.src_uri)
    try:
        root, fresh = Path(config.config_file_path).parent, not _languages_asked()
        markdown = status.expand(markdown, root, _language(config), fresh=fresh)
    except CannotReadError as error:
        _state.findings += error.faults
    first_line = len(text.splitlines()) - len(markdown.splitlines()) + 1
    markdown, findings = pages.expand_markdown(
        markdown,
        where=where,
        lang=_language(config),
        page_uri=rest,
        glossary=_state.glossary,
        figures=_state.figures,
        first_line=first_line,
    )
    # A page that stands in for a missing translation would repeat its findings.
    _state.findings += [finding for finding in findings if finding not in _state.findings]
    return markdown


def on_page_content(html, page, config, files):
    """Drawings and tooltips; notebooks made light (notebook_pages.py)."""
    lang = _language(config)
    if not page.file.src_uri.endswith(".ipynb"):
        html = maths.fill(html)
        html = pages.fill_html(html, lang=lang, glossary=_state.glossary, figures=_state.figures)
        root = "" if config.plugins["i18n"].is_default_language_build else f"{lang}/"
        html = playground.fill(html, lang, root, lambda url: utils.get_relative_url(url, page.url))
        return _marked_english(html, page, lang)
    source_lang, rest, _ = _source(page)
    stem = Path(rest).stem

    def relative(url: str) -> str:
        return utils.get_relative_url(url, page.url)

    def link(url: str) -> str:
        own = _own_address(url)
        return url if own is None else relative(_lang_url(own, config))

    colab = _state.project.colab_url(f"docs/{source_lang}/{rest}")
    actions = (
        f'<p class="nb-actions"><a class="md-button md-button--primary" href="{colab}" rel="noopener">'
        f"{word('open-in-colab', lang)}</a> "
        f'<a class="md-button" href="{posixpath.basename(rest)}" download>'
        f"{word('download-notebook', lang)}</a></p>"
    )
    slimmed = slim(
        html,
        stem=stem,
        actions=actions,
        output_label=word("output", lang),
        picture_url=lambda name: relative(f"assets/notebooks/{name}"),
        link=link,
    )
    _state.pictures.update(slimmed.pictures)
    page.toc = get_toc(slimmed.toc_tokens)
    if slimmed.title:
        page.title = slimmed.title
    return _marked_english(slimmed.html, page, lang)


def _marked_english(html: str, page, lang: str) -> str:
    untranslated = page.file.src_uri in _state.in_english or _source(page)[0] == REFERENCE
    return to_do.marked_english(html, lang) if lang in UNDER_WAY and untranslated else html


def _own_address(url: str) -> str | None:
    """Path within the site of a link that a committed notebook writes in full, else None."""
    for base in (default_project().site_url, _state.project.site_url):
        if url.startswith(base):
            return url.removeprefix(base)
    return None


def _lang_url(path: str, config) -> str:
    """In a build of one language, that language lives at the root."""
    default = config.plugins["i18n"].default_language
    return path.removeprefix(f"{default}/") if default != "en" else path


@event_priority(-50)
def on_page_context(context, page, config, nav):
    """The page in the other languages, for the switch and for search engines."""
    i18n = config.plugins["i18n"]
    alternates = []
    for locale in i18n.build_languages:
        file = page.file.alternates.get(locale)
        if file is not None:
            alternates.append(_alternate(i18n, locale, file.url, context["base_url"]))
    context["alternates"] = alternates
    default = next((item for item in alternates if item["locale"] == i18n.default_language), None)
    context["x_default"] = default["absolute"] if default else None
    context["language_root"] = _language_root(i18n, context["base_url"])
    return context


def on_template_context(context, template_name, config):
    """The 404 page offers the languages' first pages."""
    i18n = config.plugins["i18n"]
    context["alternates"] = [
        _alternate(i18n, locale, "" if locale == i18n.default_language else f"{locale}/", context["base_url"])
        for locale in i18n.build_languages
    ]
    context["language_root"] = _language_root(i18n, context["base_url"])
    return context


def _alternate(i18n, locale: str, url: str, base_url: str) -> dict[str, str]:
    path = "" if url in (".", "./") else url
    base = "." if base_url in ("", ".") else base_url.rstrip("/")
    return {
        "locale": locale,
        "lang": HTML_LANG[locale],
        "territory": TERRITORY.get(locale, locale),
        "name": i18n.get_language_config(locale).name,
        "href": f"{base}/{path}" if path or base != "." else "./",
        "absolute": posixpath.join(_state.project.site_url, path),
        "suggest": word("suggest-language", locale),
        "read": word("suggest-read", locale),
        "dismiss": word("suggest-dismiss", locale),
    }


def _language_root(i18n, base_url: str) -> str:
    if i18n.is_default_language_build:
        return base_url
    # Material resolves search/search_index.json against it: without the slash, this folder would be left.
    return posixpath.join(base_url, i18n.current_language, "")


def _without_alternates(head: str) -> str:
    """Material's own alternates name the languages' first pages; main.html names this page's."""
    return re.sub(r'\s*<link rel="alternate"[^>]*\bhreflang=[^>]*>', "", head)


def on_env(env, config, files):
    """Stops the build on pages' faults, all at once; gives templates the words of the house."""
    env.filters["without_alternates"] = _without_alternates
    env.globals.update(word=word, LANGUAGES=LANGUAGES, HTML_LANG=HTML_LANG)
    if _state.findings:
        if not _languages_asked():
            raise PluginError("\n".join(["the pages have faults:", *_state.findings]))
        for finding in _state.findings:
            log.warning(finding)
        _state.findings.clear()
    return env


def on_post_template(output, template_name, config):
    """One 404 page: each language's build would write over the one before."""
    if template_name == "404.html" and not config.plugins["i18n"].is_default_language_build:
        return ""
    return output


@event_priority(100)
def _note_cache(config):
    """Before static-i18n turns to the next language: which notebooks' cache was used."""
    jupyter = config.plugins.get("mkdocs-jupyter")
    if jupyter is not None:
        _state.cache_used |= set(jupyter._used_cache_paths)


@event_priority(-200)
def _finish(config):
    """After the last language: pictures of notebooks, the search index of each language, stale cache."""
    i18n = config.plugins["i18n"]
    if i18n.building:
        return
    site = Path(config.site_dir)
    for name, data in _state.pictures.items():
        utils.write_file(data, str(site / "assets" / "notebooks" / name))
    if (site / "search" / "search_index.json").is_file():
        search.write_indexes(site, i18n.build_languages, i18n.default_language)
    own_files.slim(site)
    for missed in mended_scripts.mend(site):
        log.warning(f"code/sitekit/mended_scripts.py: found no place for {missed}; look at Material's script")
    jupyter = config.plugins.get("mkdocs-jupyter")
    if jupyter is not None and not _languages_asked():
        for stale in set(Path(jupyter.config["cache_dir"]).glob("*.json")) - _state.cache_used:
            stale.unlink()


on_post_build = CombinedEvent(_note_cache, _finish)
