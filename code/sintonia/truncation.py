"""Examples longer than a limit become shorter, and what that costs is counted.

Cutting is where training data is lost in silence: an answer without its end-of-turn token teaches a
model not to stop, and a row whose answer lies behind the limit teaches nothing. So every cut comes
back with its `Cut`: rows, tokens, answers, stop tokens.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, fields
from typing import Any

from sintonia.errors import Fault, InputError

TRUNCATIONS = ("keep_start", "drop", "keep_answer")
_ANSWER = re.compile(b"\x01+")


@dataclass(frozen=True)
class Cut:
    """What a limit took away, counted; two of them add up.

    Args:
        rows: examples looked at.
        rows_cut: examples that are shorter now.
        rows_dropped: examples left out whole.
        rows_emptied: examples that had supervised tokens and have none now; they stay in the list.
        tokens_cut: tokens that are in no example any more, those of dropped rows included.
        answers_cut: answers in rows that stayed, of which at least one token is gone. An answer is a
            run of supervised tokens.
        stop_tokens_lost: answers in rows that stayed whose last token is gone.

    Example:
        >>> cut = Cut(rows=2, rows_cut=1, tokens_cut=7) + Cut(rows=1)
        >>> cut.rows, cut.tokens_cut
        (3, 7)
        >>> print(str(cut).partition(";")[0])
        1 of 3 rows cut, 0 dropped, 0 left with nothing to learn

    Explained in: lengths.md#policies
    """

    rows: int = 0
    rows_cut: int = 0
    rows_dropped: int = 0
    rows_emptied: int = 0
    tokens_cut: int = 0
    answers_cut: int = 0
    stop_tokens_lost: int = 0

    def __add__(self, other: Cut) -> Cut:
        return Cut(*(getattr(self, f.name) + getattr(other, f.name) for f in fields(Cut)))

    def __bool__(self) -> bool:
        return bool(self.rows_cut or self.rows_dropped)

    def __str__(self) -> str:
        return (
            f"{self.rows_cut} of {self.rows} rows cut, {self.rows_dropped} dropped, "
            f"{self.rows_emptied} left with nothing to learn; {self.tokens_cut} tokens lost, "
            f"{self.answers_cut} answers cut, {self.stop_tokens_lost} of them without their stop token"
        )


def truncate(
    examples: Iterable[dict[str, Any]],
    max_length: int | None,
    policy: str = "keep_start",
    *,
    bos_token_id: int | None = None,
) -> tuple[list[dict[str, Any]], Cut]:
    """Shorten or drop the examples that are longer than `max_length`, and count what is lost.

    Args:
        examples: each with `input_ids` and `assistant_mask`, two lists of one length. Every other
            list of that length (`labels`) is cut alike; the examples handed in are not changed.
        max_length: tokens an example may have; `None` cuts nothing.
        policy: `keep_start` cuts the end off; `drop` leaves the row out; `keep_answer` takes tokens
            that nobody learns first, the oldest first, and only then the end of the last answer.
        bos_token_id: with `keep_answer`, this token is kept where a row begins with it.

    Returns:
        The examples in their order (fewer only with `drop`), and the `Cut`.

    Raises:
        InputError: an unknown policy, a limit below 1, or an example whose lists differ in length.

    Example:
        >>> row = {"input_ids": [1, 50, 51, 52, 90, 2], "assistant_mask": [0, 0, 0, 0, 1, 1]}
        >>> truncate([row], 4)[0][0]["input_ids"]
        [1, 50, 51, 52]
        >>> kept, cut = truncate([row], 4, "keep_answer", bos_token_id=1)
        >>> kept[0]["input_ids"], cut.tokens_cut, cut.answers_cut
        ([1, 52, 90, 2], 2, 0)

    Explained in: lengths.md#policies
    """
    check_limit(max_length, policy)
    kept: list[dict[str, Any]] = []
    total = Cut()
    rows = 0
    for rows, example in enumerate(examples, start=1):
        length, masked = len(example["input_ids"]), len(example["assistant_mask"])
        if length != masked:
            where = f"example {rows}"
            raise InputError(Fault(where, f"{masked} mask values", f"{length}, one for each id"))
        if max_length is None or length <= max_length:
            kept.append(example)
        elif policy == "drop":
            total += Cut(rows_dropped=1, tokens_cut=length)
        else:
            places = _places(example, max_length, policy, bos_token_id)
            kept.append(_select(example, places, length))
            total += _count(example["assistant_mask"], places)
    return kept, total + Cut(rows=rows)


def check_limit(max_length: int | None, policy: str) -> None:
    """Refuse a policy or a limit that means nothing, before any work is done.

    Raises:
        InputError: an unknown policy, or a limit below 1.

    Example:
        >>> check_limit(1024, "keep_start")

    Explained in: lengths.md#policies
    """
    if policy not in TRUNCATIONS:
        *most, last = TRUNCATIONS
        raise InputError(Fault("truncation", repr(policy), f"{', '.join(most)} or {last}"))
    if max_length is not None and max_length < 1:
        raise InputError(Fault("max_length", str(max_length), "at least 1 token, or None"))


def _places(example: dict[str, Any], limit: int, policy: str, bos_token_id: int | None) -> Any:
    """The positions that stay, in order."""
    if policy == "keep_start":
        return range(limit)
    ids, mask = example["input_ids"], example["assistant_mask"]
    keep_bos = bos_token_id is not None and ids[0] == bos_token_id
    surplus = len(ids) - limit
    places = []
    for position, wrote in enumerate(mask):
        if surplus and not wrote and not (keep_bos and position == 0):
            surplus -= 1
        else:
            places.append(position)
    return places[:limit]


def _select(example: dict[str, Any], places: Any, length: int) -> dict[str, Any]:
    def cut(value: Any) -> Any:
        if not isinstance(value, (list, tuple)) or len(value) != length:
            return value
        return value[: len(places)] if isinstance(places, range) else [value[place] for place in places]

    return {name: cut(value) for name, value in example.items()}


def _count(mask: Any, places: Any) -> Cut:
    stays = bytearray(len(mask))
    for place in places:
        stays[place] = 1
    answers_cut = stop_tokens_lost = learned = 0
    for answer in _ANSWER.finditer(bytes(mask)):
        start, end = answer.span()
        left = stays.count(1, start, end)
        learned += left
        answers_cut += left < end - start
        stop_tokens_lost += not stays[end - 1]
    return Cut(
        rows_cut=1,
        rows_emptied=int(not learned and any(mask)),
        tokens_cut=len(mask) - len(places),
        answers_cut=answers_cut,
        stop_tokens_lost=stop_tokens_lost,
    )
