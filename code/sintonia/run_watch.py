"""What a run's trainer is watched for: a checkpoint to seal, a signal to heed, a loss that is no number.

`watchers` are callbacks of transformers; they know nothing of TRL.
"""

from __future__ import annotations

import contextlib
import errno
import math
import os
import shutil
import signal
import threading
from collections import deque
from collections.abc import Iterator
from pathlib import Path
from statistics import median
from typing import Any

from sintonia import checkpoints
from sintonia.launches import agreed, any_process, wait_for_all
from sintonia.run_folders import is_main_process, say

SPIKE = 3.0  # times the median of the last losses
STEEP = 10.0  # times the median of the last gradient norms
REMEMBERED = 10


class NotFinite(RuntimeError):
    """A loss that is NaN or infinite.

    Args:
        step: the update that was being made, from 1.
        loss: its loss.
        batch: `input_ids` and `labels` of the batch, as lists.

    Explained in: reading-a-run.md#what-goes-wrong
    """

    def __init__(self, step: int, loss: float, batch: dict[str, Any]) -> None:
        super().__init__(f"the loss of step {step} is {loss}")
        self.step, self.loss, self.batch = step, loss, batch


class StopRequest:
    """A wish to stop: set by the first Ctrl-C or SIGTERM, heeded after the step that is being made.

    Explained in: lora.md#resume
    """

    def __init__(self) -> None:
        self.asked = False

    @contextlib.contextmanager
    def listening(self) -> Iterator[None]:
        """While inside, the first signal is a wish, and the second acts as it always does."""
        if threading.current_thread() is not threading.main_thread():
            yield  # only the main thread can be told
            return
        before = {kind: signal.getsignal(kind) for kind in (signal.SIGINT, signal.SIGTERM)}

        def heed(kind: int, _: Any) -> None:
            self.asked = True
            signal.signal(kind, before[kind])
            # Not print: the signal may have come in the middle of one, which Python refuses to enter twice.
            os.write(2, b"\nstopping after this step, with a checkpoint; once more leaves at once\n")

        for kind in before:
            signal.signal(kind, heed)
        try:
            yield
        finally:
            for kind, handler in before.items():
                signal.signal(kind, handler)


def watchers(stop: StopRequest, limit: int | None) -> list[Any]:
    """Callbacks for a trainer: seal each checkpoint, keep the newest, stop when asked, note odd losses.

    Args:
        stop: looked at after each step; then a checkpoint is saved and the training ends.
        limit: whole checkpoints to keep; `None` keeps all.

    Explained in: lora.md#resume
    """
    import torch
    from transformers import TrainerCallback

    class Seal(TrainerCallback):
        """The manifest, when every process has written its part; one part is the order of the rows."""

        def on_train_begin(self, args: Any, state: Any, control: Any, **_: Any) -> None:
            if is_main_process():  # a run that was killed between the two lines below
                checkpoints.keep_newest(Path(args.output_dir), limit)

        def on_epoch_begin(self, args: Any, state: Any, control: Any, **_: Any) -> None:
            # Rows of like length are grouped by torch's global randomness. A run that goes on in a later
            # epoch would draw the order of the first one, show some rows twice, and leave others out.
            kept = Path(args.output_dir) / f"checkpoint-{state.global_step}" / _order_file()
            if kept.is_file():
                torch.set_rng_state(torch.frombuffer(bytearray(kept.read_bytes()), dtype=torch.uint8))
            # On CPUs dropout has made the processes' states differ, and each would draw an order of its own.
            self.drawn_from = agreed(torch.get_rng_state())
            torch.set_rng_state(self.drawn_from)

        def on_save(self, args: Any, state: Any, control: Any, **_: Any) -> None:
            folder = Path(args.output_dir)
            checkpoint = folder / f"checkpoint-{state.global_step}"
            at_its_end = float(state.epoch).is_integer()  # the next epoch is drawn from what is now
            drawn_from = torch.get_rng_state() if at_its_end else self.drawn_from
            (checkpoint / _order_file()).write_bytes(drawn_from.numpy().tobytes())
            wait_for_all()
            if is_main_process():
                checkpoints.seal(checkpoint)
                checkpoints.keep_newest(folder, limit)

    class Heed(TrainerCallback):
        """A wish to stop, in whichever process it was heard."""

        def on_step_end(self, args: Any, state: Any, control: Any, **_: Any) -> None:
            if any_process(stop.asked):
                stop.asked = True
                control.should_save = control.should_log = control.should_training_stop = True
            elif state.global_step >= state.max_steps:
                control.should_log = True  # so that no loss at the end is left out of the record

    class Note(TrainerCallback):
        """A line on the screen for what a curve would show too late."""

        def __init__(self) -> None:
            self.losses: deque[float] = deque(maxlen=REMEMBERED)
            self.norms: deque[float] = deque(maxlen=REMEMBERED)

        def on_log(self, args: Any, state: Any, control: Any, logs: Any = None, **_: Any) -> None:
            for note in odd(logs or {}, self.losses, self.norms):
                say(f"\nnote: step {state.global_step}: {note}")

    return [Seal(), Heed(), Note()]


def _order_file() -> str:
    """Where a process keeps the random state that the order of its epoch was drawn from."""
    return f"order_{os.environ.get('RANK', '0')}.bin"


def odd(logs: dict[str, Any], losses: deque[float], norms: deque[float]) -> list[str]:
    """What is odd in a log line beside the last ones, which it then joins.

    Example:
        >>> odd({"loss": 9.0}, deque([2.0, 2.1, 1.9, 2.0, 2.0]), deque())
        ['the loss is 9.00, 4.5 times the median of the last 5']

    Explained in: reading-a-run.md#what-goes-wrong
    """
    found = []
    for name, words, past, factor in (
        ("loss", "the loss", losses, SPIKE),
        ("grad_norm", "the gradient's norm", norms, STEEP),
    ):
        value = logs.get(name)
        if value is None or not math.isfinite(float(value)):
            continue
        usual = median(past) if len(past) >= REMEMBERED // 2 else 0.0
        if usual > 0 and float(value) > factor * usual:
            times = f"{float(value) / usual:.1f} times the median of the last {len(past)}"
            found.append(f"{words} is {float(value):.2f}, {times}")
        past.append(float(value))
    return found


def check_finite(loss: Any, inputs: dict[str, Any], step: int) -> None:
    """Raise where a loss is not a number, with the batch that made it.

    Raises:
        NotFinite: a loss that is NaN or infinite.

    Explained in: reading-a-run.md#what-goes-wrong
    """
    value = float(loss.detach())
    if not math.isfinite(value):
        batch = {name: inputs[name].tolist() for name in ("input_ids", "labels") if name in inputs}
        raise NotFinite(step, value, batch)


def is_disk_full(error: BaseException, folder: Path) -> bool:
    """Whether an error of any library means that the disk was full.

    torch and safetensors wrap what the system said in errors of their own, some without its number.

    Explained in: lora.md#resume
    """
    seen: BaseException | None = error
    while seen is not None:
        if getattr(seen, "errno", None) in (errno.ENOSPC, errno.EDQUOT):
            return True
        if "No space left" in str(seen) or "os error 28" in str(seen):
            return True
        if "PytorchStreamWriter" in str(seen) or "iostream error" in str(seen):
            with contextlib.suppress(OSError):
                return shutil.disk_usage(folder).free < 16 * 2**20
        seen = seen.__cause__ or seen.__context__
    return False
