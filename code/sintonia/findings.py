"""What a check saw becomes a finding a person reads: code, place, consequence, remedy, address.

The checks only observe, in numbers and excerpts that belong to no language. The words are in one
catalogue, `words/doctor.yml`, with four languages side by side, and are put together here.
"""

from __future__ import annotations

import os
import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from functools import cache
from typing import Any

from sintonia.chat_templates import PACKAGE
from sintonia.errors import Fault
from sintonia.fault_words import in_words

SITE = "https://sintonia-course.github.io/sintonia/"
CATALOGUE = PACKAGE / "words" / "doctor.yml"
LANGUAGES = ("pt", "es", "zh", "en")
SEVERITIES = ("error", "warning", "note")
EXAMPLES_KEPT = 3
EXCERPT = 60
SENTENCE = 300  # characters of what a reader says of a bad row
_PLACEHOLDER = re.compile(r"\{([a-z_]+)(?::([a-z]+))?\}")
_COUNTS = frozenset({"count", "of", "more", "some"})
_SEPARATORS = {"en": (",", "."), "zh": (",", "."), "pt": (".", ","), "es": ("\u00a0", ",")}


@dataclass(frozen=True)
class Observation:
    """What one check saw, in no language.

    Args:
        code: which entry of the catalogue it is, such as `L01`.
        data: the values that the entry's texts ask for, and those worth keeping for `--json`.
        examples: `(where, excerpt)` of the first rows concerned, in order; a fault in place of an
            excerpt is put into words later.
        variant: the entry's variant, where it has several.
        milder: the finding changes nothing in this run, so it gets the entry's milder severity.

    Explained in: doctor.md#read-a-finding
    """

    code: str
    data: dict[str, Any] = field(default_factory=dict)
    examples: list[tuple[str, str | Fault]] = field(default_factory=list)
    variant: str | None = None
    milder: bool = False


@dataclass
class Tally:
    """Counts by code, with the first places of each; two of them add up, in the order of the rows.

    A key of a finding is a code, or a code and a variant: `D09/column`.

    Explained in: doctor.md#read-a-finding
    """

    counts: Counter[str] = field(default_factory=Counter)
    examples: dict[str, list[tuple[str, str | Fault]]] = field(default_factory=dict)
    first: dict[str, dict[str, Any]] = field(default_factory=dict)

    def add(self, key: str, where: str, text: str | Fault = "", **first: Any) -> None:
        """Count one case; `first` is remembered of the first one only."""
        self.counts[key] += 1
        if self.counts[key] == 1:
            self.first[key] = first
        if self.counts[key] <= EXAMPLES_KEPT:
            self.examples.setdefault(key, []).append((where, text))

    def merge(self, later: Tally) -> None:
        """Add the counts of rows that come after these."""
        for key, count in later.counts.items():
            if key in later.first:
                self.first.setdefault(key, later.first[key])
                kept = self.examples.setdefault(key, [])
                kept += later.examples[key][: EXAMPLES_KEPT - len(kept)]
            self.counts[key] += count

    def observation(self, key: str, **data: Any) -> Observation:
        """What was counted under a key, with `data` added to what its first case left."""
        code, _, variant = key.partition("/")
        milder = bool(data.pop("milder", False))
        values = {"count": self.counts[key], **self.first[key], **data}
        return Observation(code, values, self.examples[key], variant or None, milder)


@dataclass(frozen=True)
class Finding:
    """One finding, in one language.

    Args:
        code: stable, such as `T03`; `name` is the same for people, such as `stop-not-supervised`.
        severity: `error`, `warning` or `note`.
        title: what is the matter, in a few words.
        where: the first place concerned (`train.jsonl:17`), empty where it concerns the whole run.
        seen: what was seen, with numbers.
        consequence: what it will do to the run.
        fix: what to do, as a command or a changed line.
        link: address of the section that explains it, in the finding's language.
        data: the numbers behind `seen`, and `examples`, each a `{"where", "excerpt"}`.

    Explained in: doctor.md#read-a-finding
    """

    code: str
    name: str
    severity: str
    title: str
    where: str
    seen: str
    consequence: str
    fix: str
    link: str
    data: dict[str, Any]

    def as_dict(self) -> dict[str, Any]:
        """The finding as JSON holds it; `doctor.schema.json` describes it."""
        return asdict(self)


def to_finding(observation: Observation, lang: str = "en") -> Finding:
    """Put an observation into words.

    Raises:
        KeyError: the catalogue has no such code, variant or language, or the data lacks a value.

    Example:
        >>> found = to_finding(Observation("D04", {"count": 2}, [("a.jsonl:7", "message 2")]))
        >>> found.name, found.severity, found.where, found.seen
        ('empty-answers', 'warning', 'a.jsonl:7', '2 answers without text and without a tool call')

    Explained in: doctor.md#read-a-finding
    """
    entry = catalogue()["codes"][observation.code]
    texts = dict(entry[lang])
    if observation.variant:
        texts |= texts["variants"][observation.variant]
    examples = observation.examples[:EXAMPLES_KEPT]
    said = {name: fill(texts[name], observation.data, lang) for name in ("seen", "consequence", "fix")}
    return Finding(
        code=observation.code,
        name=entry["name"],
        severity=entry["milder"] if observation.milder else entry["severity"],
        title=texts["title"],
        where=examples[0][0] if examples else "",
        link=address(observation.code, lang),
        data={
            **{name: value for name, value in observation.data.items() if value is not None},
            "examples": [{"where": where, "excerpt": _shown(text, lang)} for where, text in examples],
        },
        **said,
    )


def in_order(observations: Iterable[Observation], lang: str = "en") -> list[Finding]:
    """Findings of one language, the gravest first, then by code.

    Example:
        >>> seen = [Observation("D10", {"count": 1, "kinds": ["email"]}), Observation("D04", {"count": 1})]
        >>> [finding.code for finding in in_order(seen)]
        ['D04', 'D10']

    Explained in: doctor.md#read-a-finding
    """
    findings = [to_finding(observation, lang) for observation in observations]
    letters = "TDLR"
    return sorted(findings, key=lambda f: (SEVERITIES.index(f.severity), letters.index(f.code[0]), f.code))


@cache
def catalogue() -> dict[str, Any]:
    """The catalogue: `codes`, `units` and `ui`, each with its texts in four languages.

    Example:
        >>> catalogue()["codes"]["T03"]["name"]
        'stop-not-supervised'

    Explained in: doctor.md#read-a-finding
    """
    import yaml

    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # C where there is one: 10 ms, not 90
    with CATALOGUE.open(encoding="utf-8") as stream:
        return yaml.load(stream, Loader=loader)


def ui(key: str, lang: str, **values: Any) -> str:
    """One of the report's own words.

    Example:
        >>> ui("error", "pt")
        'erro'

    Explained in: doctor.md#read-a-finding
    """
    return fill(catalogue()["ui"][key][lang], values, lang)


def address(code: str, lang: str = "en") -> str:
    """Where the site explains a code, in a language; `SINTONIA_SITE` may name another site.

    Example:
        >>> address("T01", "pt")
        'https://sintonia-course.github.io/sintonia/pt/doctor/#t01'

    Explained in: doctor.md#read-a-finding
    """
    site = os.environ.get("SINTONIA_SITE", SITE).rstrip("/")
    prefix = "" if lang == "en" else f"{lang}/"
    return f"{site}/{prefix}doctor/#{code.lower()}"


def fill(text: str, values: dict[str, Any], lang: str) -> str:
    """A text with its `{name}` and `{name:unit}` filled in; anything else in braces stays.

    Example:
        >>> fill("{count:answers} of {of}, `{% generation %}`", {"count": 1, "of": 12345}, "pt")
        '1 resposta of 12.345, `{% generation %}`'

    Explained in: doctor.md#read-a-finding
    """

    def said(match: re.Match[str]) -> str:
        value = values[match[1]]
        if isinstance(value, int) and match[2] is None and match[1] not in _COUNTS:
            return str(value)  # an id or a setting, to be copied as it is
        shown = _value(value, match[2], lang)
        if lang == "zh":  # a space between Chinese and Latin letters or digits
            before, after = text[: match.start()][-1:], text[match.end() :][:1]
            shown = " " * (_is_han(before) and shown[:1].isascii() and shown[:1].isalnum()) + shown
            shown += " " * (_is_han(after) and shown[-1:].isascii() and shown[-1:].isalnum())
        return shown

    return _PLACEHOLDER.sub(said, text)


def number(value: float, lang: str) -> str:
    """A number as the language writes it.

    Example:
        >>> [number(12345.5, lang) for lang in ("en", "pt")]
        ['12,345.5', '12.345,5']

    Explained in: doctor.md#read-a-finding
    """
    thousands, decimal = _SEPARATORS[lang]
    plain = f"{value:,.1f}" if isinstance(value, float) else f"{value:,}"
    if abs(value) < 10_000:  # four digits are read without help: 1024, 2048
        plain = plain.replace(",", "")
    return plain.translate({ord(","): thousands, ord("."): decimal})


def excerpt(text: str, limit: int = EXCERPT) -> str:
    """A piece of somebody's text on one line, harmless for a terminal.

    Example:
        >>> excerpt("um\\ndois\\x1b[31m")
        'um⏎dois�[31m'

    Explained in: doctor.md#read-a-finding
    """
    shown = text[: limit + 1].replace("\n", "⏎").replace("\t", " ")
    if not shown.isprintable():
        shown = "".join(char if char.isprintable() else "�" for char in shown)
    return shown if len(text) <= limit else shown[: limit - 1].rstrip() + "…"


def _shown(text: str | Fault, lang: str) -> str:
    return text if isinstance(text, str) else excerpt(in_words(text, lang), SENTENCE)


def _is_han(char: str) -> bool:
    return "\u4e00" <= char <= "\u9fff"


def _value(value: Any, unit: str | None, lang: str) -> str:
    if unit == "percent":
        digits = 1 if 0 < value < 0.1 or 0.9 < value < 1 else 0
        return f"{100 * value:.{digits}f}%".replace(".", _SEPARATORS[lang][1])
    if unit == "gib":
        return f"{value / 2**30:.1f} GiB".replace(".", _SEPARATORS[lang][1])
    if unit not in (None, "kind"):
        words = catalogue()["units"][unit][lang]
        return f"{number(value, lang)}{'' if lang == 'zh' else ' '}{words[value != 1]}".replace("\u2009", " ")
    if isinstance(value, (list, tuple)):
        return ("、" if lang == "zh" else ", ").join(_value(item, unit, lang) for item in value)
    if isinstance(value, str):
        words = catalogue()["ui"].get(f"kind_{value}") if unit == "kind" else None
        return words[lang] if words else value
    if isinstance(value, bool) or value is None or (isinstance(value, float) and abs(value) < 1):
        return f"{value:g}" if isinstance(value, float) else str(value)
    return number(value, lang)
