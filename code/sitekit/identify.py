"""Which language a text was left in: function words, and for short texts a language identifier.

py3langid (Lui and Baldwin 2012) is held to the course's languages. On the course's own 3,000 texts of four
words and more it was never sure (0.95) of a wrong one.
"""

from __future__ import annotations

import functools
import re

from sitekit.languages import CJK, FUNCTION_WORDS, LANGUAGES, WORD, foreign, without_quotations

MIN_WORDS = 4
MIN_SENTENCE = 6
SURE = 0.95
OWN_SIGNS = 2
_ONLY = {
    lang: words.difference(*(other for code, other in FUNCTION_WORDS.items() if code != lang))
    for lang, words in FUNCTION_WORDS.items()
}
_SENTENCE = re.compile(r"[^.!?:;。！？；：]+(?:[.!?:;。！？；：]+|$)")


@functools.cache
def _identifier():
    # Half a second of a command's time: loaded only where there is something to tell.
    from py3langid.langid import MODEL_FILE, LanguageIdentifier

    identifier = LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
    identifier.set_languages(sorted({lang.partition("-")[0] for lang in LANGUAGES}))
    return identifier


def _told(text: str, lang: str, least: int) -> str | None:
    words = WORD.findall(text)
    if len(words) < least or (lang == "zh" and 2 * len(CJK.findall(text)) > len(words)):
        return None
    # Words that no other language has spare the identifier most of its work.
    only = _ONLY.get(lang, frozenset())
    if sum(word.lower() in only for word in words) >= OWN_SIGNS:
        return None
    told, sure = _identifier().classify(" ".join(text.split()))
    return told if sure >= SURE and told != lang.partition("-")[0] else None


@functools.lru_cache(maxsize=32768)
def left_in(text: str, lang: str) -> tuple[str, int] | None:
    """The language that a text of a `lang` page was left in and where that begins, or None.

    >>> left_in("Look before you train.", "pt"), left_in("Olhe antes de treinar.", "pt")
    (('en', 0), None)
    """
    if found := foreign(text, lang):
        return found
    bare = without_quotations(text)
    if told := _told(bare, lang, MIN_WORDS):
        return told, len(bare) - len(bare.lstrip())
    for piece in _SENTENCE.finditer(bare):
        if told := _told(piece.group(), lang, MIN_SENTENCE):
            return told, piece.start() + len(piece.group()) - len(piece.group().lstrip())
    return None
