"""A source of any size becomes a folder of Arrow files, shard by shard, and goes on where it was stopped.

While it grows the folder is called `OUT.unfinished`: shards that are done, and a journal with a checksum
for each. `kill -9` loses only the shards that were being written. The finished folder is what
`datasets.load_from_disk` reads, byte for byte the same whether the run was interrupted or not.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sintonia.arrow_shards import (
    Item,
    Settings,
    Shard,
    checksum,
    features,
    rejects_name,
    replaced_when_done,
    shard_name,
    write_mine,
    write_shard,
)
from sintonia.chat_templates import special_tokens
from sintonia.conversations import read_rows
from sintonia.conversion import rejects_path
from sintonia.errors import MAX_KEPT, Fault, InputError, first_line
from sintonia.fast_tokenizers import fast_backend
from sintonia.row_encoding import RowEncoder, batches, cores, ordered, workers
from sintonia.sources import identity as source_identity
from sintonia.tables import without_fillers
from sintonia.truncation import Cut, check_limit

ROWS_PER_SHARD, ROWS_PER_BATCH = 5_000, 1_000
MANIFEST = "sintonia.json"
_JOURNAL = "journal.jsonl"
_LOCK = "lock"
# What of a row is encoded; the rest of it stays behind.
_USED = ("messages", "tools", "chat_template_kwargs")


@dataclass(frozen=True)
class EncodedDataset:
    """What `encode_to_arrow` wrote.

    Args:
        folder: for `datasets.load_from_disk`.
        rows: rows in it.
        tokens: their tokens, and `supervised` how many of them the assistant wrote.
        rejected: rows in `rejects` instead; `rejects` is `None` where there are none.
        cut: what `max_length` took away.
        resumed: shards that an earlier, interrupted run had finished.
    """

    folder: Path
    rows: int
    tokens: int
    supervised: int
    rejected: int
    rejects: Path | None
    cut: Cut
    resumed: int


def encode_to_arrow(
    source: Any,
    folder: str | Path,
    tokenizer: Any = None,
    *,
    chat_template: str | Path | None = None,
    max_length: int | None = None,
    truncation: str = "keep_start",
    format: str = "auto",
    labels: bool = False,
    skip_bad: bool = False,
    num_proc: int | None = None,
    overwrite: bool = False,
    on_format: Callable[[str, str], None] | None = None,
    on_rows: Callable[[int], None] | None = None,
    rows_per_shard: int = ROWS_PER_SHARD,
) -> EncodedDataset:
    """Encode every row of a source into Arrow files, with all cores and flat memory.

    Args:
        source: as `sintonia.sources.read` takes it. An interrupted run goes on where the source is a
            path, a hub id or a `Dataset`; from an iterator it begins anew.
        folder: the folder to make. Columns: `input_ids` (int32) and `assistant_mask` (int8).
        tokenizer, chat_template, max_length, truncation: as in `sintonia.encode`.
        format: one of `sintonia.row_formats.FORMATS`.
        labels: write `labels` (int32, `IGNORE_INDEX` where nothing is learned) instead of the mask.
        skip_bad: write bad rows to a rejects file beside `folder` instead of raising.
        num_proc: processes; `None` takes as many as there are cores.
        overwrite: replace a folder that this function wrote, or its unfinished remains.
        on_format: as in `sintonia.conversations.read_rows`.
        on_rows: called with the number of source rows just done, such as to move a progress bar.
        rows_per_shard: source rows in one file; what is lost at most for each process when stopped.

    Raises:
        InputError: the source cannot be read, rows are bad or refused by the template (all of them are
            listed), or the folder cannot be written. Nothing is left behind then.

    Example:
        >>> import tempfile
        >>> rows = [[{"role": "user", "content": "Oi"}, {"role": "assistant", "content": "Olá!"}]]
        >>> with tempfile.TemporaryDirectory() as place:
        ...     done = encode_to_arrow(rows, Path(place) / "encoded", num_proc=1)
        ...     print(done.rows, done.tokens, done.supervised)
        1 37 4

    Explained in: masks.md#loss-masking
    """
    check_limit(max_length, truncation)
    num_proc = cores() if num_proc is None else num_proc
    if num_proc < 1:
        raise InputError(Fault("num_proc", str(num_proc), "at least 1 process"))
    target = Path(folder).expanduser()
    rows = RowEncoder(tokenizer, chat_template)
    unfinished = target.with_name(target.name + ".unfinished")
    _check_target(target, overwrite)
    settings = Settings(max_length, truncation, labels, skip_bad, unfinished)
    identity = _identity(source, rows, settings, format, rows_per_shard)
    with _claimed(unfinished):
        _check_target(target, overwrite)  # again: another run may have finished meanwhile
        shards = _resume(unfinished, identity, overwrite)
        resumed = len(shards)
        try:
            items = _items(source, format, on_format)
            done = sum(shard.read for shard in shards)
            if on_rows and done:
                on_rows(done)
            for _ in zip(range(done), items, strict=False):
                pass
            _write_all(rows, settings, batches(items, rows_per_shard), shards, num_proc, on_rows)
            if not sum(shard.rows for shard in shards):
                found = "no row left" if shards else "no row"
                raise _BadRows(Fault(str(target), found, "at least one conversation to write"))
            rejects = _finish(unfinished, shards, identity, target)
        except InputError as error:
            if isinstance(error, _BadRows) or not shards:
                shutil.rmtree(unfinished, ignore_errors=True)
            raise
        except OSError as error:
            raise InputError(Fault(str(unfinished), first_line(error), "a folder to write to")) from None
        _move(unfinished, target)
    total = Cut()
    for shard in shards:
        total += shard.cut
    sums = [sum(getattr(s, name) for s in shards) for name in ("rows", "tokens", "supervised", "rejected")]
    return EncodedDataset(target, *sums, rejects, total, resumed)


def _items(source: Any, format: str, on_format: Any) -> Iterator[Item]:
    for row in read_rows(_by_batches(source), format, on_format=on_format):
        if row.faults:
            yield row.where, {}, row.faults, row.original
        else:
            yield row.where, {name: row.columns[name] for name in _USED if row.columns.get(name)}, [], None


def _by_batches(source: Any) -> Any:
    """A `Dataset` as its rows, many at a time from Arrow: one by one they take seven times as long."""
    if type(source).__name__ != "Dataset" or not hasattr(source, "with_format"):
        return source
    batches_ = source.with_format(None).iter(ROWS_PER_BATCH)
    columns = ((list(batch), zip(*batch.values(), strict=True)) for batch in batches_)
    return (without_fillers(dict(zip(names, row, strict=True))) for names, rows in columns for row in rows)


def _write_all(
    rows: RowEncoder,
    settings: Settings,
    groups: Iterable[list[Any]],
    shards: list[Shard],
    num_proc: int,
    on_rows: Callable[[int], None] | None,
) -> None:
    """Every shard in its order, each into the journal once it is whole."""
    faults: list[Fault] = []
    count = 0

    def jobs() -> Iterator[tuple[Any, ...]]:
        for number, group in enumerate(groups, start=len(shards)):
            # After a fault nothing will be kept: the rest is only looked at, so that one error says all.
            yield settings, number, group, bool(count)

    def collect(found: Iterable[Shard]) -> None:
        nonlocal count
        with (settings.folder / _JOURNAL).open("a", encoding="utf-8") as journal:
            for shard in found:
                count += shard.count
                faults.extend(shard.faults[: MAX_KEPT - len(faults)])
                if not count:
                    journal.write(json.dumps(shard.entry()) + "\n")
                    journal.flush()
                shards.append(shard)
                if on_rows:
                    on_rows(shard.read)

    if num_proc == 1:
        collect(write_shard(rows, *job) for job in jobs())
    else:
        with workers(rows, num_proc) as pool:
            collect(ordered(pool, write_mine, jobs(), num_proc + 2))
    if count:
        raise _BadRows(faults, count)


def _check_target(target: Path, overwrite: bool) -> None:
    if not target.parent.is_dir():
        fix = f"mkdir -p {target.parent}"
        raise InputError(Fault(str(target), "no folder to put it in", "one that exists", fix))
    if not target.exists():
        return
    if not overwrite:
        raise InputError(Fault(str(target), "something that is there", "a new name", "or pass --overwrite"))
    if not (target / MANIFEST).is_file():
        raise InputError(Fault(str(target), "what `sintonia encode` did not write", "a new name"))


def _identity(source: Any, rows: RowEncoder, settings: Settings, format: str, size: int) -> dict[str, Any]:
    """Everything that decides the bytes; two runs that agree in it may continue one another."""
    tokens = json.dumps(special_tokens(rows.tokenizer), sort_keys=True)
    known = {name: getattr(settings, name) for name in ("max_length", "truncation", "labels", "skip_bad")}
    return {
        "version": 1,
        "source": source_identity(source),
        "format": format,
        **known,
        "rows_per_shard": size,
        "template": hashlib.sha256((rows.template.source + tokens).encode()).hexdigest(),
        "tokenizer": hashlib.sha256(fast_backend(rows.tokenizer).to_str().encode()).hexdigest(),
    }


@contextmanager
def _claimed(unfinished: Path) -> Iterator[None]:
    """The unfinished folder for this process alone."""
    from filelock import FileLock, Timeout

    lock = unfinished.with_name(f".{unfinished.name}.{_LOCK}")
    try:
        # A few seconds, in which the workers of a run that was killed notice it and leave.
        with FileLock(lock, timeout=5):
            try:
                yield
            finally:
                lock.unlink(missing_ok=True)
    except Timeout:
        where = str(unfinished)
        raise InputError(Fault(where, "another run that writes it", "one run at a time", "wait")) from None
    except OSError as error:
        raise InputError(Fault(str(unfinished), first_line(error), "a folder to write to")) from None


def _resume(unfinished: Path, identity: dict[str, Any], overwrite: bool) -> list[Shard]:
    """The shards that are there and whole, in order; what else lies there is removed."""
    shards: list[Shard] = []
    start = unfinished / MANIFEST
    if overwrite or identity["source"] is None:
        shutil.rmtree(unfinished, ignore_errors=True)
    if start.is_file():
        before = _read_json(start)
        changed = ", ".join(name for name in identity if before.get(name) != identity[name])
        if changed:
            fix = "go on as before, or pass --overwrite to begin anew"
            found = f"an unfinished run with another {changed}"
            raise InputError(Fault(str(unfinished), found, "the same data and settings", fix))
        for line in _lines(unfinished / _JOURNAL):
            shard = _journaled(line)
            if shard is None or shard.number != len(shards) or not _is_whole(unfinished, shard):
                break
            shards.append(shard)
    unfinished.mkdir(exist_ok=True)
    keep = {MANIFEST, _JOURNAL} | {name(s.number) for s in shards for name in (shard_name, rejects_name)}
    for file in unfinished.iterdir():
        if file.name not in keep:
            file.unlink()
    start.write_text(json.dumps(identity), encoding="utf-8")
    journal = "".join(json.dumps(shard.entry()) + "\n" for shard in shards)
    (unfinished / _JOURNAL).write_text(journal, encoding="utf-8")
    return shards


class _BadRows(InputError):
    """Rows that must be repaired first: what was encoded before them is of no use."""


def _lines(path: Path) -> list[str]:
    return path.read_text("utf-8").splitlines() if path.is_file() else []


def _read_json(path: Path) -> dict[str, Any]:
    try:
        return json.loads(path.read_text("utf-8"))
    except (OSError, ValueError):
        return {}


def _journaled(line: str) -> Shard | None:
    """A shard from its line; `None` for a line that was cut off."""
    try:
        entry = json.loads(line)
        return Shard(**{**entry, "cut": Cut(**entry["cut"])})
    except (ValueError, TypeError, KeyError):
        return None


def _is_whole(unfinished: Path, shard: Shard) -> bool:
    found = [checksum(unfinished / name(shard.number)) for name in (shard_name, rejects_name)]
    return found == [shard.sha256, shard.rejects_sha256]


def _finish(unfinished: Path, shards: list[Shard], identity: dict[str, Any], target: Path) -> Path | None:
    """Give the folder what `datasets` looks for, and put the rejected rows beside it."""
    names = [shard_name(shard.number) for shard in shards]
    digest = hashlib.sha256("".join(shard.sha256 for shard in shards).encode()).hexdigest()
    state = {
        "_data_files": [{"filename": name} for name in names],
        "_fingerprint": digest[:16],
        **{"_format_columns": None, "_format_kwargs": {}, "_format_type": None},
        **{"_output_all_columns": False, "_split": None},
    }
    manifest = {**identity, "shards": [shard.entry() for shard in shards]}
    for name, value in (("state", state), ("dataset_info", {"features": features(identity["labels"])})):
        (unfinished / f"{name}.json").write_text(json.dumps(value, indent=2), encoding="utf-8")
    rejects = rejects_path(target)
    if any(shard.rejected for shard in shards):
        with replaced_when_done(rejects) as stream:
            for shard in shards:
                if shard.rejected:
                    stream.write((unfinished / rejects_name(shard.number)).read_bytes())
    else:
        rejects.unlink(missing_ok=True)
    for shard in shards:
        (unfinished / rejects_name(shard.number)).unlink(missing_ok=True)
    (unfinished / _JOURNAL).unlink()
    (unfinished / MANIFEST).write_text(json.dumps(manifest, indent=1), encoding="utf-8")
    return rejects if rejects.exists() else None


def _move(unfinished: Path, target: Path) -> None:
    old = target.with_name(f".{target.name}.{os.getpid()}.old")
    if target.exists():
        target.rename(old)
    unfinished.rename(target)
    shutil.rmtree(old, ignore_errors=True)
