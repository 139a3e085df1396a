"""Spelling by hunspell's dictionaries and the project's own lists of words.

`spelling/<lang>.txt` holds what a language's dictionary lacks, `names.txt` names of people, models and
libraries in all of them, `replies.txt` what a model wrote that is quoted and is no word: one word a line,
sorted. A word in lower case also stands for its capitalised form; a word with capitals only for itself.
"""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Iterable, Iterator
from pathlib import Path

from sitekit.findings import CannotReadError, Finding
from sitekit.languages import NAMES
from sitekit.reading import read_text
from sitekit.texts import Stretch

# Chinese pages quote English; the words in them are held to the English dictionary.
DICTIONARIES = {"en": "en_GB", "pt": "pt_BR", "es": "es_MX"}
SPEECH = {"zh": "en"}
LISTS = "code/sitekit/spelling"
PACKAGES = "hunspell hunspell-en-gb hunspell-pt-br hunspell-es"

_WORD = re.compile(r"(?<![\w-])[A-Za-zÀ-ɏ0-9_]+(?:['’\-.@/][A-Za-zÀ-ɏ0-9_]+)*")
_CLITIC = re.compile(r"(?:[mts]e|nos)?(?:l[aeo]s?)?$")
_ACUTE = re.compile(r"[áéíóú]")
_UNACCENTED = str.maketrans("áéíóú", "aeiou")
_INNER_CAPITAL = re.compile(r"[^\W\d_][A-ZÀ-Þ]")


def missing() -> str:
    """Why spelling cannot be checked on this machine; empty where it can.

    Raises nothing: who calls decides whether that is a skip or a failure.
    """
    if shutil.which("hunspell") is None:
        return f"hunspell is not installed; install {PACKAGES}"
    asked = subprocess.run(["hunspell", "-D"], input="", capture_output=True, text=True, check=False)
    there = asked.stderr + asked.stdout
    absent = [name for name in DICTIONARIES.values() if f"/{name}\n" not in there]
    return f"hunspell lacks the dictionaries {', '.join(absent)}; install {PACKAGES}" if absent else ""


def words(prose: str) -> Iterator[tuple[int, str]]:
    """`(offset, word)` of what a dictionary can judge: no numbers, acronyms, paths or identifiers.

    >>> [word for _, word in words("O LoRA tem 8 GB, use-o com torch.nn e o Trainer: pré-treino.")]
    ['tem', 'use-o', 'com', 'Trainer', 'pré-treino']
    """
    for match in _WORD.finditer(prose):
        word = match.group()
        if len(word) > 1 and not re.search(r"[\d_.@/]", word) and not _INNER_CAPITAL.search(word):
            yield match.start(), word


def read_list(root: Path, name: str) -> frozenset[str]:
    """The words of `spelling/<name>.txt`. Raises CannotReadError where they are not sorted, or twice."""
    shown = f"{LISTS}/{name}.txt"
    lines = read_text(root / shown, shown).splitlines()
    faults = []
    for number, (before, line) in enumerate(zip(lines, lines[1:], strict=False), 2):
        if order(before) >= order(line):
            faults.append(
                f"{shown}:{number}: found {line!r} after {before!r}; expected sorted words; move it"
            )
    if faults:
        raise CannotReadError(faults)
    return frozenset(lines)


def order(word: str) -> tuple[str, str]:
    """How the lists are sorted: capitals beside their small letters."""
    return word.casefold(), word


def unknown_words(asked: Iterable[str], lang: str, listed: frozenset[str] = frozenset()) -> set[str]:
    """Those of the words that neither hunspell's dictionary of the language nor `listed` knows.

    A compound with hyphens is known as a whole, or by its parts; a Spanish order with pronouns, of which
    the dictionary has few, by its verb: `aplícale` is `aplica`, which takes the accent for the pronoun.
    """
    whole = {word for word in asked if not _in(word, listed)}
    pieces = {piece for word in whole for piece in _pieces(word)}
    verbs = {word: verb for word in whole if lang == "es" and (verb := _verb(word))}
    # hunspell takes most of its time to load a dictionary, so it is asked once
    rejected = {word for word in _hunspell({*whole, *pieces, *verbs.values()}, lang) if not _in(word, listed)}
    # it breaks some compounds itself and then names the piece it does not know
    left = {word for word in whole if not rejected.isdisjoint({word, *_pieces(word)})}
    left = {word for word in left if not rejected.isdisjoint(_pieces(word))}
    return {word for word in left if word not in verbs or verbs[word] in rejected}


def _verb(word: str) -> str:
    """The verb of a Spanish order with its pronouns; empty where the word is not built so."""
    stem = _CLITIC.sub("", word)
    return stem.translate(_UNACCENTED) if stem != word and _ACUTE.search(stem) else ""


def _in(word: str, listed: frozenset[str]) -> bool:
    plain = word.replace("’", "'")
    return plain in listed or plain[:1].lower() + plain[1:] in listed


def _pieces(word: str) -> list[str]:
    return [piece for piece in re.split(r"['’-]", word) if len(piece) > 1] or [word]


def _hunspell(asked: Iterable[str], lang: str) -> list[str]:
    command = ["hunspell", "-l", "-i", "utf-8", "-d", DICTIONARIES[lang]]
    done = subprocess.run(
        command,
        input="\n".join(sorted(asked)),
        capture_output=True,
        encoding="utf-8",
        errors="replace",
        check=True,
    )
    return done.stdout.split("\n")


def check_spelling(stretches: Iterable[Stretch], root: Path) -> list[Finding]:
    """Every word that neither dictionary nor list knows, where it stands.

    A quotation, a link's text or a term's other name may be in any of the languages.
    """
    names = read_list(root, "names") | read_list(root, "replies")
    lists = {lang: names | read_list(root, lang) for lang in DICTIONARIES}
    met: list[tuple[Stretch, int, str, str]] = []
    for stretch in stretches:
        lang = SPEECH.get(stretch.lang, stretch.lang)
        if lang in DICTIONARIES:
            met += [(stretch, offset, word, lang) for offset, word in words(stretch.prose)]
    every = {word for _, _, word, _ in met}
    unknown = {lang: unknown_words(every, lang, lists[lang]) for lang in DICTIONARIES}
    nowhere = set.intersection(*unknown.values())
    found = []
    for stretch, offset, word, lang in met:
        borrowed = stretch.kind == "also" or not stretch.own[offset : offset + len(word)].strip()
        if word in (nowhere if borrowed else unknown[lang]):
            line = stretch.line_of(offset, word)
            expected = f"one of the {NAMES[lang]} dictionary, or the word in {LISTS}/{lang}.txt"
            found.append(Finding(stretch.path, line, "spelling", f"the word {word!r}", expected))
    return found
