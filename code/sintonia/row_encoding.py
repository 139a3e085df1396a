"""Rows become ids and masks, in one process or shared out over several, in their order either way."""

from __future__ import annotations

import gc
import json
import os
import signal
import sys
import threading
import time
import warnings
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from itertools import islice
from typing import TYPE_CHECKING, Any

from sintonia.chat_templates import Rendered, prepare, special_tokens
from sintonia.errors import Fault, InputError
from sintonia.fast_tokenizers import encoder, fast_backend
from sintonia.token_pieces import Packed, unpack

if TYPE_CHECKING:  # a tenth of what `import sintonia` may take
    from concurrent.futures import Future, ProcessPoolExecutor

# Rows that travel together: enough to keep two threads busy, few enough that memory stays flat.
BATCH = 256
# Below this many rows the fast path is not worth the look through the vocabulary that it begins with.
_FEW = 16


class RowEncoder:
    """A tokenizer and a template, ready for many rows.

    Args:
        tokenizer: a fast tokenizer; `None` is the embedded SmolLM2.
        chat_template: as in `sintonia.render`.

    Raises:
        InputError: no such template, or a slow tokenizer.

    Example:
        >>> ids, mask = RowEncoder(None, "chatml").encode([[{"role": "assistant", "content": "Oi"}]])[0]
        >>> list(mask)
        [0, 0, 0, 0, 1, 1, 1, 0]

    Explained in: masks.md#loss-masking
    """

    def __init__(self, tokenizer: Any = None, chat_template: Any = None) -> None:
        self.tokenizer = tokenizer
        fast_backend(tokenizer)
        self.template = prepare(chat_template, tokenizer=tokenizer)

    @property
    def bos_token_id(self) -> int | None:
        """The id of the token that begins a text, where the tokenizer has one."""
        name = special_tokens(self.tokenizer).get("bos_token")
        return None if name is None else fast_backend(self.tokenizer).token_to_id(name)

    def render(self, row: Any) -> Rendered:
        """The text and spans of one row, with its own tools and template arguments."""
        if not isinstance(row, dict):
            return self.template.render(row)
        if "messages" not in row:
            raise not_wrapped("a message, or a row" if "role" in row else "a row without 'messages'")
        return self.template.render(
            row["messages"],
            tools=_parsed(row, "tools"),
            template_kwargs=_parsed(row, "chat_template_kwargs"),
        )

    def encode(self, rows: Iterable[Any]) -> list[Packed]:
        """Ids and mask of each row, packed; `example` unpacks them."""
        return self.tokenize([self.render(row) for row in rows])

    def tokenize(self, rendered: list[Rendered]) -> list[Packed]:
        """The same of texts that are rendered already."""
        found = encoder(self.tokenizer)
        return found.encode_batch(rendered) if len(rendered) >= _FEW else found.general(rendered)


def packed_rows(rows: RowEncoder, groups: Iterable[list[Any]], num_proc: int) -> Iterator[list[Packed]]:
    """Ids and mask of each row of each group, in order, from so many processes.

    Example:
        >>> group = next(packed_rows(RowEncoder(), [[[{"role": "assistant", "content": "Oi"}]]], 1))
        >>> example(*group[0])["input_ids"][-4:]
        [63, 89, 2, 198]

    Explained in: masks.md#loss-masking
    """
    if num_proc == 1:
        yield from map(rows.encode, groups)
        return
    with workers(rows, num_proc) as pool:
        jobs = ((group,) for group in groups)
        for found in ordered(pool, _encode_mine, jobs, 2 * num_proc + 1):
            if found and isinstance(found[0], Fault):
                raise InputError(found)
            yield found


def example(ids: bytes, mask: bytes) -> dict[str, list[int]]:
    """One row as the lists that everything after this works on.

    Example:
        >>> example(b"\\2\\0\\0\\0", b"\\1")
        {'input_ids': [2], 'assistant_mask': [1]}

    Explained in: masks.md#loss-masking
    """
    return {"input_ids": unpack(ids), "assistant_mask": list(mask)}


def batches(rows: Iterable[Any], size: int = BATCH) -> Iterator[list[Any]]:
    """Rows in lists of `size`, the last one shorter.

    Example:
        >>> list(batches("abc", 2))
        [['a', 'b'], ['c']]

    Explained in: masks.md#loss-masking
    """
    rows = iter(rows)
    while batch := list(islice(rows, size)):
        yield batch


class WorkerLost(InputError):
    """A worker process was killed from outside; the same work may succeed another time."""


@contextmanager
def workers(rows: RowEncoder, num_proc: int) -> Iterator[ProcessPoolExecutor]:
    """Processes that share a `RowEncoder`, there `worker_rows()`; they end with the block.

    Example:
        >>> with workers(RowEncoder(), 2) as pool:
        ...     pool.submit(len, "abc").result()
        3

    Explained in: masks.md#loss-masking
    """
    import multiprocessing
    from concurrent.futures import ProcessPoolExecutor
    from concurrent.futures.process import BrokenProcessPool

    # A forked process has the tokenizer and the compiled template for nothing, and the caller's script
    # needs no `if __name__ == "__main__"`.
    method = "fork" if sys.platform == "linux" else "spawn"
    encoder(rows.tokenizer)
    before = os.environ.get("TOKENIZERS_PARALLELISM")
    # Each process is one thread: the tokenizer's own threads do not survive a fork.
    os.environ["TOKENIZERS_PARALLELISM"] = "false"
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)
            context = multiprocessing.get_context(method)
            with ProcessPoolExecutor(num_proc, context, _begin, (rows, os.getpid())) as pool:
                try:
                    yield pool
                except BaseException:
                    pool.shutdown(wait=False, cancel_futures=True)
                    raise
    except BrokenProcessPool:
        found = "a worker process that was killed, perhaps for want of memory"
        raise WorkerLost(Fault(f"{num_proc} processes", found, "all of them alive", "use fewer")) from None
    finally:
        if before is None:
            del os.environ["TOKENIZERS_PARALLELISM"]
        else:
            os.environ["TOKENIZERS_PARALLELISM"] = before


def worker_rows() -> RowEncoder:
    """The `RowEncoder` of this worker process."""
    return _mine[0]


_mine: list[RowEncoder] = []


def _begin(rows: RowEncoder, parent: int) -> None:
    _mine[:] = [rows]
    gc.freeze()  # what came with the fork is not looked through again, and its pages stay shared
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the parent, which ends its workers
    threading.Thread(target=_leave_with, args=(parent,), daemon=True).start()


def _leave_with(parent: int) -> None:
    """A worker whose parent was killed would wait for work for ever, and hold on to what it has open."""
    while os.getppid() == parent:
        time.sleep(0.5)
    os._exit(1)


def cores() -> int:
    """How many processor cores this process may use.

    Example:
        >>> cores() >= 1
        True

    Explained in: masks.md#loss-masking
    """
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def ordered(
    pool: ProcessPoolExecutor, task: Callable[..., Any], jobs: Iterable[tuple[Any, ...]], ahead: int
) -> Iterator[Any]:
    """Results in the order of the jobs, with at most `ahead` jobs handed out and not yet yielded.

    Example:
        >>> with workers(RowEncoder(), 2) as pool:
        ...     list(ordered(pool, max, [(1, 2), (4, 3)], 2))
        [2, 4]

    Explained in: masks.md#loss-masking
    """
    waiting: deque[Future[Any]] = deque()
    for job in jobs:
        waiting.append(pool.submit(task, *job))
        if len(waiting) >= ahead:
            yield waiting.popleft().result()
    while waiting:
        yield waiting.popleft().result()


def _encode_mine(group: list[Any]) -> list[Packed] | list[Fault]:
    try:
        return worker_rows().encode(group)
    except InputError as error:
        return error.faults


def _parsed(row: dict[str, Any], name: str) -> Any:
    """A column that may hold a value or its JSON; nothing where it is empty."""
    value = row.get(name)
    if isinstance(value, str):
        try:
            value = json.loads(value) if value.strip() else None
        except json.JSONDecodeError as error:
            fault = Fault(name, f"invalid JSON ({error.msg})", "JSON, or the value itself")
            raise InputError(fault) from None
    return value or None


def not_wrapped(found: str) -> InputError:
    """The error of one conversation given where a list of them is wanted."""
    return InputError(
        Fault("conversations", found, "a list of conversations", "wrap one conversation in [ ]")
    )
