"""One reading of a source, in which every row is looked at once; large sources by all cores.

No text is kept but excerpts: what the checks need later are counts, lengths and fingerprints.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from itertools import chain, islice
from pathlib import Path
from typing import Any

from sintonia import characters, checks_data, checks_languages, checks_lengths, checks_template
from sintonia.conversations import Row, read_rows
from sintonia.errors import Fault, InputError
from sintonia.fast_tokenizers import fast_backend
from sintonia.findings import Observation, Tally
from sintonia.message_checks import ROLES
from sintonia.row_encoding import RowEncoder, cores, ordered, worker_rows, workers
from sintonia.text_checks import control_pattern

CHUNK = 200
IN_ONE_PROCESS = 3_000  # rows; up to here more processes cost more than they save
SAMPLE = 48
LANGUAGES_OF, LANGUAGES_LATER = 400, 6  # rows whose language is told: all of the first, then so many a chunk
_COLUMNS = ("messages", "tools", "chat_template_kwargs", "lang", "language", "locale", "idioma")


@dataclass
class Look:
    """What is looked for in each row; it travels to the worker processes.

    Args:
        max_length: tokens kept of a conversation; `None` keeps all.
        positions: tokens that the model has positions for, where that is known.
        rows: tokenizer and template; `None` looks at the data alone.
        compare_prompts: keep what tells whether two sources share prompts.

    Explained in: doctor.md#read-a-finding
    """

    max_length: int | None
    positions: int | None
    rows: RowEncoder | None
    compare_prompts: bool = False

    def __post_init__(self) -> None:
        self.control, self.default, self.lossy = None, "", False
        if self.rows is not None:
            backend = fast_backend(self.rows.tokenizer)
            added = backend.get_added_tokens_decoder().values()
            self.control = control_pattern(token.content for token in added if token.special)
            self.default = checks_template.default_system(self.rows)
            self.lossy = characters.can_lose(backend)
        self.tell = self.rows is not None and checks_languages.language_teller() is not None

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "rows": None}  # the workers have their own already


@dataclass
class Part:
    """What was seen in some rows; two parts add up, in the order of the rows.

    Explained in: doctor.md#read-a-finding
    """

    tally: Tally = field(default_factory=Tally)
    prints: checks_data.Prints = field(default_factory=checks_data.Prints)
    lengths: checks_lengths.Lengths = field(default_factory=checks_lengths.Lengths)
    characters: characters.Characters = field(default_factory=characters.Characters)
    numbers: dict[str, int] = field(default_factory=dict)
    languages: int = 0

    def merge(self, later: Part) -> None:
        """Add what was seen in rows that come after these."""
        for name in ("tally", "prints", "lengths", "characters"):
            getattr(self, name).merge(getattr(later, name))
        self.numbers |= later.numbers
        self.languages += later.languages


@dataclass
class Scan(Part):
    """All of one source.

    Args:
        file: its name, for the commands that findings suggest.
        read: rows, bad ones included.
        shape: the format that its rows were read in.
        inner_answers: some prompt of prompt-completion rows holds an assistant's turn.
        turn_lists: columns in which ShareGPT rows keep their turns, and whether as `from` and `value`.
        sample: conversations to try the template on.

    Explained in: doctor.md#read-a-finding
    """

    file: str = "train.jsonl"
    read: int = 0
    shape: str = "messages"
    inner_answers: bool = False
    turn_lists: set[tuple[str, bool]] = field(default_factory=set)
    sample: list[dict[str, Any]] = field(default_factory=list)

    def observations(self, look: Look, own: bool) -> Iterator[Observation]:
        """What the rows' checks saw."""
        good = self.read - self.tally.counts["D01"]
        if self.tally.counts["D01"]:
            seen = self.tally.observation("D01", of=self.read, file=self.file)
            yield seen if good else replace(seen, variant="none")  # then there is nothing to set aside
        yield from checks_data.conclude(self.tally, self.prints)
        yield from checks_languages.conclude_languages(self.tally)
        if look.rows is None:
            return
        yield from checks_template.conclude(self.tally, look.rows, good, self.file, self.numbers)
        yield from checks_lengths.conclude(self.lengths, look.max_length, self.file, look.positions)
        if look.lossy:
            yield from characters.conclude(self.characters, fast_backend(look.rows.tokenizer))
        rendered = len(self.lengths.sizes)
        if rendered and (not self.lengths.spans or self.lengths.count("emptied") >= rendered):
            yield Observation("R03", {"of": rendered, "file": self.file})

    def looked(self, look: Look) -> dict[str, Any]:
        """The account of what was looked at."""
        lengths = self.lengths
        account: dict[str, Any] = {"rows": self.read, "bad_rows": self.tally.counts["D01"]}
        account["tokens"] = lengths.total if lengths.rows else None
        account["tokens_exact"] = lengths.complete
        account["tokenized"] = lengths.rows
        account["max_length"] = look.max_length
        if not lengths.complete and look.max_length and len(lengths.sizes) > checks_lengths.ALL_OF:
            account["sampled"] = lengths.rows
        if look.tell and self.languages < len(self.prints.wheres):
            account["sampled_languages"] = self.languages
        if len(self.prints.wheres) > checks_data.NEAR_ROWS:
            account["near_limit"] = checks_data.NEAR_ROWS
        if look.rows is not None and not look.tell:
            account["no_language"] = True
        return account


def scan_source(data: Any, format: str, look: Look, num_proc: int | None = None) -> Scan:
    """Read a source to its end and look at each row.

    Args:
        data, format: as in `sintonia.conversations.read_rows`.
        num_proc: processes; `None` takes as many as there are cores once the data is large.

    Raises:
        InputError: a source that cannot be opened, or without a row.

    Example:
        >>> row = {"messages": [{"role": "user", "content": "Oi"}, {"role": "assistant", "content": ""}]}
        >>> scan = scan_source([row], "auto", Look(None, None, None))
        >>> scan.read, dict(scan.tally.counts)
        (1, {'D04': 1})

    Explained in: doctor.md#run-it
    """
    scan = Scan()
    if isinstance(data, (str, Path)):
        scan.file = str(data)

    def decided(name: str, _: str) -> None:
        scan.shape = name

    stream = _good(read_rows(data, format, on_format=decided), scan)
    early = list(islice(stream, IN_ONE_PROCESS))
    scan.sample = checks_template.sample_of(early, SAMPLE)
    processes = num_proc or (cores() if len(early) == IN_ONE_PROCESS else 1)
    jobs = _jobs(chain(early, stream), look)
    if processes > 1 and look.rows is not None:
        with workers(look.rows, processes) as pool:
            for part in ordered(pool, _look_in_worker, jobs, 2 * processes + 1):
                scan.merge(part)
    else:
        for first, items, _ in jobs:
            scan.merge(_look_at(first, items, look, look.rows))
    if not scan.read:
        raise InputError(Fault(scan.file, "no row", "at least one conversation"))
    return scan


def _good(stream: Iterable[Row], scan: Scan) -> Iterator[dict[str, Any]]:
    """The rows without faults, cut down to the columns that are looked at."""
    for row in stream:
        scan.read += 1
        if row.faults:
            fault = row.faults[0]
            scan.tally.add("D01", fault.where, fault)
            continue
        if scan.shape == "sharegpt":
            _look_at_roles(row, scan)
        kept = {name: row.columns[name] for name in _COLUMNS if row.columns.get(name) is not None}
        kept["where"], kept["number"] = row.where, row.number
        scan.inner_answers = scan.inner_answers or any(turn.get("weight") == 0 for turn in kept["messages"])
        yield kept


def _look_at_roles(row: Row, scan: Scan) -> None:
    """Roles that TRL does not rename: it turns `from` into `role`, and leaves `gpt` as it is."""
    columns = row.original if isinstance(row.original, dict) else {}
    for name in ("conversations", "conversation", "messages"):
        turns = columns.get(name)
        if not (isinstance(turns, list) and turns and isinstance(turns[0], dict)):
            continue
        scan.turn_lists.add((name, "from" in turns[0]))
        said = [str(turn.get("from", turn.get("role"))) for turn in turns]
        if not set(said) <= set(ROLES):
            scan.tally.add("R12", row.where, checks_data.in_order(said), roles=sorted(set(said) - set(ROLES)))
        return


def _jobs(rows: Iterable[dict[str, Any]], look: Look) -> Iterator[tuple[int, list[dict[str, Any]], Look]]:
    rows, first = iter(rows), 0
    while items := list(islice(rows, CHUNK)):
        yield first, items, look
        first += len(items)


def _look_in_worker(first: int, items: list[dict[str, Any]], look: Look) -> Part:
    return _look_at(first, items, look, worker_rows())


def _look_at(first: int, items: list[dict[str, Any]], look: Look, rows: RowEncoder | None) -> Part:
    part = Part()
    tell = checks_languages.language_teller() if look.tell else None
    texts = []
    for place, row in enumerate(items):
        where = row["where"]
        checks_data.look_at(
            where,
            row["messages"],
            part.tally,
            part.prints,
            control=look.control,
            compare_prompts=look.compare_prompts,
        )
        if tell and (first < LANGUAGES_OF or place < LANGUAGES_LATER):
            part.languages += 1
            checks_languages.look_at_language(where, row, tell, part.tally)
        if look.lossy:
            part.characters.add(where, "".join(map(checks_data.text_of, row["messages"])))
        if rows is not None:
            before = part.tally.counts["T10"]
            rendered = checks_template.look_at_row(where, row, rows, look.default, part.tally)
            if part.tally.counts["T10"] > before == 0:
                part.numbers[where] = row["number"]
            if rendered is not None:
                texts.append((where, rendered))
    if rows is not None and texts:
        wheres, rendered = map(list, zip(*texts, strict=True))
        part.lengths = checks_lengths.look_at_rows(
            first, wheres, rendered, rows, look.max_length, look.positions
        )
    return part
