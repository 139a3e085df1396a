"""Link targets and values that differ between languages only by the language's own name in them."""

from __future__ import annotations

import posixpath
import re
from dataclasses import dataclass

from sitekit.languages import LANGUAGES, REFERENCE

_CODES = "|".join(LANGUAGES)
_SCHEME = re.compile(r"^[a-z][a-z0-9+.-]*:", re.I)
_TREE = re.compile(rf"^docs/({_CODES})(?:/|$)")
_HOSTED = re.compile(
    r"^https?://(?:[\w.]*\.)?(?:github\.com|githubusercontent\.com|google\.com|nbviewer\.org|"
    r"mybinder\.org)/"
)
_HOSTED_TREE = re.compile(rf"(?<=/)docs/({_CODES})(?=/)")
_VARIANT = re.compile(rf"(?<![\w-])(README|CONTRIBUTING)(?:\.({_CODES}))?\.md(?=$|[#?])")

# Folders whose README exists in each language; any other README is one file for all.
_CARD_FOLDERS = ("", "code/sintonia/data")


@dataclass(frozen=True)
class Target:
    """A link, comparable across languages; `language` is the one whose tree it leads into, or ''.

    `file` is the path inside the repository that a relative link names, or ''.
    """

    value: str
    language: str = ""
    file: str = ""


def own_name_aside(value: str, lang: str) -> str:
    """`value` with the language's code, where it stands alone, replaced by `{lang}`.

    >>> own_name_aside("train/pt.jsonl --lang pt", "pt")
    'train/{lang}.jsonl --lang {lang}'
    """
    return re.sub(rf"(?<![A-Za-z]){lang}(?![A-Za-z])", "{lang}", value)


def target(link: str, path: str, lang: str, site_url: str = "") -> Target:
    """What a link of the page at `path` (in the repository) leads to.

    >>> target("masks.md#signs", "docs/pt/index.md", "pt")
    Target(value='docs/{lang}/masks.md#signs', language='pt', file='docs/pt/masks.md')
    >>> target("../es/masks.md", "docs/pt/index.md", "pt").language
    'es'
    """
    if link.startswith("#"):
        return Target(link)
    if _SCHEME.match(link) or link.startswith("//"):
        return _address(link, lang, site_url)
    bare, mark, fragment = link.partition("#")
    if bare.startswith("/"):
        first = bare.strip("/").split("/")[0]
        language = first if first in LANGUAGES else ""
        return Target(own_name_aside(link, lang), language)
    file = posixpath.normpath(posixpath.join(posixpath.dirname(path), bare.partition("?")[0]))
    inside = _TREE.match(file)
    if inside:
        language = inside.group(1)
        rest = file[inside.end() :]
        if rest.startswith("assets/"):  # shared by all languages, reached from each
            return Target(f"docs/assets/{rest[7:]}{mark}{fragment}", "", f"docs/{rest}")
        return Target(f"docs/{{lang}}/{rest}{mark}{fragment}", language, file)
    variant = _VARIANT.search(file)
    if variant and posixpath.dirname(file) in _CARD_FOLDERS:
        language = variant.group(2) or REFERENCE
        value = _VARIANT.sub(rf"{variant.group(1)}.{{lang}}.md", file) + mark + fragment
        return Target(value, language, file)
    return Target(file + mark + fragment, "", file)


def _address(link: str, lang: str, site_url: str) -> Target:
    if site_url and link.startswith(site_url):
        rest = link[len(site_url) :]
        first = rest.split("/")[0].split("#")[0]
        if first == "assets":
            return Target(link)
        language = first if first in LANGUAGES else REFERENCE
        page = rest.removeprefix(first).lstrip("/") if first in LANGUAGES else rest
        return Target(f"{site_url}{{lang}}/{page}", language)
    if not _HOSTED.match(link):
        return Target(link)
    inside = _HOSTED_TREE.search(link)
    if inside:
        return Target(_HOSTED_TREE.sub("docs/{lang}", link), inside.group(1))
    variant = _VARIANT.search(link)
    if variant:
        value = _VARIANT.sub(rf"{variant.group(1)}.{{lang}}.md", link)
        return Target(value, variant.group(2) or REFERENCE)
    return Target(link)


def github_slug(title: str) -> str:
    """The anchor GitHub gives a heading.

    >>> github_slug("O que você precisa?")
    'o-que-você-precisa'
    """
    kept = re.sub(r"[^\w\- ]", "", title.strip().lower())
    return kept.replace(" ", "-")
