"""`sitekit new-language fr`: begins a language of the course, with everything listed as to do.

Writes docs/fr, each page the English one under a mark that says so; the language's place in languages.yml and
mkdocs.yml, its titles and the house's words as comments to fill in; the theme's words; its column in the
lock. The site builds at once: readers get in English what is not translated. Called again, it adds pages
that came since and renews those that nobody has touched.
"""

from __future__ import annotations

import argparse
import os
import re
import sys
from collections.abc import Iterator, Sequence
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path

from sitekit.checksums import ABSENT
from sitekit.findings import CannotReadError
from sitekit.languages import LANGUAGES_FILE, REFERENCE
from sitekit.lock import LOCK, read_lock, write_lock
from sitekit.roots import add_root, root_of
from sitekit.sections import read_text
from sitekit.to_do import as_to_do, is_to_do, untouched

CODE = re.compile(r"[a-z]{2,3}(?:-[A-Za-z]{2,8})?")
THEME = "code/sitekit/theme/partials/languages"
WORDS = "code/sitekit/words.yml"
SITE = "mkdocs.yml"
PARTIAL = """\
{#- Material's own words, with the language tag that fonts, hyphenation and screen readers need. -#}
{% import "partials/languages/MATERIAL.html" as base %}
{% macro t(key) %}{{ {"language": "LANG"}[key] or base.t(key) }}{% endmacro %}
"""


def names_of(lang: str) -> tuple[str, str] | None:
    """A language's name in itself and in English, or None where nobody knows it.

    >>> names_of("fr")
    ('Français', 'French')
    """
    from babel import Locale, UnknownLocaleError

    try:
        locale = Locale.parse(lang, sep="-")
    except (UnknownLocaleError, ValueError):
        return None
    own = locale.get_display_name() or lang
    return own[:1].upper() + own[1:], locale.get_display_name("en") or lang


def material_words(lang: str) -> str:
    """Whose words Material shows on its own buttons: the language's where it has them, else English."""
    spec = find_spec("material")
    folders = spec.submodule_search_locations if spec else None
    known = folders and (Path(folders[0]) / "templates/partials/languages" / f"{lang}.html").is_file()
    return lang if known else REFERENCE


def plan(root: Path, lang: str, own: str, english: str) -> Iterator[tuple[str, str]]:
    """Files to write as (path in the repository, text); none where all is there already.

    Raises CannotReadError where a file that the language enters is not as expected.
    """
    yield from _pages(root, lang)
    languages = read_text(root / LANGUAGES_FILE, LANGUAGES_FILE)
    if f"\n{lang}:" not in languages:
        line = f"{lang}: {{name: {own}, english: {english}, html: {lang}, under_way: true}}\n"
        yield LANGUAGES_FILE, _before(languages, f"{REFERENCE}:", line, LANGUAGES_FILE)
    site = read_text(root / SITE, SITE)
    if not re.search(rf"^ +- locale: {lang}$", site, re.MULTILINE):
        yield SITE, _site(site, lang, own)
    words = read_text(root / WORDS, WORDS)
    if f"\n  # {lang}: " not in words and f"\n  {lang}: " not in words:
        yield WORDS, re.sub(r"^(  )en(: .*)$", rf"\1en\2\n\1# {lang}\2", words, flags=re.MULTILINE)
    partial = f"{THEME}/sintonia-{lang}.html"
    if not (root / partial).exists():
        yield partial, PARTIAL.replace("MATERIAL", material_words(lang)).replace("LANG", lang)


def _pages(root: Path, lang: str) -> Iterator[tuple[str, str]]:
    tree = root / "docs" / REFERENCE
    for source in sorted(tree.rglob("*.md")):
        shown = f"docs/{lang}/{source.relative_to(tree).as_posix()}"
        fresh = as_to_do(read_text(source, source.relative_to(root).as_posix()))
        if (root / shown).exists():
            there = read_text(root / shown, shown)
            if there == fresh or not (is_to_do(there) and untouched(there)):
                continue
        yield shown, fresh


def _before(text: str, sign: str, new: str, shown: str) -> str:
    """`text` with `new` before its line that begins with `sign`."""
    match = re.search(rf"^{re.escape(sign)}", text, re.MULTILINE)
    if not match:
        raise CannotReadError([f"{shown}: found no line {sign!r}; expected one; restore it"])
    return text[: match.start()] + new + text[match.start() :]


def _site(text: str, lang: str, own: str) -> str:
    """mkdocs.yml with the language before English; titles wait as comments, in English until then."""
    block = re.search(r"^ {8}- locale: en\n(?: {10}.*\n)+", text, re.MULTILINE)
    sample = re.search(r"^ {8}- locale: (?!en\b).*\n(?: {10}.*\n)+", text, re.MULTILINE)
    if not block or not sample:
        fault = f"{SITE}: found no block '- locale: en' in i18n's languages; expected one; restore it"
        raise CannotReadError([fault])
    ours = re.sub(
        r"locale: en\n +name: .*\n +default: true\n", f"locale: {lang}\n          name: {own}\n", block[0]
    )
    ours = ours.replace(f"sintonia-{REFERENCE}", f"sintonia-{lang}")
    ours = re.sub(r"^ {10}admonition_translations:\n(?: {12}.*\n)+", "", ours, flags=re.MULTILINE)
    for key in ("nav_translations", "admonition_translations"):
        titles = re.search(rf"^ {{10}}{key}:\n((?: {{12}}.*\n)+)", sample[0], re.MULTILINE)
        names = re.findall(r"^ {12}([^:\n]+):", titles[1], re.MULTILINE) if titles else []
        rows = [f"          #   {name}: {name[:1].upper()}{name[1:]}\n" for name in names]
        ours += "".join([f"          # {key}:\n", *rows])
    return text[: block.start()] + ours + text[block.start() :]


def write(root: Path, files: dict[str, str]) -> None:
    """Writes files, each to a temporary name first, once all of them are there."""
    for shown, text in files.items():
        path = root / shown
        path.parent.mkdir(parents=True, exist_ok=True)
        path.with_name(path.name + ".tmp").write_text(text, encoding="utf-8")
    for shown in files:
        path = root / shown
        os.replace(path.with_name(path.name + ".tmp"), path)


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the command: 0 done, 2 bad input."""
    parser = argparse.ArgumentParser(
        prog="sitekit new-language",
        description="Begins a language, or adds and renews what it has still to do.",
    )
    parser.add_argument("language", metavar="CODE", help="such as fr")
    parser.add_argument("--name", default="", help="its name in itself (default: as Unicode's CLDR has it)")
    parser.add_argument("--english", default="", help="its name in English")
    add_root(parser)
    options = parser.parse_args(arguments)
    root, lang = root_of(options), options.language
    known = names_of(lang) if CODE.fullmatch(lang) else None
    if not CODE.fullmatch(lang) or lang == REFERENCE or not (known or (options.name and options.english)):
        advice = "name it by --name and --english" if CODE.fullmatch(lang) else "fr and pt-PT are such codes"
        print(f"language: found {lang!r}; expected the code of a new language; {advice}", file=sys.stderr)
        return 2
    own, english = options.name or known[0], options.english or known[1]
    try:
        files = dict(plan(root, lang, own, english))
        lock = read_lock(root)
    except CannotReadError as error:
        print(error, file=sys.stderr)
        return 2
    write(root, files)
    if lock is not None and any(lang not in entry.sums for entry in lock.values()):
        write_lock(root, {name: replace(entry, sums={**entry.sums, lang: entry.sums.get(lang, ABSENT)})
                          for name, entry in lock.items()})  # fmt: skip
        files[LOCK] = ""
    return _report(root, lang, own, files)


def _report(root: Path, lang: str, own: str, files: dict[str, str]) -> int:
    pages = [shown for shown in files if shown.startswith(f"docs/{lang}/")]
    for shown in sorted(set(files) - set(pages)):
        print(f"wrote {shown}")
    if pages:
        print(f"wrote {len(pages)} page{'' if len(pages) == 1 else 's'} below docs/{lang}")
    waiting = [path for path in (root / "docs" / lang).rglob("*.md") if is_to_do(path.read_text("utf-8"))]
    print(f"{own}: {len(waiting)} pages to do; sitekit status lists them")
    return 0


if __name__ == "__main__":
    sys.exit(main())
