"""The playground in a page: `<!-- playground: NAME -->` on a line of its own becomes the component.

Words come from code/playground/words.yml, names of findings from the doctor's, conversations from the
course's data. Script, style and tokenizer are files of docs/assets/playground, loaded only where a page
has the component.
"""

from __future__ import annotations

import functools
import json
import re
from collections.abc import Callable
from html import escape
from typing import Any

import yaml

from sitekit.languages import COMPLETE, REFERENCE
from sitekit.settings import LOADER, ROOT, Problem
from sitekit.words import check_words

MARK = re.compile(r"<!-- playground: *([\w-]+) *-->")
FOLDER = ROOT / "code" / "playground"
DATA = ROOT / "code" / "sintonia" / "data"
DOCTOR = ROOT / "code" / "sintonia" / "words" / "doctor.yml"
ASSETS = "assets/playground"
OWN_PAGE = ("", ".", "./")
# On its own page the worker and the tokenizer come while the page is still being read.
AHEAD = (
    '<script>playgroundAhead={{worker:new Worker("{assets}/worker.js",{{type:"module"}}),'
    'file:fetch("{assets}/tokenizer.json")}};'
    "playgroundAhead.worker.onerror=e=>e.target.fault=e</script>"
)
# What engine/findings.js can say; a test holds the two together.
CODES = ("T02", "T03", "T05", "T07", "T08", "T13", "D03", "D04", "D08", "D12", "L01", "L02", "L03", "R03")


def fill(html: str, lang: str, root: str, relative: Callable[[str], str]) -> str:
    """A page's HTML with the component where its marks stand.

    Args:
        lang: the page's language.
        root: the language's folder in the site, `pt/`, or nothing.
        relative: address of a file or a page of the site as this page has to write it.

    Raises:
        Problem: a mark names no prepared case.

    >>> fill("<p>No mark.</p>", "en", "", str)
    '<p>No mark.</p>'
    """
    if not MARK.search(html):
        return html

    def component(match: re.Match) -> str:
        if match[1] not in cases(lang):
            known = ", ".join(cases(lang))
            raise Problem([f"playground: found the case {match[1]!r}; expected one of {known}"])
        data = {
            "lang": lang,
            "case": match[1],
            "assets": relative(ASSETS),
            "doctor": relative(f"{root}doctor/"),
            "playground": relative(f"{root}playground/"),
            "words": words(lang),
            "findings": finding_titles(lang),
            "cases": cases(lang),
        }
        # `<` never stands in it, so nothing in a word or a row can end the element.
        carried = json.dumps(data, ensure_ascii=False, separators=(",", ":")).replace("<", "\\u003c")
        ahead = AHEAD.format(assets=data["assets"]) if data["playground"] in OWN_PAGE else ""
        note = re.sub(r"`([^`]+)`", r"<code>\1</code>", escape(words(lang)["no-script"], quote=False))
        return (
            f'{ahead}<link rel="stylesheet" href="{escape(relative(f"{ASSETS}/playground.css"))}">'
            f'<section class="pg" aria-label="{escape(words(lang)["title"])}" data-search-exclude>'
            f'<p class="pg-wait">{escape(words(lang)["loading"])}</p><noscript><p>{note}</p></noscript>'
            f'<script type="application/json">{carried}</script></section>'
            f'<script type="module" async src="{escape(relative(f"{ASSETS}/playground.js"))}"></script>'
        )

    return MARK.sub(component, html)


@functools.cache
def words(lang: str) -> dict[str, str]:
    """What the playground says in a language.

    >>> words("pt")["tokens"]
    'Tokens'
    """
    table = _yaml(FOLDER / "words.yml")
    if findings := check_words(table, "code/playground/words.yml"):
        raise Problem(findings)
    return {key: by_lang.get(lang) or by_lang[REFERENCE] for key, by_lang in table.items()}


@functools.cache
def finding_titles(lang: str) -> dict[str, dict[str, str]]:
    """Code -> the doctor's title for it and its severity.

    >>> finding_titles("en")["T08"]
    {'title': 'Two BOS tokens', 'severity': 'error'}
    """
    codes = _yaml(DOCTOR)["codes"]
    return {
        code: {
            "title": (codes[code].get(lang) or codes[code][REFERENCE])["title"],
            "severity": codes[code]["severity"],
        }
        for code in CODES
    }


@functools.cache
def cases(lang: str) -> dict[str, dict[str, Any]]:
    """Name of a prepared case -> its conversation in the page's language and, to compare costs, in all.

    >>> cases("en")["templates"]["state"]["messages"][0]["role"]
    'user'
    """
    made = {}
    for name, case in _yaml(FOLDER / "cases.yml").items():
        parallel = case.get("messages") or {each: _row(each, case["rows"][0]) for each in COMPLETE}
        state = {**case.get("state", {}), "messages": parallel.get(lang) or parallel[REFERENCE]}
        if len(case.get("rows", ())) > 1:
            state["second"] = _row(lang if lang in COMPLETE else REFERENCE, case["rows"][1])
        made[name] = {"state": state, "parallel": parallel}
    return made


def _row(lang: str, name: str) -> list[dict[str, str]]:
    for row in _rows(lang):
        if row["id"] == name:
            return row["messages"]
    raise Problem([f"code/playground/cases.yml: found the row {name!r}; expected an id of the {lang} data"])


@functools.cache
def _rows(lang: str) -> list[dict[str, Any]]:
    lines = (DATA / "train" / f"{lang}.jsonl").read_text(encoding="utf-8").splitlines()
    return [json.loads(line) for line in lines]


@functools.cache
def _yaml(path: Any) -> Any:
    return yaml.load(path.read_text(encoding="utf-8"), Loader=LOADER)
