"""Rows of a file, a folder, a dataset or an iterable, one at a time, each with the place it stands at.

Nothing is held but the row at hand, so memory stays flat however long the source is. A row that cannot
be parsed comes as an `Unreadable`, in its place, and the rows after it still come.
"""

from __future__ import annotations

import json
import re
import zlib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import IO, Any

from sintonia.errors import Fault, InputError, Unreadable, first_line
from sintonia.hub_faults import DATASET, hub_fault
from sintonia.json_lists import MAX_ROW, BrokenList, items
from sintonia.tables import parquet_rows, table_rows, without_fillers

TEXT_SUFFIXES = (".jsonl", ".ndjson", ".json", ".csv", ".tsv")
DATA_SUFFIXES = (*TEXT_SUFFIXES, *(f"{suffix}.gz" for suffix in TEXT_SUFFIXES), ".parquet")
REJECTS_SUFFIX = ".rejects.jsonl"  # what `convert` leaves beside its output: not data
NOT_DATA = (".zip", ".zst", ".bz2", ".xz", ".tar", ".7z", ".xlsx", ".xls", ".pkl", ".txt.gz", ".tar.gz")
SPLITS = ("train", "training", "validation", "valid", "val", "dev", "test", "testing", "eval", "evaluation")
_HUB_ID = re.compile(
    r"(?P<name>[A-Za-z0-9][\w.-]*/[\w.-]+)(?::(?P<config>[\w.-]+))??(?::(?P<split>[\w.-]+))?"
)
_ABOUT_DATA = ("dataset_infos.json", "dataset_info.json")
_EXPECTED_FILE = "a JSONL file of conversations"


def read(source: Any) -> Iterator[tuple[str, Any]]:
    """`(where, row)` for every row of a source.

    Args:
        source: path of a `.jsonl`, `.json`, `.csv` or `.tsv` file (each also `.gz`) or a `.parquet`
            one; a folder of such files, or one that `save_to_disk` wrote (`folder:train` where it holds
            several splits, which are never read as one); the id of a hub dataset,
            `owner/name`, `owner/name:split` or `owner/name:config:split` (`train` if none is named),
            which is streamed; an object of `datasets`; or any iterable of rows.

    Yields:
        `where` is `file:line` for files of lines and `row 3` elsewhere; the row is whatever stands
        there, and an `Unreadable` where it cannot be parsed.

    Raises:
        InputError: the source cannot be opened, stops in the middle, or is several splits at once.

    Example:
        >>> list(read([{"question": "1 + 1?"}]))
        [('row 1', {'question': '1 + 1?'})]

    Explained in: data.md#formats
    """
    if isinstance(source, (str, Path)):
        path = Path(source).expanduser()
        hub = None if path.exists() or isinstance(source, Path) else _HUB_ID.fullmatch(source)
        if hub and not source.endswith(DATA_SUFFIXES):
            yield from _read_hub(source, **hub.groupdict())
        elif path.is_dir():
            yield from _read_folder(path, None)
        elif (
            not path.exists() and (folder := Path(str(path).rpartition(":")[0])).is_dir() and ":" in str(path)
        ):
            yield from _read_folder(folder, str(path).rpartition(":")[2])
        else:
            yield from _read_file(path)
    elif _is_datasets(source) and isinstance(source, dict):
        yield from _read_dataset(_one_split(source, "source", None, "['{}']"), "")
    elif _is_datasets(source):
        yield from _read_dataset(source, "")
    elif isinstance(source, Iterable) and not isinstance(source, (bytes, dict)):
        for number, row in enumerate(source, start=1):
            yield f"row {number}", row
    else:
        raise InputError(
            Fault("source", kind(source), "a path, a hub dataset id, a Dataset or an iterable of rows")
        )


def identity(source: Any) -> Any:
    """What tells a source from a changed one: names, sizes and times of files, the id of a hub dataset.

    Returns:
        Plain values; `None` for a source that can be read only once.

    Example:
        >>> identity("owner/name"), identity(iter(()))
        ('owner/name', None)

    Explained in: lora.md#resume
    """
    if isinstance(source, (str, Path)):
        path = Path(source).expanduser()
        if not path.exists():
            return str(source)
        files = sorted(file for file in path.rglob("*") if file.is_file()) if path.is_dir() else [path]
        return [[str(file), file.stat().st_size, file.stat().st_mtime_ns] for file in files]
    return getattr(source, "_fingerprint", None)


def kind(value: Any) -> str:
    """What a value is, in the words of JSON, for error messages.

    Example:
        >>> kind(None), kind([]), kind(0.5)
        ('null', 'a list', 'a number')
    """
    names = {dict: "an object", list: "a list", str: "a string", bool: "true or false"}
    if value is None:
        return "null"
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return "a number"
    return names.get(type(value), f"a {type(value).__name__}")


def _is_datasets(source: Any) -> bool:
    return type(source).__module__.split(".")[0] == "datasets"


def _one_split(splits: dict[str, Any], where: str, wanted: str | None, form: str) -> Any:
    """Several splits read as one would train on the test rows, so which one is for the caller to say."""
    if wanted in splits:
        return splits[wanted]
    if len(splits) == 1 and wanted is None:
        return next(iter(splits.values()))
    names = ", ".join(splits) or "none"
    fix = f"pass one, such as {where if where != 'source' else 'dataset'}"
    fix += form.format("train" if "train" in splits else next(iter(splits), ""))
    found = f"{len(splits)} splits ({names})"
    raise InputError(Fault(where, found, f"one named {wanted!r}" if wanted else "one", fix if splits else ""))


def _read_dataset(rows: Any, prefix: str) -> Iterator[tuple[str, Any]]:
    if hasattr(rows, "with_format"):
        rows = rows.with_format(None)  # plain values, where the caller had asked for tensors
    for number, row in enumerate(rows, start=1):
        yield f"{prefix}row {number}", without_fillers(row)


def _import_datasets(where: str, found: str, expected: str, what: str) -> Any:
    try:
        import datasets
    except ImportError:
        fix = f"for {what}: pip install 'sintonia[train]'"
        raise InputError(Fault(where, found, expected, fix)) from None
    return datasets


def _read_hub(source: str, name: str, config: str | None, split: str | None) -> Iterator[tuple[str, Any]]:
    datasets = _import_datasets(source, "no such file", "a file that exists", "a hub dataset")
    try:
        rows = datasets.load_dataset(name, config, split=split or "train", streaming=True)
        yield from _read_dataset(rows, f"{source} ")
    except Exception as error:  # the hub client raises a dozen kinds: all mean "not to be had"
        said = first_line(error)
        if "onfig" in said:  # the names to choose from stand on the lines below
            said = " ".join(str(error).split())[:300]
        reason = f"nothing to read ({type(error).__name__}: {said})"
        fix = "name one as OWNER/NAME:CONFIG:SPLIT" if "onfig" in said else "check the name, or pass a path"
        fault = Fault(source, reason, "a file here or a dataset on the hub", fix)
        raise InputError(hub_fault(error, name, DATASET) or fault) from None


def _read_folder(path: Path, split: str | None) -> Iterator[tuple[str, Any]]:
    where = str(path)
    if (path / "dataset_dict.json").is_file() or (path / "state.json").is_file():
        datasets = _import_datasets(where, "a dataset of save_to_disk", "a JSONL file", "this one")
        try:
            saved = datasets.load_from_disk(where)
        except Exception as error:  # damaged in one of many ways
            raise InputError(Fault(where, first_line(error), "a dataset that can be read")) from None
        saved = _one_split(saved, where, split, ":{}") if isinstance(saved, dict) else saved
        yield from _read_dataset(saved, f"{path} ")
        return
    files = [file for file in sorted(path.rglob("*")) if _is_data(file.relative_to(path)) and file.is_file()]
    if not files:
        raise InputError(Fault(where, "a directory", _EXPECTED_FILE))
    splits: dict[str, list[Path]] = {}
    for file in files:
        words = (re.split(r"[.\-_]", part.lower())[0] for part in file.relative_to(path).parts)
        if name := next((word for word in words if word in SPLITS), None):
            splits.setdefault(name, []).append(file)
    if split is not None or len(splits) > 1:
        files = _one_split(splits, where, split, ":{}")
    for file in files:
        yield from _read_file(file)


def _is_data(path: Path) -> bool:
    hidden = any(part.startswith(".") for part in path.parts)
    about = path.name.endswith(REJECTS_SUFFIX) or path.name in _ABOUT_DATA
    return path.name.endswith(DATA_SUFFIXES) and not about and not hidden


def _read_file(path: Path) -> Iterator[tuple[str, Any]]:
    if not path.exists():
        raise InputError(Fault(str(path), "no such file", _EXPECTED_FILE, "check the path"))
    if path.name.endswith(NOT_DATA):
        fix = f"unpack or save it as one of {', '.join(DATA_SUFFIXES[:5])}"
        raise InputError(Fault(str(path), f"a {path.suffix} file", _EXPECTED_FILE, fix))
    if path.suffix == ".parquet":
        yield from parquet_rows(path)
        return
    opener: Any = open
    if path.suffix == ".gz":
        from gzip import open as opener  # late: it costs a tenth of the package's own import
    stem = path.name.removesuffix(".gz")
    try:
        with opener(path, "rb") as stream:
            if stem.endswith(".json"):
                yield from _json_rows(stream, path)
            elif stem.endswith((".csv", ".tsv")):
                yield from table_rows(stream, path, "\t" if stem.endswith(".tsv") else "")
            else:
                yield from _json_lines(stream, path)
    except (OSError, EOFError, zlib.error) as error:
        raise InputError(Fault(str(path), first_line(error), "a file that can be read")) from None


def _json_lines(stream: IO[bytes], path: Path) -> Iterator[tuple[str, Any]]:
    number = 0
    while line := stream.readline(MAX_ROW):
        number += 1
        where = f"{path}:{number}"
        if number == 1:
            line = line.removeprefix(b"\xef\xbb\xbf")
        if len(line) >= MAX_ROW - 3 and not line.endswith(b"\n"):
            while (rest := stream.readline(MAX_ROW)) and not rest.endswith(b"\n"):
                pass
            found = f"a line of {MAX_ROW >> 20} MiB or more"
            yield where, Unreadable(where, found, "one JSON object a line", raw=str(line[:200], "latin-1"))
        elif line and not line.isspace():
            yield where, _parse(line, where)


def _json_rows(stream: IO[bytes], path: Path) -> Iterator[tuple[str, Any]]:
    """A list, one object, or what many files called `.json` hold: one object a line."""
    if stream.read(64).removeprefix(b"\xef\xbb\xbf").lstrip().startswith(b"{"):
        stream.seek(0)
        first = stream.readline(MAX_ROW).rstrip()
        if first.endswith(b"}") and stream.read(1):
            stream.seek(0)
            yield from _json_lines(stream, path)
            return
    stream.seek(0)
    number = 0
    try:
        for row in items(stream):
            number += 1
            yield f"{path} row {number}", row
    except BrokenList as error:
        yield str(path), Unreadable(str(path), str(error), error.expected, error.fix)


def _parse(raw: bytes, where: str) -> Any:
    expected = "one JSON object a line"
    try:
        text = raw.decode("utf-8").rstrip("\r\n")
        return json.loads(text)
    except UnicodeDecodeError as error:
        found = f"byte 0x{raw[error.start]:02x} at position {error.start + 1}, which is not UTF-8"
        expected, fix = "UTF-8 text", "save the file as UTF-8"
    except json.JSONDecodeError as error:
        ends = ", where the line ends" if error.pos >= len(text) else ""
        found, fix = f"invalid JSON ({error.msg.removesuffix(' at')} at character {error.pos + 1}{ends})", ""
    except RecursionError:
        found, fix = "JSON nested too deeply to read", ""
    except ValueError as error:  # a number with thousands of digits
        found, fix = f"invalid JSON ({first_line(error)})", ""
    return Unreadable(where, found, expected, fix, str(raw.rstrip(b"\r\n"), "utf-8", "backslashreplace"))
