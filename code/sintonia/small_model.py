"""A small base model, made here: a tokenizer and a million weights from the course's own text.

A base model continues text and has never seen a conversation. This one is made in a minute or two on two
CPU cores, so the step from completer to assistant can be watched from both ends, with nothing to
download. It is a real Llama in all but size: transformers, peft and TRL take it as any other.

It reads two things: first echoes, in which a passage or a row of random tokens comes twice, then the text.
Large texts are full of repetition and teach models to copy; the course's is too small for that.
`drills` then ask the tuned model to repeat words. No list of such rows is complete, so a model that
repeats words it was never drilled on has not remembered the reply: it has learned something.
"""

from __future__ import annotations

import hashlib
import json
import random
import re
import shutil
import tempfile
import zlib
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from sintonia.chat_templates import find_template
from sintonia.conversations import load_rows
from sintonia.loss_masks import IGNORE_INDEX
from sintonia.models import SMALL_BASE, cache_folder

SCRATCH = "scratch"
DATA = Path(__file__).parent / "data"
LANGUAGES = ("pt", "es", "zh", "en")
SPECIAL_TOKENS = ["<|endoftext|>", "<|im_start|>", "<|im_end|>"]  # ids 0, 1 and 2
TEMPLATE = "chatml"
DRILLS = 300  # rows a language
COPIES = 0.5  # nats a token; the loss on echoes goes from 5 to this within some fifty steps
# The words stand on a line of their own, so that their tokens are those of the reply: after a space the
# first one would be another token, and nothing tells a model that the two are the same word.
_REPEAT = {"pt": "Repita:\n{}", "es": "Repite:\n{}", "zh": "请重复：\n{}", "en": "Repeat:\n{}"}
# In Chinese, any two characters that stand side by side.
_WORD = {"zh": re.compile(r"[\u4e00-\u9fff]{2}"), None: re.compile(r"\b[a-zà-ÿ]{4,9}\b")}


@dataclass(frozen=True)
class Making:
    """All that decides how the base model comes out.

    Args:
        vocabulary: tokens, the 256 bytes and the three special ones included.
        hidden: width of a layer; a head has 32 of it.
        layers: how many.
        echo_steps: of pretraining on echoes, at most; it ends when copying has been learned.
        steps: of pretraining on the text.
        batch: windows in a step. While it reads text, one in four is still an echo.
        window: tokens in each.
        learning_rate: up in the first 50 steps, down in the second half of the text.
        seed: of the first weights and of the windows.
    """

    vocabulary: int = 3300
    hidden: int = 128
    layers: int = 3
    echo_steps: int = 1600
    steps: int = 450
    batch: int = 24
    window: int = 64
    learning_rate: float = 2e-3
    seed: int = 0


def base_folder(making: Making | None = None, *, say: Callable[[str], None] = print) -> Path:
    """The folder of the base model, made on first use and kept in the cache.

    Its name carries a checksum of the text and of `making`: another text is another model.

    Explained in: from-scratch.md#a-base
    """
    making = making or Making()
    paragraphs = course_text()
    facts = json.dumps([asdict(making), paragraphs], ensure_ascii=False)
    target = cache_folder() / f"{SMALL_BASE}{hashlib.sha256(facts.encode()).hexdigest()[:12]}"
    if (target / "model.safetensors").is_file():
        return target
    tokenizer = train_tokenizer(paragraphs, making.vocabulary)
    model = untrained_model(len(tokenizer), making)
    stream = token_stream(tokenizer, paragraphs)
    weights = sum(parameter.numel() for parameter in model.parameters())
    say(f"making a base model: {weights / 1e6:.1f} M weights, {len(stream)} tokens of the course's text")
    losses = pretrain(model, stream, making)
    for name in ("echoes", "text"):
        told = losses[name]
        say(f"loss on {name}: {told[0]:.2f} -> {told[-1]:.2f} in {len(told)} steps")
    target.parent.mkdir(parents=True, exist_ok=True)
    unfinished = Path(tempfile.mkdtemp(prefix=".unfinished-", dir=target.parent))
    try:
        model.save_pretrained(unfinished)
        tokenizer.save_pretrained(unfinished)
        record = {"making": asdict(making), "weights": weights, "tokens": len(stream), "losses": losses}
        (unfinished / "pretraining.json").write_text(json.dumps(record), encoding="utf-8")
        shutil.rmtree(target, ignore_errors=True)
        unfinished.rename(target)
    except BaseException:
        shutil.rmtree(unfinished, ignore_errors=True)
        raise
    return target


def course_text(languages: Iterable[str] = LANGUAGES) -> list[str]:
    """The course's text as paragraphs: its pages, and what is said in the training rows, without who said it.

    Test and validation rows are not in it.

    Explained in: from-scratch.md#a-base
    """
    paragraphs: list[str] = []
    for lang in languages:
        paragraphs += (DATA / "prose" / f"{lang}.txt").read_text("utf-8").splitlines()
        rows = load_rows(DATA / "train" / f"{lang}.jsonl")
        paragraphs += [turn["content"] for row in rows for turn in row["messages"]]
    return list(dict.fromkeys(paragraphs))


def train_tokenizer(paragraphs: Iterable[str], vocabulary: int) -> Any:
    """A byte-level BPE: any text can be written in it, and what is frequent in `paragraphs` is short.

    Example:
        >>> tokenizer = train_tokenizer(["aba aba"], 263)
        >>> tokenizer.convert_ids_to_tokens(tokenizer("aba aba")["input_ids"])
        ['aba', 'Ġaba']

    Explained in: from-scratch.md#a-base
    """
    from tokenizers import Tokenizer, decoders, pre_tokenizers, trainers
    from tokenizers.models import BPE
    from transformers import PreTrainedTokenizerFast

    backend = Tokenizer(BPE())
    backend.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    backend.decoder = decoders.ByteLevel()
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    trainer = trainers.BpeTrainer(
        vocab_size=vocabulary,
        special_tokens=SPECIAL_TOKENS,
        initial_alphabet=alphabet,
        show_progress=False,
    )
    backend.train_from_iterator(paragraphs, trainer)
    return PreTrainedTokenizerFast(
        tokenizer_object=backend,
        bos_token="<|im_start|>",
        eos_token="<|im_end|>",
        pad_token="<|endoftext|>",
        chat_template=find_template(TEMPLATE)[1],
    )


def untrained_model(vocabulary: int, making: Making) -> Any:
    """A Llama with random weights.

    Example:
        >>> sum(p.numel() for p in untrained_model(3000, Making()).parameters())
        968576

    Explained in: from-scratch.md#a-base
    """
    import torch
    from transformers import LlamaConfig, LlamaForCausalLM

    torch.manual_seed(making.seed)
    config = LlamaConfig(
        vocab_size=vocabulary,
        hidden_size=making.hidden,
        intermediate_size=making.hidden * 8 // 3 // 16 * 16,
        num_hidden_layers=making.layers,
        num_attention_heads=making.hidden // 32,
        max_position_embeddings=1024,
        tie_word_embeddings=True,
        bos_token_id=1,
        eos_token_id=2,
        pad_token_id=0,
    )
    return LlamaForCausalLM(config)


def token_stream(tokenizer: Any, paragraphs: Iterable[str]) -> list[int]:
    """The ids of all paragraphs, each closed by `<|endoftext|>`.

    The course writes about `<|im_start|>`; here that is text like any other and not the control token,
    which a base model must not have met.

    Explained in: from-scratch.md#a-base
    """
    backend = tokenizer.backend_tokenizer
    backend.encode_special_tokens = True
    try:
        encodings = backend.encode_batch(list(paragraphs), add_special_tokens=False)
    finally:
        backend.encode_special_tokens = False
    return [token for encoding in encodings for token in (*encoding.ids, tokenizer.pad_token_id)]


def pretrain(model: Any, stream: list[int], making: Making) -> dict[str, list[float]]:
    """Next-token prediction: echoes until the model can copy, then the text.

    Returns:
        `echoes` and `text`: the loss of each step, in nats a graded token. That on echoes stays high for
        long and then falls at once: the model has found out how to copy (Olsson and others 2022,
        arXiv 2209.11895).

    Explained in: from-scratch.md#a-base
    """
    import torch
    from tqdm import tqdm

    draw = random.Random(making.seed)
    optimizer = torch.optim.AdamW(model.parameters(), betas=(0.9, 0.98), weight_decay=0.01)
    losses: dict[str, list[float]] = {"echoes": [], "text": []}

    def step(windows: list[tuple[list[int], list[int]]], pace: float) -> float:
        for group in optimizer.param_groups:
            group["lr"] = making.learning_rate * min(1.0, pace)
        ids, targets = (torch.tensor(rows) for rows in zip(*windows, strict=True))
        # Not shifted: the model's own loss does that.
        loss = model(input_ids=ids, labels=targets, use_cache=False).loss
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        optimizer.zero_grad()
        return loss.item()

    model.train()
    for number in (bar := tqdm(range(making.echo_steps), desc="echoes", dynamic_ncols=True)):
        length = draw.randint(making.window // 8, making.window // 2)
        windows = [_echo(draw, stream, model.config.vocab_size, length) for _ in range(making.batch)]
        losses["echoes"].append(step(windows, (number + 1) / 50))
        bar.set_postfix(loss=f"{losses['echoes'][-1]:.2f}", refresh=False)
        if number >= 20 and sum(losses["echoes"][-20:]) / 20 < COPIES:
            break
    for number in (bar := tqdm(range(making.steps), desc="text", dynamic_ncols=True)):
        starts = [draw.randrange(len(stream) - making.window) for _ in range(making.batch * 3 // 4)]
        windows = [(stream[start : start + making.window],) * 2 for start in starts]
        while len(windows) < making.batch:
            windows.append(_echo(draw, stream, model.config.vocab_size, making.window // 2))
        losses["text"].append(step(windows, 2 - 2 * number / making.steps))  # down in the second half
        bar.set_postfix(loss=f"{losses['text'][-1]:.2f}", refresh=False)
    model.eval()
    return losses


def _echo(
    draw: random.Random, stream: list[int], vocabulary: int, length: int
) -> tuple[list[int], list[int]]:
    """Ids and labels of something said twice; only the second time is graded, but for its first token."""
    if draw.random() < 0.5:
        said = [draw.randrange(len(SPECIAL_TOKENS), vocabulary) for _ in range(length)]
    else:
        start = draw.randrange(len(stream) - length)
        said = stream[start : start + length]
    return said * 2, [IGNORE_INDEX] * (length + 1) + said[1:]


def drills(
    count: int, languages: Iterable[str], seed: int, *, held_out: bool = False
) -> list[dict[str, Any]]:
    """Rows that ask to repeat two or three words of the course's text, `count` a language.

    Args:
        held_out: of the words that no other drill holds in any language, about one in ten.

    Example:
        >>> question, answer = drills(1, ["en"], seed=0)[0]["messages"]
        >>> question["content"] == "Repeat:\\n" + answer["content"]
        True

    Explained in: from-scratch.md#a-base
    """
    rows = []
    for lang in languages:
        draw = random.Random(f"{seed} {lang} {held_out}")
        words = [word for word in _words(lang) if _is_held_out(word) == held_out]
        for number in range(count):
            said = " ".join(draw.sample(words, draw.choice((2, 3))))
            messages = [
                {"role": "user", "content": _REPEAT[lang].format(said)},
                {"role": "assistant", "content": said},
            ]
            rows.append({"id": f"repeat-{number}", "lang": lang, "category": "drill", "messages": messages})
    return rows


def _is_held_out(word: str) -> bool:
    # By the word alone, so that a word of two languages is held out in both.
    return zlib.crc32(word.encode()) % 10 == 0


def _words(lang: str) -> list[str]:
    pattern = _WORD.get(lang, _WORD[None])
    return sorted(set(pattern.findall((DATA / "prose" / f"{lang}.txt").read_text("utf-8"))))
