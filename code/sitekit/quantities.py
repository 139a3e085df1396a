"""Numbers in prose, written as each language writes them, brought to one form.

`1,000.5` (en, zh), `1.000,5` (pt) and either of them (es) are one number; `135 million`, `135M` and
`1.35 亿` too; `30 November 2026` and `2026 年 11 月 30 日` are one date. Digits inside words
(`GPT-2`, `bf16`) are names: they are kept aside and only ever excuse a difference.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal

_L = "A-Za-zÀ-ɏ"
_MONTHS = {
    "en": "january february march april may june july august september october november december",
    "pt": "janeiro fevereiro março abril maio junho julho agosto setembro outubro novembro dezembro",
    "es": "enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre",
}
_MONTH = {name: n for names in _MONTHS.values() for n, name in enumerate(names.split(), 1)}
_M = "|".join(sorted(_MONTH, key=len, reverse=True))
_DATES = (
    re.compile(r"(?<![\d-])(?P<y>\d{4})-(?P<m>\d{2})(?:-(?P<d>\d{2}))?(?![\d-])"),
    re.compile(r"(?P<y>\d{4})\s*年\s*(?P<m>\d{1,2})\s*月(?:\s*(?P<d>\d{1,2})\s*日)?"),
    re.compile(
        rf"(?:(?<!\d)(?P<d>\d{{1,2}})(?:st|nd|rd|th|º)?\s+(?:de\s+)?)?(?<![{_L}])(?P<m>{_M})"
        r"(?:\s+del?)?\s+(?P<y>\d{4})(?!\d)",
        re.I,
    ),
    re.compile(rf"(?<![{_L}])(?P<m>{_M})\s+(?P<d>\d{{1,2}})(?:st|nd|rd|th)?,?\s+(?P<y>\d{{4}})", re.I),
)
_SCALES = {
    "thousand": 3, "mil": 3, "千": 3, "k": 3, "万": 4, "million": 6, "millions": 6, "milhão": 6,
    "milhões": 6, "millón": 6, "millones": 6, "百万": 6, "m": 6, "千万": 7, "亿": 8, "billion": 9,
    "billions": 9, "bilhão": 9, "bilhões": 9, "mil millones": 9, "十亿": 9, "b": 9,
}  # fmt: skip
_UNITS = {
    "ms": "ms milliseconds millisecond milissegundos milisegundos 毫秒",
    "s": "s sec second seconds segundo segundos 秒 秒钟",
    "min": "min minute minutes minuto minutos 分钟",
    "h": "h hour hours hora horas 小时",
    "day": "day days dia dias día días 天",
    "week": "week weeks semana semanas 周 星期",
    "%": "% % percent",
    "bit": "bit bits 位 比特",
    "byte": "byte bytes 字节",
    "KB": "KB kB", "MB": "MB", "GB": "GB", "TB": "TB", "KiB": "KiB", "MiB": "MiB", "GiB": "GiB",
    "px": "px pixel pixels píxel píxeles 像素", "×": "x × times vezes veces 倍",
}  # fmt: skip
_UNIT = {word: unit for unit, words in _UNITS.items() for word in words.split()}
_DIGIT = re.compile(r"[0-9]")
_ORDINAL = r"st|nd|rd|th|º|ª|\.º|\.ª"


def _any(words: dict[str, object]) -> str:
    return "|".join(re.escape(word) for word in sorted(words, key=len, reverse=True))


_LONG_SCALES = {word: 0 for word in _SCALES if len(word) > 1 or ord(word) > 255}
_TOKEN = re.compile(
    rf"(?P<word>[{_L}_](?:[{_L}\d_]|[-./](?=[{_L}\d]))*)"
    r"|(?P<number>(?:(?<![\w\d)\]-])[-−])?"
    r"(?:\d{1,3}(?:[ \u00a0\u202f]\d{3})+(?!\d)(?:[.,]\d+)?|\d+(?:[.,]\d+)*))"
    rf"(?:(?P<ordinal>{_ORDINAL})(?![{_L}\d])"
    rf"|(?P<letter>[kKMB])(?![{_L}\d])"
    rf"|\s?(?P<scale>{_any(_LONG_SCALES)})(?![{_L}\d]))?"
    rf"(?:[\s-]?个?(?P<unit>{_any(_UNIT)})(?![{_L}\d]))?"
    rf"(?P<tail>[{_L}_][{_L}\d_]*)?"
)
_WORDS = {
    "en": "zero|one,once,first,single|two,twice,second,both,pair|three,third|four,fourth|"
    "five,fifth|six|seven|eight|nine|ten|eleven|twelve",
    "pt": "zero|um,uma,primeiro,primeira|dois,duas,segundo,segunda,ambos,par|"
    "três,terceiro,terceira|quatro,quarto,quarta|cinco|seis|sete|oito|nove|dez|onze|doze",
    "es": "cero|un,uno,una,primero,primera,primer|dos,segundo,segunda,ambos,par|"
    "tres,tercero,tercera,tercer|cuatro,cuarto,cuarta|cinco|seis|siete|ocho|nueve|diez|once|doce",
    "zh": "零|一|二,两|三|四|五|六|七|八|九|十|十一|十二",
}
_TENS = {
    "en": "twenty|thirty|forty|fifty|sixty|seventy|eighty|ninety|hundred|thousand",
    "pt": "vinte|trinta|quarenta|cinquenta|sessenta|setenta|oitenta|noventa|cem|mil",
    "es": "veinte|treinta|cuarenta|cincuenta|sesenta|setenta|ochenta|noventa|cien|mil",
    "zh": "二十|三十|四十|五十|六十|七十|八十|九十|一百|一千",
}
_TEN_VALUES = (*range(20, 101, 10), 1000)
_SPELLED = {
    lang: {str(n): choice.split(",") for n, choice in enumerate(_WORDS[lang].split("|"))}
    | {str(n): [word] for n, word in zip(_TEN_VALUES, _TENS[lang].split("|"), strict=True)}
    for lang in _WORDS
}


@dataclass(frozen=True)
class Quantity:
    """A number in prose: `readings` are the values it can stand for, `unit` one of ours or ''."""

    readings: frozenset[str]
    unit: str
    text: str
    offset: int
    optional: bool = False


def readings(number: str, lang: str) -> frozenset[str]:
    """The values a written number can have in a language, as plain decimal strings.

    >>> sorted(readings("1.000", "pt")), sorted(readings("1,5", "es"))
    (['1000'], ['1.5'])
    """
    sign = "-" if number[0] in "-−" else ""
    plain = re.sub(r"[\s\u00a0\u202f−-]", "", number)
    groups = re.split(r"[.,]", plain)
    marks = [char for char in plain if char in ".,"]
    joined, dotted = "".join(groups), ".".join(groups)
    if not marks:
        values = {plain}
    elif len(set(marks)) == 2:
        values = {"".join(groups[:-1]) + "." + groups[-1]}
    elif len(marks) > 1:
        values = {joined if all(len(group) == 3 for group in groups[1:]) else dotted}
    elif len(groups[1]) != 3 or len(groups[0]) > 3 or groups[0].startswith("0"):
        values = {dotted}
    elif lang not in ("en", "pt", "zh"):  # es: a comma or a point parts decimals, by country
        values = {joined, dotted}
    else:
        values = {joined if (marks[0] == ".") == (lang == "pt") else dotted}
    return frozenset(sign + value for value in values)


def _scaled(values: frozenset[str], power: int) -> frozenset[str]:
    if not power:
        return values
    out = set()
    for value in values:
        if value.count(".") <= 1:
            number = Decimal(value) * 10**power
            out.add(str(int(number)) if number == int(number) else format(number, "f"))
    return frozenset(out or values)


def quantities(prose: str, lang: str) -> list[Quantity]:
    """Every number of a stretch of prose, in order; those inside words come marked optional.

    >>> [(sorted(q.readings), q.unit) for q in quantities("GPT-2 took 1,000 s on 98 MB", "en")]
    [(['2'], ''), (['1000'], 's'), (['98'], 'MB')]
    """
    found: list[Quantity] = []
    if not _DIGIT.search(prose):
        return found

    def on_date(match: re.Match[str]) -> str:
        year, month, day = match.group("y"), match.group("m").lower(), match.group("d")
        value = f"{year}-{_MONTH.get(month) or int(month):02d}"
        if day:
            value += f"-{int(day):02d}"
        found.append(Quantity(frozenset({value}), "", match.group().strip(), match.start()))
        return re.sub(r"[^\n]", " ", match.group())

    for pattern in _DATES:
        prose = pattern.sub(on_date, prose)
    for match in _TOKEN.finditer(prose):
        if match.group("word"):
            for digits in re.findall(r"\d+(?:\.\d+)*", match.group("word")):
                found.append(Quantity(frozenset({digits}), "", digits, match.start(), True))
            continue
        scale = (match.group("letter") or match.group("scale") or "").lower()
        values = _scaled(readings(match.group("number"), lang), _SCALES.get(scale, 0))
        unit = _UNIT.get(match.group("unit") or "", "")
        optional = bool(match.group("tail"))
        text = " ".join(match.group().split())
        found.append(Quantity(values, unit, text, match.start(), optional))
    return sorted(found, key=lambda quantity: quantity.offset)


def spelled(value: str, prose: str, lang: str) -> int:
    """How often a whole number stands in `prose` as a word of the language.

    >>> spelled("2", "duas máscaras", "pt"), spelled("3", "duas máscaras", "pt")
    (1, 0)
    """
    choices = _SPELLED.get(lang, {}).get(value, ())
    if lang == "zh":
        return sum(prose.count(choice) for choice in choices)
    return sum(word in choices for word in re.findall(rf"[{_L}]+", prose.lower()))
