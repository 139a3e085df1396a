"""The course's languages (languages.yml), and which one a paragraph is written in, told without a model.

Function words tell two languages apart: those of one that the other lacks. A word that both have
(`a`, `as` in English and Portuguese; `que`, `de` in Portuguese and Spanish) tells nothing of them.
"""

from __future__ import annotations

import re
from pathlib import Path

import yaml

LANGUAGES_FILE = "code/sitekit/languages.yml"
REFERENCE = "en"
_TABLE = yaml.safe_load(Path(__file__).with_name("languages.yml").read_text(encoding="utf-8"))

MENU = tuple(_TABLE)
"""The languages in the order that menus show them."""

LANGUAGES = (REFERENCE, *(lang for lang in MENU if lang != REFERENCE))
"""The languages with the one that the others are read against in front."""

UNDER_WAY = frozenset(lang for lang, row in _TABLE.items() if row.get("under_way"))
"""Languages that may lack pages and words: readers get those in English."""

COMPLETE = tuple(lang for lang in LANGUAGES if lang not in UNDER_WAY)
NAMES = {lang: row["english"] for lang, row in _TABLE.items()}
OWN_NAMES = {lang: row["name"] for lang, row in _TABLE.items()}
HTML_LANG = {lang: row["html"] for lang, row in _TABLE.items()}

# Below this many words a sentence may be a title, a list of names or a quotation.
MIN_WORDS = 12
MIN_SIGNS = 3

_FUNCTION_WORDS = {
    "en": "the of and to is in that it with are this be not by on an from which its at each you "
    "your what when where has have was were will would can but they their there then than into "
    "only every does how if or so we a as for do no me i he she us our my more most some such "
    "these those been being had did about after before between both while because",
    "pt": "os um uma em não é ao aos das na nas com mais isso isto você são seu sua seus suas pelo "
    "pela também até já à às ou mas ele ela foi tem quando ainda só qual num numa esse essa aqui "
    "depois então muito o a e de do da dos que se no para por como as nos me este esta está entre "
    "sobre sem quem onde era ser for há lhe eu nós",
    "es": "el los las la y en con del al lo un una más pero cuando esto eso hay tu sus también "
    "hasta ya sin muy donde aquí después entonces qué cómo ese esa están de que se no para por "
    "como a o e su este esta está entre sobre nos me son fue ser es si le era dos da te tus",
}
FUNCTION_WORDS = {lang: frozenset(words.split()) for lang, words in _FUNCTION_WORDS.items()}

WORD = re.compile(r"[A-Za-zÀ-ɏ]+(?:['’][A-Za-z]+)?")
CJK = re.compile(r"[\u3400-\u9fff]")
_QUOTED = re.compile(
    r"(?<![*\w])\*(?![*\s])[^*]+\*(?![*\w])|“[^”]*”|«[^»]*»|「[^」]*」|『[^』]*』|\"[^\"\n]*\"|‘[^’]*’"
)
_SENTENCE = re.compile(r"[^.!?:;。！？；：]+(?:[.!?:;。！？；：]+|$)")


def without_quotations(text: str) -> str:
    """`text` with what is quoted or set in italics (titles) blanked, every offset kept.

    >>> without_quotations('say "hola" now')
    'say        now'
    """
    return _QUOTED.sub(lambda m: re.sub(r"\S", " ", m.group()), text)


def _latin_stranger(text: str, lang: str) -> str | None:
    words = [word.lower() for word in WORD.findall(text)]
    if len(words) < MIN_WORDS or (lang != "zh" and lang not in FUNCTION_WORDS):
        return None
    own = FUNCTION_WORDS.get(lang, frozenset())
    signs = {}
    for code, known in FUNCTION_WORDS.items():
        theirs = sum(word in known and word not in own for word in words)
        ours = sum(word in own and word not in known for word in words)
        if code != lang and theirs >= MIN_SIGNS and ours * 4 < theirs:
            signs[code] = theirs
    return max(signs, key=lambda code: signs[code]) if signs else None


def _stranger(text: str, lang: str) -> str | None:
    chinese, words = len(CJK.findall(text)), len(WORD.findall(text))
    if lang != "zh":
        if chinese >= MIN_WORDS and chinese > 2 * words:
            return "zh"
        return _latin_stranger(text, lang)
    if words < MIN_WORDS or chinese > 0.4 * words:
        return None
    return _latin_stranger(text, "zh")


def foreign(text: str, lang: str) -> tuple[str, int] | None:
    """The language a text was left in and the offset where that begins, or None.

    `text` is running prose without code, links or markup. The whole is judged, then each sentence
    of at least MIN_WORDS words; for Chinese pages also each run of words between Chinese letters.

    >>> text = "the model learns only from the tokens that it wrote and not from what you asked"
    >>> foreign(text, "pt"), foreign(text, "en")
    (('en', 0), None)
    """
    text = without_quotations(text)
    whole = _stranger(text, lang)
    if whole:
        return whole, len(text) - len(text.lstrip())
    pieces = re.compile(r"[^\u3400-\u9fff]+") if lang == "zh" else _SENTENCE
    for piece in pieces.finditer(text):
        code = _stranger(piece.group(), lang)
        if code:
            lead = len(piece.group()) - len(piece.group().lstrip())
            return code, piece.start() + lead
    return None


def copied(text: str, reference: str) -> bool:
    """Whether `text` is the English one, word for word, and a sentence rather than names.

    >>> copied("See what is masked", "See what is masked"), copied("SFTTrainer", "SFTTrainer")
    (True, False)
    """
    words = [word.lower() for word in WORD.findall(without_quotations(text))]
    if len(words) < 3 or " ".join(text.split()) != " ".join(reference.split()):
        return False
    return sum(word in FUNCTION_WORDS["en"] for word in words) >= (1 if len(words) < 5 else 2)
