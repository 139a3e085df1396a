"""Figures: one SVG, four sets of words.

A page writes `![figure: NAME](assets/figures/NAME.svg)` on a line of its own. The drawing is inlined, so
that its colours follow the page's light or dark scheme (CSS classes `fig-*`) and no further request is
made; `{{key}}` in it is replaced by the word of the page's language from `NAME.words.yml`. Two keys are
for everybody: `alt`, which says what the picture says, and `caption`, which stands below it.
"""

from __future__ import annotations

import re
from html import escape
from pathlib import Path

import yaml

from sitekit.languages import COMPLETE, REFERENCE
from sitekit.settings import LOADER, Problem

FIGURE_LINE = re.compile(r"^(?P<indent>[ \t]*)!\[figure: *(?P<name>[^\]]+?) *\]\((?P<path>[^)\s]+)\)\s*$")
FIGURE_MARK = re.compile(r'<figure class="fig" data-figure="([^"]+)"></figure>')
PLACEHOLDER = re.compile(r"\{\{\s*([\w-]+)\s*\}\}")
COMMON_KEYS = ("alt", "caption")


class Figures:
    """The figures of one folder, read once each."""

    def __init__(self, folder: Path, root: Path | None = None) -> None:
        self.folder = folder
        self.root = root or folder
        self._cache: dict[str, tuple[str, dict]] = {}

    def names(self) -> list[str]:
        """Names of the figures there are."""
        return sorted(path.stem for path in self.folder.glob("*.svg"))

    def _where(self, path: Path) -> str:
        return path.relative_to(self.root).as_posix() if path.is_relative_to(self.root) else path.name

    def findings(self, name: str) -> list[str]:
        """What is wrong with a figure's drawing or words; empty when it can be shown in every language."""
        svg_path = self.folder / f"{name}.svg"
        words_path = self.folder / f"{name}.words.yml"
        if not svg_path.is_file():
            known = ", ".join(self.names()) or "none"
            return [f"{self._where(svg_path)}: found no such figure; expected one of: {known}"]
        if not words_path.is_file():
            return [f"{self._where(words_path)}: found no such file; expected the figure's words"]
        try:
            words = yaml.load(words_path.read_text(encoding="utf-8"), Loader=LOADER)
        except yaml.YAMLError as error:
            reason = " ".join(str(error).split())
            return [
                f"{self._where(words_path)}: found YAML that does not parse ({reason}); expected"
                " a mapping of keys to words"
            ]
        if not isinstance(words, dict):
            return [
                f"{self._where(words_path)}: found {type(words).__name__};"
                " expected a mapping of keys to words"
            ]
        findings = []
        used: set[str] = set()
        for number, line in enumerate(svg_path.read_text(encoding="utf-8").splitlines(), start=1):
            for key in PLACEHOLDER.findall(line):
                used.add(key)
                if key not in words:
                    findings.append(
                        f"{self._where(svg_path)}:{number}: found {{{{{key}}}}};"
                        f" expected a key of {words_path.name}"
                    )
        for key in COMMON_KEYS:
            if key not in words:
                findings.append(f"{self._where(words_path)}: found no key {key!r}; expected one")
        for key, by_lang in words.items():
            if key not in used and key not in COMMON_KEYS:
                findings.append(
                    f"{self._where(words_path)}: found key {key!r}; expected {{{{{key}}}}} in {svg_path.name}"
                )
            missing = [
                lang for lang in COMPLETE if not isinstance(by_lang, dict) or by_lang.get(lang) in (None, "")
            ]
            if missing:
                findings.append(
                    f"{self._where(words_path)}: {key}: found no word for {', '.join(missing)};"
                    " expected pt, es, zh and en"
                )
        return findings

    def html(self, name: str, lang: str) -> str:
        """The figure as one `<figure>` element with the words of `lang`.

        Raises:
            Problem: the figure or one of its words is missing.
        """
        if name not in self._cache:
            if findings := self.findings(name):
                raise Problem(findings)
            svg = (self.folder / f"{name}.svg").read_text(encoding="utf-8")
            words = yaml.load((self.folder / f"{name}.words.yml").read_text(encoding="utf-8"), Loader=LOADER)
            self._cache[name] = (_tidy(svg, name), words)
        svg, words = self._cache[name]

        def say(key: str) -> str:
            return escape(str(words[key].get(lang) or words[key][REFERENCE]), quote=False)

        svg = PLACEHOLDER.sub(lambda match: say(match[1]), svg)
        title = f"fig-{name}-title"
        svg = re.sub(
            r"<svg\b([^>]*)>",
            lambda match: (
                f'<svg{match[1]} role="img" aria-labelledby="{title}" data-search-exclude="true">'
                f'<title id="{title}">{say("alt")}</title>'
            ),
            svg,
            count=1,
        )
        return f'<figure class="fig" id="fig-{name}">{svg}<figcaption>{say("caption")}</figcaption></figure>'


def _tidy(svg: str, name: str) -> str:
    """The drawing without prolog and comments, its ids made unique on the page, on one line."""
    svg = re.sub(r"<\?xml.*?\?>|<!DOCTYPE.*?>|<!--.*?-->", "", svg, flags=re.DOTALL)
    opening = re.search(r"<svg\b[^>]*>", svg)
    if opening:
        # Ours are set by `html`; a second role or label on the element would be invalid. Width and
        # height are the stylesheet's business.
        head = re.sub(r'\s(?:role|aria-label|aria-labelledby|width|height)="[^"]*"', "", opening[0])
        svg = svg[: opening.start()] + head + svg[opening.end() :]
    ids = set(re.findall(r'\bid="([^"]+)"', svg))
    for old in ids:
        new = f"fig-{name}-{old}"
        svg = svg.replace(f'id="{old}"', f'id="{new}"').replace(f"url(#{old})", f"url(#{new})")
        svg = svg.replace(f'href="#{old}"', f'href="#{new}"')
    svg = re.sub(r"<title\b.*?</title>|<desc\b.*?</desc>", "", svg, flags=re.DOTALL)
    return re.sub(r">\s+<", "><", svg.strip()).replace("\n", " ")
