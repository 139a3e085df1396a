"""Checks of lengths (L01 to L06): what a limit cuts off, what padding costs, what packing mixes.

Tokenizing is the dear part, so it is done where it can matter. A token is at least a byte, so a row of
fewer bytes than the limit cannot be cut; of those that can, a large file has a fixed share tokenized.
"""

from __future__ import annotations

import random
import re
from array import array
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from sintonia.chat_templates import Rendered
from sintonia.errors import InputError
from sintonia.findings import Observation, Tally
from sintonia.packing import check_packing
from sintonia.row_encoding import RowEncoder

ALL_OF = 4_000  # rows of which every one in danger is tokenized; of later ones, a share
SHARE, OTHERS = 0.1, 0.02
MOST_LOST = 0.5
MUCH_PADDING = 0.5
ROUND = 64
_RUN = re.compile(b"\x01+")
TRL_MAX_LENGTH = 1024


@dataclass
class Lengths:
    """Lengths of rows, and counts of what a limit would take from them.

    Args:
        sizes: bytes of each row's text.
        weights: by count name, the rows that stand for others counted as often as they stand for.
        tokens, measured: tokens and bytes of the rows that were tokenized; `rows` is their number.
        supervised: supervised tokens among `tokens`.
        longest: tokens of the longest row that was tokenized.
        spans: rows in which the assistant wrote something.

    Explained in: doctor.md#lengths
    """

    sizes: array = field(default_factory=lambda: array("i"))
    weights: dict[str, float] = field(default_factory=dict)
    tally: Tally = field(default_factory=Tally)
    rows: int = 0
    tokens: int = 0
    measured: int = 0
    supervised: int = 0
    longest: int = 0
    spans: int = 0

    def merge(self, later: Lengths) -> None:
        """Add the lengths of rows that come after these."""
        self.sizes.extend(later.sizes)
        for name, weight in later.weights.items():
            self.weights[name] = self.weights.get(name, 0.0) + weight
        self.tally.merge(later.tally)
        self.longest = max(self.longest, later.longest)
        for name in ("rows", "tokens", "measured", "supervised", "spans"):
            setattr(self, name, getattr(self, name) + getattr(later, name))

    def count(self, name: str) -> int:
        """Rows or answers under a name, those they stand for included."""
        return round(self.weights.get(name, 0.0))

    @property
    def per_byte(self) -> float:
        """Tokens a byte, as measured."""
        return self.tokens / self.measured if self.measured else 0.0

    @property
    def total(self) -> int:
        """Tokens of all rows: counted where all were tokenized, else in proportion to their bytes."""
        return self.tokens if self.complete else round(sum(self.sizes) * self.per_byte)

    @property
    def complete(self) -> bool:
        """Whether every row was tokenized."""
        return self.rows == len(self.sizes)


def look_at_rows(
    first: int,
    wheres: list[str],
    rendered: list[Rendered],
    rows: RowEncoder,
    max_length: int | None = None,
    positions: int | None = None,
) -> Lengths:
    """Measure a group of rows.

    Args:
        first: how many rows came before these.
        wheres, rendered: place and text of each.
        rows: the tokenizer.
        max_length: tokens that the run keeps of a row; `None` for all.
        positions: tokens that the model can hold, where that is known.

    Example:
        >>> text = Rendered("Olá, tudo bem?", [(0, 14)])
        >>> look_at_rows(0, ["row 1"], [text], RowEncoder(), 2).count("cut")
        1

    Explained in: doctor.md#lengths
    """
    found = Lengths(array("i", [len(row.text.encode("utf-8", "replace")) for row in rendered]))
    found.spans = sum(bool(row.spans) for row in rendered)
    limit = min((some for some in (max_length, positions) if some is not None), default=None)
    danger = [i for i, size in enumerate(found.sizes) if limit is not None and size > limit]
    safe = sorted(set(range(len(rendered))) - set(danger))
    draw = random.Random(first)
    whole = first < ALL_OF
    chosen = danger if whole else draw.sample(danger, min(len(danger), max(8, int(SHARE * len(danger)))))
    others = (
        safe
        if whole and first < 1_000
        else draw.sample(safe, min(len(safe), max(2, int(OTHERS * len(safe)))))
    )
    extra = [max(danger, key=lambda i: found.sizes[i])] if danger else []
    extra = [i for i in extra if i not in chosen]
    picked = sorted({*chosen, *others, *extra})
    columns = rows.tokenize([rendered[i] for i in picked])
    for i, (_, mask) in zip(picked, columns, strict=True):
        found.longest = max(found.longest, len(mask))
        if i in extra:
            continue
        found.rows += 1
        found.tokens += len(mask)
        found.measured += found.sizes[i]
        found.supervised += sum(mask)
        weight = len(danger) / len(chosen) if i in danger else len(safe) / len(others)
        _count(found, wheres[i], mask, max_length, positions, weight)
    return found


def conclude(
    found: Lengths, max_length: int | None, file: str, positions: int | None
) -> Iterator[Observation]:
    """L01, L02, L03, L06: what the limit cuts, and what the model cannot hold.

    Explained in: doctor.md#lengths
    """
    of = len(found.sizes)
    suggested = -(-found.longest // ROUND) * ROUND
    capped = "capped" if positions and found.longest > positions else None
    data = {"max_length": max_length, "suggested": min(suggested, positions or suggested)}
    data |= {"longest": found.longest, "file": file, "positions": positions}
    for code, name, total in (
        ("L01", "cut", of),
        ("L02", "stops", found.count("answers")),
        ("L03", "emptied", of),
    ):
        count = found.count(name)
        if not count:
            continue
        share = min(1.0, count / max(total, 1))
        if code == "L02" and not found.count("only") and share < MOST_LOST:
            continue  # L01 has named these rows already
        values = {**data, "count": count, "of": total, "share": share}
        milder = code == "L02" and share < MOST_LOST
        yield Observation(code, values, found.tally.examples.get(code, []), capped, milder)
    if positions:
        used = min(found.longest, max_length or found.longest)
        beyond = found.count("beyond")
        values = {"positions": positions, "longest": found.longest, "max_length": max_length}
        if used > positions and beyond:
            yield Observation("L06", {**values, "count": beyond}, found.tally.examples.get("L06", []))
        elif max_length and max_length > positions:
            yield Observation("L06", {**values, "count": 0}, [], "limit", milder=True)


def check_batches(found: Lengths, max_length: int | None, recipe: Mapping[str, Any]) -> Iterator[Observation]:
    """L04: how much of the batches is padding, as a random order of the rows makes them.

    Explained in: doctor.md#l04
    """
    grouped = recipe.get("train_sampling_strategy") == "group_by_length" or recipe.get("group_by_length")
    batch = int(recipe.get("per_device_train_batch_size") or 8)
    if (
        grouped
        or recipe.get("packing")
        or recipe.get("padding_free")
        or batch < 2
        or len(found.sizes) < 4 * batch
    ):
        return
    cap = max_length or 1 << 30
    lengths = [min(cap, size * found.per_byte) for size in found.sizes]
    random.Random(0).shuffle(lengths)
    lengths = lengths[: 2_000 * batch]
    groups = [lengths[i : i + batch] for i in range(0, len(lengths) - batch + 1, batch)]
    paid = sum(max(group) * batch for group in groups)
    share = 1 - sum(map(sum, groups)) / paid if paid else 0.0
    if share > MUCH_PADDING:
        yield Observation("L04", {"share": share, "batch": batch})


def check_packs(recipe: Mapping[str, Any]) -> Iterator[Observation]:
    """L05: whether packed conversations would see each other.

    Explained in: doctor.md#l05
    """
    if not recipe.get("packing"):
        return
    if recipe.get("packing_strategy") == "wrapped":
        yield Observation("L05", {})
        return
    attention = recipe.get("attn_implementation")
    if attention:
        try:
            check_packing(str(attention), use_cache=False)
        except InputError:
            yield Observation("L05", {"attention": attention}, [], "attention")


def limit_of(max_length: int | None, recipe: Mapping[str, Any] | None) -> int | None:
    """The limit that a run will use: the one asked for, the recipe's, or TRL's own default.

    Example:
        >>> limit_of(None, {}), limit_of(None, {"max_length": None}), limit_of(512, {})
        (1024, None, 512)

    Explained in: doctor.md#l01
    """
    if max_length is not None or recipe is None:
        return max_length
    return recipe.get("max_length", TRL_MAX_LENGTH)


def _count(
    found: Lengths, where: str, mask: bytes, limit: int | None, positions: int | None, weight: float
) -> None:
    answers = _runs(mask)
    names: dict[str, float] = {"answers": len(answers)}
    if positions is not None and min(len(mask), limit or len(mask)) > positions:
        names["beyond"] = 1
        found.tally.add("L06", where, f"{len(mask)} > {positions}")
    if limit is not None and len(mask) > limit:
        text = f"{len(mask)} > {limit}"
        kept = [(start, end) for start, end in answers if start < limit]
        if answers and not kept:
            names["emptied"] = 1
            found.tally.add("L03", where, text)
        cut = [end for _, end in kept if end - 1 > limit]
        lost = [end for _, end in kept if end > limit]
        if cut:
            names["cut"] = 1
            found.tally.add("L01", where, text)
        if lost:
            names["stops"] = len(lost)
            names["only"] = len(lost) - len(cut)
            found.tally.add("L02", where, text)
    for name, value in names.items():
        found.weights[name] = found.weights.get(name, 0.0) + value * weight


def _runs(mask: bytes) -> list[tuple[int, int]]:
    """`(start, end)` of each run of supervised tokens."""
    return [run.span() for run in _RUN.finditer(bytes(mask))]
