"""The same rows come out of every kind of source, each with the place it stands at, in flat memory."""

from __future__ import annotations

import csv
import gzip
import io
import json
import tracemalloc
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sintonia import InputError, json_lists
from sintonia.conversations import read_rows
from sintonia.errors import Fault
from sintonia.sources import read

ROWS = [
    {"question": "2 + 2?", "answer": "四\n#### 4"},
    {"question": "Oi, tudo\nbem?", "answer": '"Olá; sim"'},
]
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=8,
)


def rows_of(source) -> list:
    return [row for _, row in read(source)]


def places_of(source) -> list[str]:
    return [where for where, _ in read(source)]


def refused(source) -> str:
    with pytest.raises(InputError) as caught:
        list(read(source))
    return str(caught.value)


def table(rows, delimiter=",") -> str:
    text = io.StringIO()
    writer = csv.DictWriter(text, list(rows[0]), delimiter=delimiter)
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()


# ------------------------------------------------------------------ files

TEXTS = {
    "a.jsonl": "".join(json.dumps(row) + "\n" for row in ROWS),
    "a.ndjson": "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in ROWS),
    "a.json": json.dumps(ROWS, indent=2),
    "lines.json": "".join(json.dumps(row) + "\n" for row in ROWS),
    "a.csv": table(ROWS),
    "semicolons.csv": table(ROWS, ";"),
    "a.tsv": table(ROWS, "\t"),
}


@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
@pytest.mark.parametrize("name", TEXTS)
def test_every_kind_of_text_file(tmp_path, name, mark, packed):
    raw = (mark + TEXTS[name]).encode()
    path = tmp_path / (f"{name}.gz" if packed else name)
    path.write_bytes(gzip.compress(raw) if packed else raw)
    assert rows_of(path) == rows_of(str(path)) == ROWS


def test_parquet(tmp_path):
    datasets = pytest.importorskip("datasets")
    path = tmp_path / "a.parquet"
    datasets.Dataset.from_list(ROWS * 300).to_parquet(path)
    assert rows_of(path) == ROWS * 300
    assert places_of(path)[599] == f"{path} row 600"
    path.write_bytes(path.read_bytes()[:100])
    assert refused(path).startswith(f"{path}: found Parquet magic bytes not found")


def test_places(tmp_path):
    path = tmp_path / "a.jsonl"
    path.write_text('\n{"a": 1}\n\n{"a": 2}')
    assert places_of(path) == [f"{path}:2", f"{path}:4"]
    path = tmp_path / "a.csv"
    path.write_text('a,b\n"1\n2",3\n\n4,5\n')
    assert list(read(path)) == [(f"{path}:2", {"a": "1\n2", "b": "3"}), (f"{path}:5", {"a": "4", "b": "5"})]
    path = tmp_path / "a.json"
    path.write_text('[{"a": 1},\n\n{"a": 2}]')
    assert places_of(path) == [f"{path} row 1", f"{path} row 2"]
    assert places_of(iter(ROWS)) == ["row 1", "row 2"]


def test_a_bad_table_row_is_named_and_the_next_one_comes(tmp_path):
    path = tmp_path / "a.csv"
    path.write_bytes(b'a,b\n1\n"x"y,2\nol\xe1,\xc3\xa9\n3,4\n5,"6\n')
    found = list(read(path))
    assert [str(row) for _, row in found if isinstance(row, Fault)] == [
        f"{path}:2: found 1 cell; expected 2, as in the header",
        f"{path}:3: found a broken table row (',' expected after '\"'); expected cells, quoted where needed",
        f"{path}:4: found byte 0xe1, which is not UTF-8; expected UTF-8 text; save the file as UTF-8",
        f"{path}:6: found a broken table row (unexpected end of data); expected cells, quoted where needed",
    ]
    assert [row.raw for _, row in found if isinstance(row, Fault)] == ["1", '"x"y,2', "ol\\xe1,é", '5,"6']
    assert [row for _, row in found if isinstance(row, dict)] == [{"a": "3", "b": "4"}]


@pytest.mark.parametrize("head", ["a,a", "a,,b"])
def test_a_header_must_name_each_column(tmp_path, head):
    path = tmp_path / "a.csv"
    path.write_text(f"{head}\n1,2,3\n")
    assert refused(path).endswith("expected a different name for each column")


def test_a_cell_longer_than_the_csv_modules_own_limit(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("a,b\n" + "x" * 200_000 + ",y\n")
    assert len(rows_of(path)[0]["a"]) == 200_000


@pytest.mark.parametrize("name", ["a.zip", "a.xlsx", "a.jsonl.zst", "a.tar.gz"])
def test_a_file_of_another_kind_is_not_read_as_text(tmp_path, name):
    path = tmp_path / name
    path.write_bytes(b"PK")
    assert "; unpack or save it as one of .jsonl" in refused(path)


def test_a_line_that_is_no_row_however_long(tmp_path, monkeypatch):
    from sintonia import sources

    monkeypatch.setattr(sources, "MAX_ROW", 1 << 20)
    path = tmp_path / "a.jsonl"
    path.write_text('{"a": 1}\n' + "[" * 3_000_000 + '\n{"a": 2}\n')
    rows = rows_of(path)
    assert [rows[0], rows[2]] == [{"a": 1}, {"a": 2}] and len(rows) == 3
    assert str(rows[1]) == f"{path}:2: found a line of 1 MiB or more; expected one JSON object a line"


# ------------------------------------------------------------------ long lists


@given(st.lists(JSON, max_size=6), st.integers(1, 200), st.sampled_from([None, 1, " " * 99]))
def test_a_list_is_parsed_alike_wherever_the_reading_pauses(values, chunk, indent):
    raw = json.dumps(values, ensure_ascii=False, indent=indent).encode("utf-8", "surrogatepass")
    if b"\xed" in raw:
        raw = json.dumps(values, indent=indent).encode()
    assert list(json_lists.items(Slow(raw, chunk))) == values


class Slow:
    """A stream that gives a few bytes at a time, so that every pause comes to pass."""

    def __init__(self, raw: bytes, chunk: int) -> None:
        self._stream, self._chunk = io.BytesIO(raw), chunk

    def read(self, size: int) -> bytes:
        return self._stream.read(self._chunk)


@given(st.text(alphabet='[]{}",:1a\\\n é', max_size=30), st.integers(1, 9))
def test_what_is_no_list_is_refused_as_json_itself_refuses_it(text, chunk):
    text = "[" + text
    try:
        expected = json.loads(text)
    except json.JSONDecodeError as error:
        place = f"line {error.lineno}, " if error.lineno > 1 else ""
        with pytest.raises(json_lists.BrokenList) as caught:
            list(json_lists.items(Slow(text.encode(), chunk)))
        said = str(caught.value)
        assert said.startswith("invalid JSON (")
        if error.msg not in said:  # newer Pythons name a trailing comma; the place is the same
            assert "Expecting" in said
        assert said.endswith(f"at {place}character {error.colno})")
    else:
        assert list(json_lists.items(Slow(text.encode(), chunk))) == expected


def test_rows_before_a_break_in_a_list_come(tmp_path):
    path = tmp_path / "a.json"
    path.write_text('[{"a": 1},\n {"a": 2} {"a": 3}]')
    rows = rows_of(path)
    assert rows[:2] == [{"a": 1}, {"a": 2}] and len(rows) == 3
    assert str(rows[2]) == (
        f"{path}: found invalid JSON (Expecting ',' delimiter at line 2, character 11); "
        "expected a JSON list of rows"
    )


def test_a_list_that_is_no_utf8_names_the_byte(tmp_path):
    path = tmp_path / "a.json"
    path.write_bytes(b'["\xc3\xa9", "ol\xe1"]')
    assert str(rows_of(path)[-1]).startswith(f"{path}: found byte 0xe1 at position 11, which is not UTF-8")


def test_an_item_that_is_no_row_however_long(monkeypatch):
    monkeypatch.setattr(json_lists, "MAX_ROW", 1 << 20)
    with pytest.raises(json_lists.BrokenList, match="a row of 1 MiB or more"):
        list(json_lists.items(io.BytesIO(b'["' + b"x" * (5 << 20))))


# ------------------------------------------------------------------ folders, datasets, the hub


def write(path: Path, *rows) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def test_a_folder_gives_its_files_in_order_and_nothing_else(tmp_path):
    write(tmp_path / "b.jsonl", {"n": 2})
    write(tmp_path / "a" / "z.jsonl", {"n": 1})
    (tmp_path / "c.csv").write_text("n\n3\n")
    write(tmp_path / "b.rejects.jsonl", {"n": "rejected"})
    write(tmp_path / ".b.jsonl.77.tmp.jsonl", {"n": "hidden"})
    (tmp_path / "README.md").write_text("no data")
    assert rows_of(tmp_path) == [{"n": 1}, {"n": 2}, {"n": "3"}]
    assert places_of(tmp_path)[0] == f"{tmp_path / 'a' / 'z.jsonl'}:1"


@pytest.mark.parametrize("names", [("train/a.jsonl", "test/a.jsonl"), ("train.jsonl", "test-00001.jsonl")])
def test_a_folder_of_several_splits_is_never_mixed(tmp_path, names):
    for name in names:
        write(tmp_path / name, {"name": name})
    advice = f"pass one, such as {tmp_path}:train"
    assert refused(tmp_path) == f"{tmp_path}: found 2 splits (test, train); expected one; {advice}"
    assert rows_of(f"{tmp_path}:train") == [{"name": names[0]}]
    assert rows_of(f"{tmp_path}:test") == [{"name": names[1]}]
    assert refused(f"{tmp_path}:dev") == (
        f"{tmp_path}: found 2 splits (test, train); expected one named 'dev'; {advice}"
    )


def test_a_split_in_shards_and_what_stands_about_it(tmp_path):
    for name in ("train-00000-of-00002", "train-00001-of-00002", "test-00000-of-00001"):
        write(tmp_path / "data" / f"{name}.jsonl", {"name": name})
    (tmp_path / "dataset_infos.json").write_text("{}")
    assert [row["name"][:11] for row in rows_of(f"{tmp_path}:train")] == ["train-00000", "train-00001"]


def test_one_split_alone_is_no_question(tmp_path):
    write(tmp_path / "train" / "en.jsonl", {"n": 1})
    write(tmp_path / "train" / "pt.jsonl", {"n": 2})
    assert rows_of(tmp_path) == rows_of(tmp_path / "train") == [{"n": 1}, {"n": 2}]


def test_objects_of_datasets(tmp_path):
    datasets = pytest.importorskip("datasets")
    rows = datasets.Dataset.from_list(ROWS)
    splits = datasets.DatasetDict({"train": rows, "test": rows})
    assert rows_of(rows) == rows_of(rows.to_iterable_dataset()) == rows_of(rows.with_format("numpy")) == ROWS
    assert rows_of(datasets.DatasetDict({"train": rows})) == ROWS
    assert refused(splits) == (
        "source: found 2 splits (train, test); expected one; pass one, such as dataset['train']"
    )
    splits.save_to_disk(tmp_path / "saved")
    assert refused(tmp_path / "saved").endswith(f"pass one, such as {tmp_path}/saved:train")
    assert rows_of(tmp_path / "saved" / "train") == rows_of(f"{tmp_path}/saved:test") == ROWS
    assert places_of(tmp_path / "saved" / "train")[0] == f"{tmp_path}/saved/train row 1"


def test_nulls_that_arrow_filled_in_are_gone_and_those_of_a_file_stay(tmp_path):
    datasets = pytest.importorskip("datasets")
    calls = [{"name": "f", "arguments": {"x": 1}}]
    turns = [{"role": "user", "content": "Oi"}, {"role": "assistant", "content": None, "tool_calls": calls}]
    assert rows_of(datasets.Dataset.from_list([{"messages": turns, "id": None}])) == [
        {"messages": turns, "id": None}
    ]
    called = {"arguments": {"x": None}}
    assert rows_of(write(tmp_path / "a.jsonl", called)) == [called]


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("a/b", ("a/b", None, "train")),
        ("a/b:test", ("a/b", None, "test")),
        ("a/b-c.d:main:test", ("a/b-c.d", "main", "test")),
    ],
)
def test_a_hub_id_names_configuration_and_split_and_is_streamed(monkeypatch, source, expected):
    datasets = pytest.importorskip("datasets")
    asked = []

    def load_dataset(name, config, *, split, streaming):
        asked.append((name, config, split, streaming))
        return datasets.Dataset.from_list(ROWS).to_iterable_dataset()

    monkeypatch.setattr(datasets, "load_dataset", load_dataset)
    assert list(read(source)) == [(f"{source} row {n}", row) for n, row in enumerate(ROWS, start=1)]
    assert asked == [(*expected, True)]


def test_a_hub_dataset_with_several_configurations_says_which(monkeypatch):
    datasets = pytest.importorskip("datasets")

    def load_dataset(*arguments, **options):
        raise ValueError("Config name is missing.\nPlease pick one among: ['main', 'socratic']")

    monkeypatch.setattr(datasets, "load_dataset", load_dataset)
    said = refused("openai/gsm8k")
    assert "['main', 'socratic']" in said and said.endswith("name one as OWNER/NAME:CONFIG:SPLIT")


def test_a_connection_lost_in_the_middle_is_said(monkeypatch):
    datasets = pytest.importorskip("datasets")

    def rows():
        yield ROWS[0]
        raise ConnectionError("gone")

    stream = datasets.IterableDataset.from_generator(rows)
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", False)  # as the suite sets it
    monkeypatch.setattr(datasets, "load_dataset", lambda *a, **k: stream)
    found = read("a/b")
    assert next(found)[1] == ROWS[0]
    with pytest.raises(InputError, match="found the hub cannot be reached .gone"):
        next(found)


@pytest.mark.parametrize("name", ["pyarrow.parquet", "datasets"])
def test_what_is_not_installed_is_named(tmp_path, monkeypatch, name):
    import sys

    monkeypatch.setitem(sys.modules, name, None)
    path = tmp_path / "a.parquet"
    path.touch()
    said = refused(path if name == "pyarrow.parquet" else "nobody/nothing")
    assert said.endswith("pip install 'sintonia[train]'")


# ------------------------------------------------------------------ memory


@pytest.mark.parametrize("name", ["long.jsonl", "long.json", "long.csv"])
def test_memory_is_flat(tmp_path, name):
    """What reading holds at its worst is the same for 3 MB and for 24 MB."""
    peaks = []
    for count in (3_000, 24_000):
        path = tmp_path / name
        with path.open("w") as stream:
            if name.endswith("csv"):
                stream.write("question,answer\n")
                stream.writelines(f'"{n}","{"x" * 980}"\n' for n in range(count))
            else:
                lines = (f'{{"question": "{n}", "answer": "{"x" * 960}"}}' for n in range(count))
                listed = name.endswith("json")
                stream.write("[" if listed else "")
                stream.writelines(f"{',' if listed and n else ''}{line}\n" for n, line in enumerate(lines))
                stream.write("]" if listed else "")
        tracemalloc.start()
        assert sum(not row.faults for row in read_rows(path)) == count
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] < peaks[0] + 1_000_000, peaks
    assert peaks[1] < 12_000_000, peaks
