"""What a run learns from: rows held in memory and encoded first, or a stream that is encoded as it comes.

Both answer the same questions, so that `sft` asks them in one way.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from sintonia import checkpoints
from sintonia.comparison import course_rows
from sintonia.conversations import load_rows
from sintonia.errors import Fault, InputError
from sintonia.launches import built_once
from sintonia.loss_masks import IGNORE_INDEX, encode, labels
from sintonia.row_encoding import RowEncoder, batches
from sintonia.run_failures import rows_of_batch
from sintonia.run_folders import say
from sintonia.sources import identity
from sintonia.streams import ConversationStream, EncodingCollator, check_streaming

COURSE = "course"
AT_ONCE = 2_000
LOOK = 1_000  # rows of a stream that the doctor looks at
Row = Mapping[str, Any]


def training_data(mine: Any, config: Any) -> HeldData | StreamedData:
    """The data that a run's arguments name.

    Args:
        mine: `SintoniaArguments`: `data`, `languages`, `streaming`, `shuffle_buffer` and `doctor`.
        config: the SFTConfig.

    Raises:
        InputError: data that cannot be read, or that cannot be streamed with these settings.

    Explained in: lora.md#streaming
    """
    return (StreamedData if mine.streaming else HeldData)(mine, config)


class HeldData:
    """Every row in memory, encoded before the first step; `examined` is what the doctor looks at."""

    def __init__(self, mine: Any, config: Any) -> None:
        self.mine, self.config = mine, config
        course = mine.data == COURSE
        self.rows: list[Any] = course_rows("train", mine.languages) if course else list(load_rows(mine.data))
        self.examined = mine.data if Path(mine.data).is_file() else self.rows
        self.dataset: Any = None

    def encode(self, tokenizer: Any, template: str) -> None:
        """Make ids and labels, and say how many there are.

        Raises:
            InputError: no row has a token to learn from.
        """
        self.dataset = built_once(lambda: build_dataset(self.rows, tokenizer, template))
        supervised = sum(sum(label != IGNORE_INDEX for label in row) for row in self.dataset["labels"])
        lengths, limit = [len(row) for row in self.dataset["input_ids"]], self.config.max_length
        rows = f"{len(lengths)} conversations, {sum(lengths)} tokens, {supervised} of them supervised"
        say(f"data: {self.mine.data}, {rows}")
        cut = sum(length > (limit or length) for length in lengths)
        if cut and not self.mine.doctor:  # which has counted them already, as L01
            say(f"warning: {cut} conversations are longer than --max_length {limit}: the rest is cut")

    def in_plan(self) -> tuple[Any, dict[str, Any]]:
        """Rows for `plan_of` to take the checksum of, and facts."""
        return self.dataset, {}

    def for_trainer(self, checkpoint: Path | None) -> Any:
        """The dataset for TRL, which skips by itself what was learned before the checkpoint."""
        return self.dataset

    def attach(self, trainer: Any) -> None:
        """Nothing more: TRL takes ids and labels as they are."""

    def learned(self, steps: int) -> int:
        """Conversations that the run learned from."""
        return len(self.rows)

    def left_out(self) -> int:
        """Conversations that could not be used: none, for one that cannot be read ends the run first."""
        return 0

    def of_batch(self, ids: Sequence[Sequence[int]]) -> tuple[list[int], list[Row]]:
        """Numbers and rows that a batch was made of."""
        numbers = rows_of_batch(ids, self.dataset, self.config.max_length)
        return numbers, [self.rows[number] for number in numbers]


class StreamedData:
    """Rows that come while the run learns; `rows` are the first of them, which the doctor looks at."""

    def __init__(self, mine: Any, config: Any) -> None:
        check_streaming({**vars(config), **vars(mine)})
        self.mine, self.config = mine, config
        course = mine.data == COURSE
        self.source = course_rows("train", mine.languages) if course else mine.data
        seed = config.seed if config.data_seed is None else config.data_seed
        self.stream = ConversationStream(self.source, seed=seed, buffer=mine.shuffle_buffer, on_bad=_tell)
        self.examined = self.rows = self.stream.first(LOOK)
        self.collator: EncodingCollator | None = None
        self.checkpoint: Path | None = None

    def encode(self, tokenizer: Any, template: str) -> None:
        """Get ready to."""
        self.encoder = RowEncoder(tokenizer, template)
        looked = f"; the doctor looked at the first {len(self.rows)} rows" if self.mine.doctor else ""
        say(f"data: {self.mine.data}, read while training{looked}")

    def in_plan(self) -> tuple[Any, dict[str, Any]]:
        """No rows; what tells the source from a changed one stands for them."""
        return (), {"data": self.mine.languages if self.mine.data == COURSE else identity(self.source)}

    def for_trainer(self, checkpoint: Path | None) -> Any:
        """The stream as TRL takes it, from the row on that the next step has to learn."""
        from datasets import IterableDataset

        config, self.checkpoint = self.config, checkpoint
        config.dataset_kwargs = {**(config.dataset_kwargs or {}), "skip_prepare_dataset": True}
        config.remove_unused_columns = False
        config.train_sampling_strategy = "random"  # no sampler: the stream has its order
        config.ignore_data_skip = True  # the stream skips by itself, without encoding
        self.stream.start = self.learned(checkpoints.step_of(checkpoint)) if checkpoint else 0
        return IterableDataset.from_generator(self.stream.__iter__)

    def attach(self, trainer: Any) -> None:
        """Put the encoder before TRL's collator."""
        self.collator = trainer.data_collator = EncodingCollator(
            self.encoder, trainer.data_collator, max_length=self.config.max_length, on_refused=_tell
        )
        if self.checkpoint:
            trainer.add_callback(_same_chances(trainer, self.checkpoint))

    def learned(self, steps: int) -> int:
        """Conversations that so many updates learn from, over all processes."""
        config = self.config
        rows = config.per_device_train_batch_size * config.gradient_accumulation_steps
        return steps * rows * config.world_size

    def left_out(self) -> int:
        """Conversations that could not be read, or that the template refuses."""
        return self.stream.bad + (self.collator.refused if self.collator else 0)

    def of_batch(self, ids: Sequence[Sequence[int]]) -> tuple[list[int], list[Row]]:
        """No numbers, which a stream does not have, and the rows that a batch was made of."""
        rows, encoded = zip(*self.collator.recent, strict=True) if self.collator else ((), ())
        return [], [rows[number] for number in rows_of_batch(ids, encoded, self.config.max_length)]


def build_dataset(rows: list[dict[str, Any]], tokenizer: Any, chat_template: str) -> Any:
    """A `datasets.Dataset` of `input_ids` and `labels`, which TRL takes as they are.

    Raises:
        InputError: no row has a token to learn from.

    Explained in: sft.md#own-labels
    """
    from datasets import Dataset, Features, List, Value, concatenate_datasets

    columns = Features({name: List(Value("int32")) for name in ("input_ids", "labels")})
    parts, supervised = [], False
    for some in batches(rows, AT_ONCE):  # ids take ten times as much room in lists as in Arrow
        examples = encode([row["messages"] for row in some], tokenizer, chat_template=chat_template)
        ids = [example["input_ids"] for example in examples]
        targets = [labels(example) for example in examples]
        supervised = supervised or any(label != IGNORE_INDEX for row in targets for label in row)
        parts.append(Dataset.from_dict({"input_ids": ids, "labels": targets}, features=columns))
    if not supervised:
        raise InputError(Fault("data", "no supervised token", "assistant turns that the template marks"))
    return concatenate_datasets(parts)


def _same_chances(trainer: Any, checkpoint: Path) -> Any:
    from transformers import TrainerCallback

    class SameChances(TrainerCallback):
        """The checkpoint's random state once more: a loader that begins a stream has drawn from it."""

        restored = False

        def on_step_begin(self, *_: Any, **__: Any) -> None:
            if not self.restored:
                trainer._load_rng_state(str(checkpoint))
                self.restored = True

    return SameChances()


def _tell(fault: Fault) -> None:
    say(f"warning: {fault}; it is left out, and so will others be that cannot be used")
