"""Conversations that are learned as they come: none is held longer than its batch, so memory stays flat.

    read_rows -> pass after pass, each shuffled through a buffer -> this process's batch -> ids and labels

The order depends on the source and the seed alone. So every process of a launch draws the same rows and
encodes only its own, and a run that was stopped goes on at the very row that it would have taken next.
"""

from __future__ import annotations

import random
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import count, islice
from pathlib import Path
from typing import Any, TypeVar

from sintonia.conversations import read_rows
from sintonia.errors import MAX_KEPT, Fault, InputError
from sintonia.loss_masks import labels
from sintonia.row_encoding import RowEncoder, example

USED = ("messages", "tools", "chat_template_kwargs")
BUFFER = 1_000
RECENT = 256  # rows that are kept to be looked at when a loss is no number
T = TypeVar("T")


class ConversationStream:
    """The good rows of a source, pass after pass without an end; bad ones are left out and counted.

    Args:
        source: as `sintonia.sources.read` takes it, and such that it can be read again.
        seed: of the order; two streams with the same source and seed are alike.
        buffer: rows out of which the next one is drawn; 1 leaves them in their order.
        start: rows to leave out at the beginning, because a run has learned them already.
        on_bad: called with the first bad row's fault.

    Example:
        >>> rows = [{"question": str(number), "answer": "!"} for number in range(3)]
        >>> stream = ConversationStream(rows, seed=3, buffer=2)
        >>> [row["messages"][0]["content"] for row in islice(stream, 6)]
        ['0', '1', '2', '0', '2', '1']

    Explained in: lora.md#streaming
    """

    def __init__(
        self,
        source: Any,
        *,
        seed: int = 0,
        buffer: int = BUFFER,
        start: int = 0,
        on_bad: Callable[[Fault], None] | None = None,
    ) -> None:
        self.source, self.seed, self.buffer, self.start, self.on_bad = source, seed, buffer, start, on_bad
        self.bad = 0
        self._told = False

    def __iter__(self) -> Iterator[dict[str, Any]]:
        """Rows with `messages`, and `tools` and `chat_template_kwargs` where they have them.

        Raises:
            InputError: the source cannot be read, or a pass over it finds no good row.
        """
        return islice(self._passes(), self.start, None)

    def first(self, rows: int) -> list[dict[str, Any]]:
        """The first good rows as they stand in the source, for the doctor and for a look.

        Raises:
            InputError: as in `__iter__`.
        """
        return list(islice(self._one_pass(tell=False), rows))

    def _passes(self) -> Iterator[dict[str, Any]]:
        self.bad = 0
        for number in count():
            yield from shuffled(self._one_pass(tell=not number), self.buffer, self.seed + number)

    def _one_pass(self, *, tell: bool) -> Iterator[dict[str, Any]]:
        good, faults = 0, []
        for row in read_rows(self.source):
            if not row.faults:
                good += 1
                yield {name: row.columns[name] for name in USED if row.columns.get(name)}
                continue
            if len(faults) < MAX_KEPT:
                faults += row.faults
            if tell:
                self.bad += 1
                if self.on_bad and not self._told:
                    self._told = True
                    self.on_bad(row.faults[0])
        if not good:
            where = str(self.source) if isinstance(self.source, (str, Path)) else "data"
            faults.append(Fault(where, "no good row", "at least one conversation to learn from"))
            raise InputError(faults)


def shuffled(rows: Iterable[T], buffer: int, seed: int) -> Iterator[T]:
    """Every row once, each drawn by chance out of the `buffer` rows that were read next.

    Example:
        >>> list(shuffled("abcdef", 3, seed=0)), list(shuffled("abc", 1, seed=0))
        (['b', 'd', 'a', 'f', 'c', 'e'], ['a', 'b', 'c'])

    Explained in: lora.md#streaming
    """
    chance = random.Random(seed)
    held: list[T] = []
    for row in rows:
        if len(held) < buffer:
            held.append(row)
            continue
        place = chance.randrange(buffer)
        drawn, held[place] = held[place], row
        yield drawn
    chance.shuffle(held)
    yield from held


class EncodingCollator:
    """Encodes the rows of a batch, those of this process alone, and hands them to another collator.

    Args:
        encoder: a tokenizer and a template.
        collate: makes tensors of examples with `input_ids` and `labels`.
        max_length: tokens to keep of a row, from its start; `None` keeps all.
        on_refused: called with the fault of the first row that the template refuses. Such rows are left out.

    Example:
        >>> row = {"messages": [{"role": "user", "content": "Oi"}, {"role": "assistant", "content": "Olá!"}]}
        >>> made = EncodingCollator(RowEncoder(None, "chatml"), list)([row])
        >>> made[0]["input_ids"][-4:], made[0]["labels"][-4:]
        ([5415, 17, 2, 198], [5415, 17, 2, -100])

    Explained in: lora.md#streaming
    """

    def __init__(
        self,
        encoder: RowEncoder,
        collate: Callable[[list[dict[str, Any]]], Any],
        *,
        max_length: int | None = None,
        on_refused: Callable[[Fault], None] | None = None,
    ) -> None:
        self.encoder, self.collate, self.max_length = encoder, collate, max_length
        self.on_refused = on_refused
        self.refused = 0
        self.recent: deque[tuple[Mapping[str, Any], dict[str, Any]]] = deque(maxlen=RECENT)

    def __call__(self, rows: list[Mapping[str, Any]]) -> Any:
        """The batch.

        Raises:
            InputError: the template refuses every row of it.
        """
        made = [(row, encoded) for row in rows if (encoded := self._encode(row)) is not None]
        if not made:
            found = f"a batch of {len(rows)} rows that the template refuses"
            raise InputError(Fault("data", found, "rows that it can render"))
        self.recent.extend(made)
        return self.collate([encoded for _, encoded in made])

    def _encode(self, row: Mapping[str, Any]) -> dict[str, Any] | None:
        try:
            encoded = example(*self.encoder.encode([row])[0])
        except InputError as error:
            self.refused += 1
            if self.refused == 1 and self.on_refused:
                self.on_refused(error.faults[0])
            return None
        targets = {"input_ids": encoded["input_ids"], "labels": labels(encoded)}
        return {name: ids[: self.max_length] for name, ids in targets.items()}


def check_streaming(recipe: Mapping[str, Any]) -> None:
    """Refuse what a stream cannot do, before anything is read.

    Args:
        recipe: the fields of a run, TRL's and ours.

    Raises:
        InputError: no `max_steps`, for a stream has no length; packing, which needs every length first.

    Example:
        >>> check_streaming({"max_steps": 100, "packing": False, "shuffle_buffer": 1_000})

    Explained in: lora.md#streaming
    """
    faults = []
    if (recipe.get("max_steps") or 0) < 1:
        faults.append(Fault("--streaming", "no --max_steps", "a number of steps: a stream has no length"))
    if recipe.get("packing"):
        faults.append(Fault("--streaming", "--packing", "one of the two: packing needs every length first"))
    if (recipe.get("shuffle_buffer") or 0) < 1:
        faults.append(Fault("--shuffle_buffer", str(recipe.get("shuffle_buffer")), "at least 1 row"))
    if faults:
        raise InputError(faults)
