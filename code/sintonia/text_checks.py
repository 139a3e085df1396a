"""What a single text betrays: control tokens, another chat format, broken characters, personal data.

Each function answers for one string and is silent on ordinary prose, code and arithmetic.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

# Tokens that belong inside content: places for images and the marks of thinking and of tool calls.
_WELCOME = re.compile(
    r"</?(?:think|tool_call|tool_response|tools?|image|img|video|audio|image_soft_token)>"
    r"|<\|(?:image|video|audio)(?:_pad|_1|)\|>|<\|vision_(?:start|end|pad)\|>"
)
_FORMATS = re.compile(
    r"<\|im_start\|>\s*(?:system|user|assistant|tool)\b"
    r"|<\|start_header_id\|>|<\|eot_id\|>|<start_of_turn>|<end_of_turn>|<\|start_of_role\|>"
    r"|\[/?INST\]|<<SYS>>"
    r"|<\|(?:system|user|assistant|end_of_text|endoftext|eot|end)\|>"
    r"|^### (?:Response|Instruction|Assistant|Human|Instru[cç](?:ão|ción)|指令)\s*[:：]"
    r"|^(?:Human|USER): .*\n+(?:Assistant|ASSISTANT): ",
    re.MULTILINE,
)
_FORMAT_SIGNS = ("<|", "INST]", "<<SYS", "_of_turn>", "# ", "Assistant: ", "ASSISTANT: ")
# UTF-8 read as Latin-1 or Windows-1252, once; and what other tools leave behind.
_C1252 = "\u20ac\u201a\u0192\u201e\u2026\u2020\u2021\u02c6\u2030\u0160\u2039\u0152\u017d\u2018\u2019\u201c"
_C1252 += "\u201d\u2022\u2013\u2014\u02dc\u2122\u0161\u203a\u0153\u017e\u0178"
_TRAIL = f"[\u0080-\u00bf{_C1252}]"
_MOJIBAKE = re.compile(
    f"\u00c3{_TRAIL}|\u00c2[\u0080-\u00bf]|\u00e2\u20ac{_TRAIL}|[\u00e3-\u00e9]{_TRAIL}{{2}}|\u00f0\u0178{_TRAIL}{{2}}"
    "|\ufffd|\u00ef\u00bf\u00bd|\u951f\u65a4\u62f7|\u70eb\u70eb\u70eb|[\u0080-\u0084\u0086-\u009f]"
)
_EMAIL = re.compile(r"[\w.+-]+@(?:[\w-]+\.)+[A-Za-z]{2,}")
_NOBODY = re.compile(
    r"@(?:[\w-]+\.)*example\.\w+$|\.(?:example|test|invalid|localhost)$|^(?:no-?reply|git)@", re.I
)
_PHONE = re.compile(
    r"(?<![\w.])(?:\+\d{1,3}[ .-]?(?:\(?\d{1,4}\)?[ .-]?){2,4}\d{2,4}|\(\d{2,3}\) ?9?\d{3,4}[ -]\d{4}"
    r"|\d{3}-\d{3}-\d{4}|1[3-9]\d{9})(?![\w.]*\d)"
)
_CPF = re.compile(r"(?<!\d)\d{3}\.\d{3}\.\d{3}-\d{2}(?!\d)")
_CHINESE_ID = re.compile(r"(?<!\w)[1-9]\d{5}(?:19|20)\d{9}[\dXx](?!\w)")
_CARD = re.compile(r"(?<![\d.-])[3-6]\d{3}([ -]?)\d{4}\1\d{4}\1\d{2,4}(?![\d.-]*\d)")
_NINE_DIGITS = re.compile(r"(?:\d[ ().+-]{0,2}){9}")


def control_pattern(tokens: Iterable[str]) -> re.Pattern[str] | None:
    """A pattern that finds a tokenizer's control tokens; `None` where it has none to be feared.

    Example:
        >>> control_pattern(["<|im_end|>", "<image>"]).search("oi <image> <|im_end|>")[0]
        '<|im_end|>'

    Explained in: doctor.md#d08
    """
    feared = [token for token in tokens if len(token) > 2 and not _WELCOME.fullmatch(token)]
    feared.sort(key=len, reverse=True)
    return re.compile("|".join(map(re.escape, feared))) if feared else None


def chat_format(text: str) -> str | None:
    """The first marker of a chat format in a text that should carry none.

    Example:
        >>> chat_format("[INST] Oi [/INST] Olá!"), chat_format("Use a list: [1, 2]")
        ('[INST]', None)

    Explained in: doctor.md#d13
    """
    if not any(sign in text for sign in _FORMAT_SIGNS):
        return None
    found = _FORMATS.search(text)
    return found[0].strip() if found else None


def broken_characters(text: str) -> str | None:
    """A piece of text around the first character that was decoded wrongly.

    Example:
        >>> broken_characters("nÃ£o"), broken_characters("NÃO, não: “ação”")
        ('nÃ£o', None)

    Explained in: doctor.md#d11
    """
    if text.isascii():
        return None
    found = _MOJIBAKE.search(text)
    if not found:
        return None
    start = max(text.rfind(" ", 0, found.start()) + 1, found.start() - 12)
    end = text.find(" ", found.end())
    return text[start : min(end if end >= 0 else len(text), found.end() + 12)].strip()


def personal(text: str) -> Iterator[tuple[str, str]]:
    """`(kind, masked excerpt)` of what looks like personal data: email, phone, id, card.

    Documents and cards count only where their check digits are right.

    Example:
        >>> list(personal("ana.souza@gmail.com, 12 345, nobody@example.com"))
        [('email', 'a********@g********')]

    Explained in: doctor.md#d10
    """
    if "@" in text:
        for found in _EMAIL.findall(text):
            if not _NOBODY.search(found):
                name, host = found.split("@", 1)
                yield (
                    "email",
                    f"{name[0]}{'*' * min(8, len(name) - 1)}@{host[0]}{'*' * min(8, len(host) - 1)}",
                )
    if not _NINE_DIGITS.search(text):
        return
    documents = [found for found in _CPF.findall(text) if _cpf_is_right(found)]
    documents += [found for found in _CHINESE_ID.findall(text) if _chinese_id_is_right(found)]
    yield from (("id", _masked(found)) for found in documents)
    cards = [match[0] for match in _CARD.finditer(text) if _luhn_is_right(match[0])]
    yield from (("card", _masked(found)) for found in cards)
    if not documents and not cards:
        yield from (("phone", _masked(match[0])) for match in _PHONE.finditer(text))


def _masked(found: str) -> str:
    return found[:2] + re.sub(r"\d", "*", found[2:])


def _cpf_is_right(text: str) -> bool:
    digits = [int(char) for char in text if char.isdigit()]
    if len(set(digits)) == 1:
        return False
    checks = [sum((n + 1 - i) * digits[i] for i in range(n)) * 10 % 11 % 10 for n in (9, 10)]
    return checks == digits[9:]


def _chinese_id_is_right(text: str) -> bool:
    weights = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
    total = sum(weight * int(char) for weight, char in zip(weights, text[:17], strict=True))
    return "10X98765432"[total % 11] == text[17].upper()


def _luhn_is_right(text: str) -> bool:
    digits = [int(char) for char in text if char.isdigit()][::-1]
    doubled = [sum(divmod(2 * digit, 10)) for digit in digits[1::2]]
    return len(set(digits)) > 1 and (sum(digits[::2]) + sum(doubled)) % 10 == 0
