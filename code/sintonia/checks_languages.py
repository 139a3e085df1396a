"""Is each answer in the language of its question (D09)? Told by py3langid, where that is installed."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import cache
from typing import Any

from sintonia.checks_data import text_of
from sintonia.findings import Observation, Tally, excerpt

MIXED, MUCH_MIXED = 0.05, 0.2
SURE = 0.9
_LANGUAGES = ["en", "pt", "es", "fr", "de", "it", "nl", "ru", "zh", "ja", "ko", "ar", "hi", "vi", "id"]
_LANGUAGES += ["tr", "pl"]
_CODE = re.compile(r"```.*?(?:```|\Z)|`[^`\n]*`|https?://\S+", re.DOTALL)
_HAN, _KANA, _HANGUL = (
    re.compile("[\u4e00-\u9fff]"),
    re.compile("[\u3040-\u30ff]"),
    re.compile("[\uac00-\ud7af]"),
)
_LANGUAGE_COLUMNS = ("lang", "language", "locale", "idioma")


def language_teller() -> Callable[[str], str | None] | None:
    """A function that names a text's language where it is sure; `None` without py3langid.

    Explained in: doctor.md#d09
    """
    try:
        identifier = _identifier()
    except ImportError:
        return None

    def tell(text: str) -> str | None:
        text = _CODE.sub(" ", text)[:600]
        letters = sum(map(str.isalpha, text))
        if _KANA.search(text):
            return "ja" if letters >= 12 else None
        if len(_HAN.findall(text)) * 3 >= letters >= 8:
            return "zh"
        if len(_HANGUL.findall(text)) * 3 >= letters >= 8:
            return "ko"
        if letters < 40:
            return None
        lang, sure = identifier.classify(text)
        return lang if sure >= SURE else None

    return tell


def look_at_language(
    where: str, row: dict[str, Any], tell: Callable[[str], str | None], tally: Tally
) -> None:
    """D09: whether an answer is in the language of its question, and of the row's language column.

    Explained in: doctor.md#d09
    """
    messages = row["messages"]
    last = max(i for i, message in enumerate(messages) if message["role"] == "assistant")
    answer = tell(text_of(messages[last]))
    if answer is None:
        return
    column = next((name for name in _LANGUAGE_COLUMNS if isinstance(row.get(name), str)), None)
    if column and (named := row[column].lower().replace("_", "-").split("-")[0]) in _LANGUAGES:
        tally.counts["language-column"] += 1
        if named != answer:
            tally.add(
                "D09/column",
                where,
                f"{column}: {named}, {answer}: {excerpt(text_of(messages[last]))}",
                column=column,
            )
    questions = [text_of(message) for message in messages[:last] if message["role"] == "user"]
    question = tell(questions[-1]) if questions else None
    if question is not None:
        tally.counts["language-pair"] += 1
        if question != answer:
            tally.add("D09", where, f"{question} > {answer}: {excerpt(text_of(messages[last]))}")


def conclude_languages(tally: Tally) -> Iterator[Observation]:
    """D09, where it is more than the odd translation.

    Explained in: doctor.md#d09
    """
    tried = tally.counts["language-column"]
    if tally.counts["D09/column"] > max(1, 0.02 * tried):
        yield tally.observation("D09/column", of=tried)
        return
    tried, mixed = tally.counts["language-pair"], tally.counts["D09"]
    if mixed >= 3 and mixed >= MIXED * tried:
        yield tally.observation("D09", of=tried, milder=mixed < MUCH_MIXED * tried)


@cache
def _identifier() -> Any:
    from py3langid.langid import MODEL_FILE, LanguageIdentifier

    identifier = LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
    identifier.set_languages(_LANGUAGES)
    return identifier
