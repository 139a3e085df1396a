"""The built site as one zip file that is read from a folder, without a server: `make offline`.

    python -m sitekit offline [--site site] [--out dist/sintonia-offline.zip]

A browser gives a page that comes from a file neither `fetch` nor workers, and shows a folder as a list of
files. So links name `index.html`, each language's search index is a script, and a small stand-in for
workers comes with it. What needs modules, the playground, leaves its place to a link to the course online.
"""

from __future__ import annotations

import argparse
import json
import os
import posixpath
import re
import sys
import zipfile
from html import escape
from pathlib import Path
from urllib.parse import urlsplit

from sitekit.languages import HTML_LANG
from sitekit.settings import ROOT
from sitekit.words import word

WORKER = Path(__file__).parent / "offline_files" / "iframe-worker.js"
LICENCE = WORKER.with_name("LICENSE-iframe-worker.txt")
FOLDER = "sintonia"
"""The folder that the zip file unpacks into."""
LEFT_OUT = ("404.html", "sitemap.xml", "sitemap.xml.gz")
EPOCH = (2026, 1, 1, 0, 0, 0)
"""The same site gives the same bytes."""

_LINK = re.compile(r'(?P<before><(?:a|link)\b[^>]*?\bhref=")(?P<url>[^"]*)(?=")')
_PLAYGROUND = re.compile(
    r'(?:<script>playgroundAhead=[^<]*</script>)?(?:<link rel="stylesheet" href="[^"]*playground\.css">)?'
    r'<section class="pg".*?</section>\s*<script type="module" async src="(?P<src>[^"]*)"></script>',
    re.DOTALL,
)
_LANG = re.compile(r'<html lang="([^"]*)"')
_CANONICAL = re.compile(r'<link rel="canonical" href="([^"]*)"')
_BUNDLE = re.compile(r'<script src="(?P<root>[^"]*)assets/javascripts/bundle\.')


def file_link(url: str) -> str:
    """A link to a folder as a link to its page; anything else as it is.

    >>> file_link("../masks/#label-shift"), file_link(".."), file_link("./"), file_link("#here")
    ('../masks/index.html#label-shift', '../index.html', './index.html', '#here')
    >>> file_link("https://example.org/"), file_link("x.ipynb"), file_link("?a=b")
    ('https://example.org/', 'x.ipynb', '?a=b')
    """
    parts = urlsplit(url)
    if parts.scheme or parts.netloc or not parts.path:
        return url
    path = parts.path
    if posixpath.basename(path) in ("", ".", ".."):
        path = f"{path.rstrip('/')}/index.html"
    return parts._replace(path=path).geturl()


def offline_page(html: str) -> str:
    """A page's HTML for reading from a file."""
    tag = _LANG.search(html)
    lang = next((key for key, value in HTML_LANG.items() if tag and value == tag[1]), "en")
    canonical = _CANONICAL.search(html)

    def playground(match: re.Match) -> str:
        address = canonical[1] if canonical else ""
        link = f'<a href="{escape(address)}" rel="noopener">{word("offline-playground-link", lang)}</a>'
        return f"<p>{word('offline-playground', lang)} {link}</p>"

    html = _PLAYGROUND.sub(playground, html)
    html = _LINK.sub(lambda match: match["before"] + file_link(match["url"]), html)
    return _BUNDLE.sub(
        lambda match: (
            f'<script src="{match["root"]}assets/javascripts/iframe-worker.js"></script>\n      ' + match[0]
        ),
        html,
        count=1,
    )


def offline_index(text: str) -> str:
    """A search index (JSON) as the script that Material reads from a file.

    >>> offline_index('{"docs": [{"location": "a/#b"}, {"location": ""}]}')
    'var __index = {"docs":[{"location":"a/index.html#b"},{"location":"index.html"}]}'
    """
    index = json.loads(text)
    for doc in index["docs"]:
        page, mark, anchor = doc["location"].partition("#")
        doc["location"] = f"{page}index.html{mark}{anchor}"
    return "var __index = " + json.dumps(index, ensure_ascii=False, separators=(",", ":"))


def offline_files(site: Path) -> dict[str, bytes]:
    """Files of the bundle by their path in it."""
    files = {
        "assets/javascripts/iframe-worker.js": WORKER.read_bytes(),
        "assets/javascripts/LICENSE-iframe-worker.txt": LICENCE.read_bytes(),
    }
    for path in sorted(site.rglob("*")):
        name = path.relative_to(site).as_posix()
        if not path.is_file() or name in LEFT_OUT or name.startswith("assets/playground/"):
            continue
        if name.endswith(".html"):
            files[name] = offline_page(path.read_text(encoding="utf-8")).encode()
        elif name.endswith("search/search_index.json"):
            files[name.removesuffix("on")] = offline_index(path.read_text(encoding="utf-8")).encode()
        else:
            files[name] = path.read_bytes()
    return files


def write_bundle(site: Path, out: Path) -> int:
    """Writes the zip file; returns the number of pages in it.

    Raises:
        FileNotFoundError: `site` holds no built site.
    """
    if not (site / "index.html").is_file() or not (site / "search" / "search_index.json").is_file():
        raise FileNotFoundError(f"{site}: found no built site; expected index.html; run make site first")
    files = offline_files(site)
    out.parent.mkdir(parents=True, exist_ok=True)
    temporary = out.with_name(f"{out.name}.tmp")
    with zipfile.ZipFile(temporary, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as bundle:
        for name in sorted(files):
            bundle.writestr(zipfile.ZipInfo(f"{FOLDER}/{name}", EPOCH), files[name], zipfile.ZIP_DEFLATED)
    os.replace(temporary, out)
    return sum(name.endswith(".html") for name in files)


def main(argv: list[str] | None = None) -> int:
    """The command; exit status 2 without a built site."""
    parser = argparse.ArgumentParser(prog="sitekit offline", description=__doc__.splitlines()[0])
    parser.add_argument("--site", type=Path, default=ROOT / "site", help="the built site")
    parser.add_argument("--out", type=Path, default=ROOT / "dist" / "sintonia-offline.zip")
    args = parser.parse_args(argv)
    try:
        pages = write_bundle(args.site, args.out)
    except FileNotFoundError as error:
        print(error, file=sys.stderr)
        return 2
    size = args.out.stat().st_size / 1e6
    print(f"{args.out}: {pages} pages, {size:.1f} MB; unpack it and open {FOLDER}/index.html")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
