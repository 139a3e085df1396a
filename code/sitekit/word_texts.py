"""One entry of a word list beside its English: what a short text must keep in each language."""

from __future__ import annotations

import functools
import re

from sitekit.inline import Inline, scan
from sitekit.number_comparison import unmatched
from sitekit.quantities import quantities
from sitekit.sections import Section, Unit

_PLACEHOLDER = re.compile(r"\{\{?\s*([A-Za-z_][\w-]*)(?::[\w-]+)?\s*\}?\}")


@functools.lru_cache(maxsize=8192)
def text_faults(
    text: str, lang: str, reference: str, code: str, numbers: bool = True
) -> list[tuple[str, str]]:
    """Differences of a text from its reference (in language `code`) as (found, expected).

    Code, placeholders, addresses and terms may come oftener than in the reference, never others. Of
    numbers, 0 and 1 are free: they are words as often ("ones", "um só").

    >>> text_faults("Use `b` em {path}.", "pt", "Use `a` in {file}.", "en")
    [('`b`', '`a`'), ('placeholder {path}', 'placeholder {file}')]
    """
    ours, theirs = scan(text, 1), scan(reference, 1)
    pairs = [
        ("`{}`", _marks(ours, "code"), _marks(theirs, "code")),
        ("placeholder {{{}}}", placeholders(text), placeholders(reference)),
        ("link {}", _marks(ours, "link"), _marks(theirs, "link")),
        ("term [[{}]]", _marks(ours, "term"), _marks(theirs, "term")),
    ]
    faults = []
    for what, here, there in pairs:
        extra, missing = sorted(here - there), sorted(there - here)
        if extra or missing:
            found = what.format(extra[0]) if extra else "no " + what.format(missing[0])
            faults.append((found, what.format(missing[0]) if missing else "none such"))
    if not numbers:
        return faults
    lost, gained = unmatched(_section(theirs, code), _section(ours, lang), code, lang)
    if lost or gained:
        found = gained[0][1].text if gained else f"no number {lost[0][1].text}"
        faults.append((found, lost[0][1].text if lost else "no such number"))
    return faults


def placeholders(text: str) -> set[str]:
    """Names of the fields that are filled in later.

    >>> sorted(placeholders("{count:rows} of {of}, {{key}}"))
    ['count', 'key', 'of']
    """
    return set(_PLACEHOLDER.findall(text))


def _marks(got: Inline, kind: str) -> set[str]:
    return {mark.value for mark in got.marks if mark.kind == kind}


def _section(got: Inline, lang: str) -> Section:
    prose = _PLACEHOLDER.sub(" ", got.prose)
    numbers = [
        (1, number) for number in quantities(prose, lang) if number.unit or not number.readings & {"0", "1"}
    ]
    return Section(0, "", "", 1, units=[Unit("text", 1, prose, prose, prose)], numbers=numbers)
