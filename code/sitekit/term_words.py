"""Whether the words of `[[id|words]]` can be a name of that term in their language."""

from __future__ import annotations

import re

from sitekit.glossary import fold

_STEM = 4
"""Letters that an inflected word keeps: máscara, mascarar, mascaramento."""

_SMALL = frozenset(
    ["a", "by", "com", "con", "da", "de", "del", "do", "el", "em", "en", "la", "of", "por", "the"]
)
_HAN = re.compile(r"[\u3400-\u9fff]")
_WORD = re.compile(r"[^\W\d_\u3400-\u9fff]{2,}")


def resembles(words: str, names: tuple[str, ...]) -> bool:
    """Whether some word of a link shares its stem with one of the term's names; two signs in Chinese.

    >>> resembles("mascarar a perda", ("máscara de perda",)), resembles("ataque", ("máscara de perda",))
    (True, False)
    >>> resembles("掩码", ("损失掩码",)), resembles("面具", ("损失掩码",))
    (True, False)
    """
    ours = _pieces(words)
    return not ours or any(ours & _pieces(name) for name in names)


def _pieces(text: str) -> set[str]:
    text = fold(text)
    signs = _HAN.findall(text)
    pairs = {first + second for first, second in zip(signs, signs[1:], strict=False)} or set(signs)
    return pairs | {word[:_STEM] for word in _WORD.findall(text) if word not in _SMALL}
