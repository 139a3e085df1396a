"""What the tests of the package share: the course's rows, a tiny model, one way to run a command."""

from __future__ import annotations

import json
import os

os.environ.setdefault("HF_HUB_OFFLINE", "1")  # no test may depend on a network being there
os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")

import contextlib
import io
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[1]
DATA = ROOT / "code" / "sintonia" / "data"
LANGUAGES = ("pt", "es", "zh", "en")
SPLITS = ("train", "validation", "test")
# What the checks and the site read.
COURSE = (
    "docs",
    "mkdocs.yml",
    "LICENSE*",
    "README*.md",
    "CONTRIBUTING.md",
    "benchmarks/README.md",
    "code/examples",
    "code/labs",
    "code/playground/*.yml",
    "code/sitekit",
    "code/sintonia/data/README*.md",
    "code/sintonia/data/train/*.jsonl",
    "code/sintonia/exercises/*/exercise.yml",
    "code/sintonia/words",
)


@pytest.fixture(scope="session")
def root() -> Path:
    """The repository."""
    return ROOT


@pytest.fixture(scope="session")
def data_folder() -> Path:
    """The course's data."""
    return DATA


@pytest.fixture(scope="session")
def copy_course() -> Callable[[Path], Path]:
    """Copies what the checks and the site read into a folder that a test may spoil."""

    def copy(target: Path) -> Path:
        for pattern in COURSE:
            for source in ROOT.glob(pattern):
                path = target / source.relative_to(ROOT)
                path.parent.mkdir(parents=True, exist_ok=True)
                if source.is_dir():
                    shutil.copytree(source, path, ignore=shutil.ignore_patterns("__pycache__", "*.tmp"))
                else:
                    shutil.copy(source, path)
        return target

    return copy


@pytest.fixture(scope="session")
def course() -> dict[tuple[str, str], list[dict[str, Any]]]:
    """`(split, language)` -> rows, read without the package's own reader."""
    return {
        (split, lang): [
            json.loads(line) for line in (DATA / split / f"{lang}.jsonl").read_text("utf-8").splitlines()
        ]
        for split in SPLITS
        for lang in LANGUAGES
    }


@pytest.fixture(scope="session")
def course_conversations(course: dict) -> list[list[dict[str, str]]]:
    """Every conversation of the course, in every language."""
    return [row["messages"] for rows in course.values() for row in rows]


@pytest.fixture(scope="session")
def embedded_tokenizer() -> Any:
    """The embedded tokenizer as transformers loads it."""
    from sintonia import models

    return models.load_tokenizer()


@pytest.fixture(scope="session")
def tiny_folder(tmp_path_factory: pytest.TempPathFactory, course: dict) -> Path:
    """A folder with a random two-layer Llama and a byte-level BPE of 420 tokens.

    The vocabulary is small because a 49k one makes even such a model take seconds a step.
    """
    import torch
    from tokenizers import Tokenizer, decoders, pre_tokenizers, trainers
    from tokenizers.models import BPE
    from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

    from sintonia.chat_templates import find_template

    backend = Tokenizer(BPE())
    backend.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    backend.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=420,
        special_tokens=["<|endoftext|>", "<|im_start|>", "<|im_end|>"],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    texts = [turn["content"] for row in course["train", "en"] for turn in row["messages"]]
    backend.train_from_iterator(texts, trainer)
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_object=backend,
        bos_token="<|im_start|>",
        eos_token="<|im_end|>",
        pad_token="<|im_end|>",
        chat_template=find_template("smollm2")[1],
    )
    config = LlamaConfig(
        vocab_size=len(tokenizer),
        hidden_size=32,
        intermediate_size=64,
        num_hidden_layers=2,
        num_attention_heads=4,
        num_key_value_heads=2,
        max_position_embeddings=1024,
        initializer_range=0.3,  # wide enough that replies to different prompts differ
        tie_word_embeddings=True,
        bos_token_id=1,
        eos_token_id=2,
        pad_token_id=2,
    )
    torch.manual_seed(0)
    folder = tmp_path_factory.mktemp("models") / "tiny"
    LlamaForCausalLM(config).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


@pytest.fixture(scope="session")
def tiny(tiny_folder: Path) -> tuple[Any, Any]:
    """`(model, tokenizer)` of the tiny folder."""
    from sintonia import models

    return models.load_model(tiny_folder), models.load_tokenizer(tiny_folder)


class Run:
    """What a command left behind: exit code, standard output, standard error."""

    def __init__(self, code: int, out: str, err: str) -> None:
        self.code, self.out, self.err = code, out, err


def _run(*argv: str, stdin: str = "") -> Run:
    from sintonia.cli import main

    out, err = io.StringIO(), io.StringIO()
    before, sys.stdin = sys.stdin, io.StringIO(stdin)
    try:
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            try:
                code = main([str(arg) for arg in argv])
            except SystemExit as end:  # argparse, for a usage error or --help
                code = end.code or 0
    finally:
        sys.stdin = before
    return Run(code, out.getvalue(), err.getvalue())


@pytest.fixture(scope="session")
def run():
    """`run("render", file)` -> `.code`, `.out`, `.err`, in this process."""
    return _run


@pytest.fixture(scope="session")
def spawn():
    """`spawn([python arguments])` -> a finished process, with the package importable."""

    def start(arguments: list[str], **options: Any) -> subprocess.CompletedProcess:
        environment = {**os.environ, "PYTHONPATH": str(ROOT / "code"), **options.pop("env", {})}
        options.setdefault("text", True)
        return subprocess.run(
            [sys.executable, *map(str, arguments)],
            capture_output=True,
            env=environment,
            timeout=120,
            **options,
        )

    return start


@pytest.fixture(scope="session")
def trained_folder(tiny_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a real two-step run on the tiny model, its comparison included."""
    folder = tmp_path_factory.mktemp("runs") / "two-steps"
    done = _run(
        *("sft", "--model", tiny_folder, "--languages", "en", "--output_dir", folder),
        *("--max_steps", "2", "--per_device_train_batch_size", "2", "--logging_steps", "1"),
    )
    assert done.code == 0, done.err
    (folder.parent / "stdout.txt").write_text(done.out, encoding="utf-8")
    return folder


@pytest.fixture
def rows_file(tmp_path: Path):
    """`rows_file(row, ...)` -> path of a JSONL file that holds them."""

    def write(*rows: Any, name: str = "rows.jsonl") -> Path:
        path = tmp_path / name
        path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), "utf-8")
        return path

    return write
