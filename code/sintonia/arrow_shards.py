"""One shard of an encoded dataset: rows become one Arrow file, whole or not at all, and a line about it."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from sintonia.errors import MAX_KEPT, Fault, InputError
from sintonia.loss_masks import IGNORE_INDEX
from sintonia.row_encoding import BATCH, RowEncoder, batches, example, worker_rows
from sintonia.token_pieces import Packed, pack
from sintonia.truncation import Cut, truncate

# Where a row stands, what is encoded of it, its faults, and how it stood if it has any.
Item = tuple[str, dict[str, Any], list[Fault], Any]


@dataclass(frozen=True)
class Settings:
    """What every worker must know; two runs with the same settings write the same bytes."""

    max_length: int | None
    truncation: str
    labels: bool
    skip_bad: bool
    folder: Path


@dataclass
class Shard:
    """A finished shard, as it stands in the journal, and the faults of its rows, which do not."""

    number: int
    read: int
    rows: int = 0
    tokens: int = 0
    supervised: int = 0
    rejected: int = 0
    cut: Cut = field(default_factory=Cut)
    sha256: str = ""
    rejects_sha256: str = ""
    faults: list[Fault] = field(default_factory=list)
    count: int = 0

    def entry(self) -> dict[str, Any]:
        known = asdict(self)
        return {name: value for name, value in known.items() if name not in ("faults", "count")}


def write_mine(*job: Any) -> Shard:
    return write_shard(worker_rows(), *job)


def write_shard(
    rows: RowEncoder, settings: Settings, number: int, items: list[Item], only_look: bool
) -> Shard:
    """Encode the rows of one shard into one Arrow file, moved to its name when it is whole."""
    shard = Shard(number, len(items))
    if only_look:
        for _ in _rendered(rows, items, shard, None):
            pass
        return shard
    path = settings.folder / shard_name(number)
    rejects = settings.folder / rejects_name(number)
    refused: list[bytes] = []
    with replaced_when_done(path) as stream:
        import pyarrow

        schema = _schema(settings.labels)
        with pyarrow.ipc.new_stream(stream, schema) as writer:
            good = _rendered(rows, items, shard, refused if settings.skip_bad else None)
            for group in batches(good, BATCH):
                kept = _within(rows.tokenize(group), settings, rows.bos_token_id, shard)
                shard.rows += len(kept)
                shard.tokens += sum(len(mask) for _, mask in kept)
                shard.supervised += sum(mask.count(1) for _, mask in kept)
                writer.write_batch(_batch(kept, settings.labels, schema))
    if refused:
        with replaced_when_done(rejects) as stream:
            stream.writelines(refused)
    shard.sha256, shard.rejects_sha256 = checksum(path), checksum(rejects)
    return shard


def _within(found: list[Packed], settings: Settings, bos: int | None, shard: Shard) -> list[Packed]:
    """The rows with those over the limit truncated; what that costs is counted in the shard."""
    limit = settings.max_length
    if limit is None or all(len(mask) <= limit for _, mask in found):
        shard.cut += Cut(rows=len(found))
        return found
    kept: list[Packed] = []
    total = Cut()
    for ids, mask in found:
        if len(mask) <= limit:
            kept.append((ids, mask))
            total += Cut(rows=1)
            continue
        short, cut = truncate([example(ids, mask)], limit, settings.truncation, bos_token_id=bos)
        kept += [(pack(row["input_ids"]), bytes(row["assistant_mask"])) for row in short]
        total += cut
    shard.cut += total
    return kept


def _rendered(rows: RowEncoder, items: list[Item], shard: Shard, refused: Any) -> Iterator[Any]:
    """Each good row as text and spans; a bad one as a line in `refused`, or in the shard's faults."""
    for where, columns, faults, original in items:
        if not faults:
            try:
                rendered = rows.render(columns)
            except InputError as error:
                faults = [Fault(f"{where}: {f.where}", f.found, f.expected, f.fix) for f in error.faults]
                original = columns
            else:
                yield rendered
                continue
        if refused is None:
            shard.count += len(faults)
            shard.faults += faults[: MAX_KEPT - len(shard.faults)]
        else:
            shard.rejected += 1
            entry = {"where": where, "faults": [str(fault) for fault in faults], "row": original}
            refused.append(json.dumps(entry, default=repr).encode("ascii") + b"\n")


def _schema(labels: bool) -> Any:
    import pyarrow

    second = ("labels", "int32") if labels else ("assistant_mask", "int8")
    kinds = {"input_ids": "int32", second[0]: second[1]}
    fields = [(name, pyarrow.list_(getattr(pyarrow, kind)())) for name, kind in kinds.items()]
    info = json.dumps({"info": {"features": features(labels)}})
    return pyarrow.schema(fields, metadata={"huggingface": info})


def features(labels: bool) -> dict[str, Any]:
    """The columns in the words of `datasets`."""
    second, kind = ("labels", "int32") if labels else ("assistant_mask", "int8")
    return {
        name: {"feature": {"dtype": dtype, "_type": "Value"}, "_type": "List"}
        for name, dtype in (("input_ids", "int32"), (second, kind))
    }


def _batch(packed: list[Packed], labels: bool, schema: Any) -> Any:
    import numpy
    import pyarrow

    offsets = numpy.cumsum([0, *(len(mask) for _, mask in packed)], dtype=numpy.int32)
    numbers = numpy.frombuffer(b"".join(ids for ids, _ in packed), numpy.int32)
    second = numpy.frombuffer(b"".join(mask for _, mask in packed), numpy.int8)
    if labels:
        second = numpy.where(second, numbers, numpy.int32(IGNORE_INDEX))
    bounds = pyarrow.array(offsets)
    lists = [pyarrow.ListArray.from_arrays(bounds, pyarrow.array(values)) for values in (numbers, second)]
    return pyarrow.record_batch(lists, schema=schema)


@contextmanager
def replaced_when_done(path: Path) -> Iterator[Any]:
    # No fsync: what a power cut takes of a shard does not fit its checksum, and is written anew.
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        with temporary.open("wb") as stream:
            yield stream
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


def shard_name(number: int) -> str:
    return f"data-{number:05d}.arrow"


def rejects_name(number: int) -> str:
    return f"data-{number:05d}.rejects.jsonl"


def checksum(path: Path) -> str:
    if not path.is_file():
        return ""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
