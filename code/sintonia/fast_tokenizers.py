"""Rendered text becomes ids and an `assistant_mask`, exactly and fast.

One rule holds for every tokenizer: a token is the assistant's when all the characters that it came from
lie in one span. The general path asks the tokenizer for offsets and applies the rule; it is right for
every fast tokenizer. For the byte-level BPEs of SmolLM2, Qwen and Llama 3 there is a faster way to the
same answer: cut the text where no token can reach across, and look each piece up in a dictionary.
"""

from __future__ import annotations

import json
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from itertools import accumulate
from pathlib import Path
from typing import Any

from sintonia.chat_templates import EMBEDDED_TOKENIZER, Rendered
from sintonia.errors import Fault, InputError
from sintonia.token_cuts import byte_alphabet, json_of
from sintonia.token_pieces import Packed, find_pieces, pack

_ENCODERS_KEPT = 4


def fast_backend(tokenizer: Any = None) -> Any:
    """The `tokenizers.Tokenizer` under a transformers tokenizer; the embedded one for `None`.

    Raises:
        InputError: a slow (pure Python) tokenizer.

    Example:
        >>> fast_backend().token_to_id("<|im_end|>")
        2

    Explained in: masks.md#loss-masking
    """
    if tokenizer is None:
        return _embedded_backend()
    backend = getattr(tokenizer, "backend_tokenizer", tokenizer)
    if not hasattr(backend, "encode_batch"):
        kind = type(tokenizer).__name__
        raise InputError(Fault("tokenizer", f"a slow one ({kind})", "a fast one, which knows offsets"))
    return backend


@cache
def _embedded_backend() -> Any:
    return _read_tokenizer(EMBEDDED_TOKENIZER)


@dataclass(frozen=True)
class FolderTokenizer:
    """What rendering and encoding need of a tokenizer's folder, read without transformers."""

    name_or_path: str
    backend_tokenizer: Any
    chat_template: str | None
    bos_token: str | None = None
    eos_token: str | None = None
    unk_token: str | None = None
    pad_token: str | None = None


def folder_tokenizer(folder: str | Path) -> FolderTokenizer | None:
    """The tokenizer of a folder; `None` where only transformers knows what the folder means.

    transformers takes most of a second to import. What it does with a plain fast tokenizer is little:
    `tokenizer.json`, the names of the special tokens, the template. Any setting beyond those, any file
    that would add tokens, and it is asked after all.

    Example:
        >>> folder_tokenizer(EMBEDDED_TOKENIZER).eos_token
        '<|im_end|>'

    Explained in: chat-templates.md#run-it
    """
    folder = Path(folder).expanduser()
    template = folder / "chat_template.jinja"
    try:
        config = json.loads((folder / "tokenizer_config.json").read_text("utf-8"))
        if any((folder / name).exists() for name in _ADDING_FILES):
            return None
        named = {key: config.pop(key) for key in _NAMED if config.get(key) is not None}
        plain = config.pop("tokenizer_class", None) in ("PreTrainedTokenizerFast", "TokenizersBackend")
        source = config.pop("chat_template", None)
        if not plain or any(config.get(key) for key in config.keys() - _WITHOUT_EFFECT):
            return None
        source = template.read_text("utf-8") if template.is_file() else source
        backend = _read_tokenizer(folder)
    except Exception:  # a damaged file, of which transformers' loader tells more
        return None
    added = {token.content for token in backend.get_added_tokens_decoder().values()}
    texts = [*named.values(), *([] if source is None else [source])]
    if not all(isinstance(text, str) for text in texts) or not added.issuperset(named.values()):
        return None
    if backend.get_vocab_size() > 100_000:  # of these transformers repairs some
        return None
    return FolderTokenizer(str(folder), backend, source, **named)


_NAMED = ("bos_token", "eos_token", "unk_token", "pad_token")
_ADDING_FILES = ("added_tokens.json", "special_tokens_map.json", "additional_chat_templates")
_WITHOUT_EFFECT = {"model_max_length", "clean_up_tokenization_spaces", "backend", "is_local", "errors"}
_WITHOUT_EFFECT |= {"local_files_only", "padding_side", "truncation_side", "model_input_names"}


def _read_tokenizer(folder: Path) -> Any:
    from tokenizers import Tokenizer

    backend = Tokenizer.from_file(str(folder / "tokenizer.json"))
    backend.no_truncation()
    backend.no_padding()
    return backend


def encoder(tokenizer: Any = None) -> Encoder:
    """The encoder of a tokenizer, with the pieces it has seen; a new one when the tokenizer changed.

    Raises:
        InputError: a slow tokenizer.

    Example:
        >>> from sintonia.token_pieces import unpack
        >>> ids, mask = encoder().encode(Rendered("Olá!<|im_end|>", [(0, 14)]))
        >>> unpack(ids), list(mask)
        ([40771, 5415, 17, 2], [1, 1, 1, 1])

    Explained in: masks.md#loss-masking
    """
    backend = fast_backend(tokenizer)
    # Left over from an earlier call, or from tokenizer.json; transformers sets both anew in each call.
    backend.no_truncation()
    backend.no_padding()
    state = _state(backend)
    known = _encoders.get(id(backend))
    if known is None or known.state != state:
        while len(_encoders) >= _ENCODERS_KEPT:
            _encoders.pop(next(iter(_encoders)), None)
        known = _encoders[id(backend)] = Encoder(backend, state)
    return known


_encoders: dict[int, Encoder] = {}


class Encoder:
    """Ids and mask of rendered text with one tokenizer.

    Args:
        backend: a `tokenizers.Tokenizer` without truncation and padding.
        state: what tells this tokenizer from one that was changed since.
    """

    def __init__(self, backend: Any, state: tuple[Any, ...]) -> None:
        self.backend = backend  # held, so that its id() stays its own
        self.state = state
        self.pieces = find_pieces(backend)
        self._untrimmed: Any = None
        self._lost = _lost_bytes(backend)
        self._added = frozenset(backend.get_added_tokens_decoder())

    @property
    def is_fast(self) -> bool:
        """Whether this tokenizer takes the path by pieces."""
        return self.pieces is not None

    def encode(self, rendered: Rendered) -> Packed:
        """Ids and mask of one text, packed, by the fastest way that is exact."""
        if self.pieces is None:
            return self.general([rendered])[0]
        return self.pieces.encode(rendered.text, rendered.spans, self._segment)

    def encode_batch(self, rendered: Sequence[Rendered]) -> list[Packed]:
        """The same for many; the general path uses the tokenizer's own threads."""
        if self.pieces is None:
            return self.general(rendered)
        encode, segment = self.pieces.encode, self._segment
        return [encode(row.text, row.spans, segment) for row in rendered]

    def general(self, rendered: Sequence[Rendered]) -> list[Packed]:
        """The path that is right for every fast tokenizer."""
        encodings = self._exact().encode_batch([row.text for row in rendered], add_special_tokens=False)
        return [
            (pack(encoding.ids), _mask(self._offsets(row.text, encoding), row.spans))
            for encoding, row in zip(encodings, rendered, strict=True)
        ]

    def _segment(self, text: str, spans: Sequence[tuple[int, int]]) -> Packed:
        encoding = self._exact().encode(text, add_special_tokens=False)
        if not spans:
            return pack(encoding.ids), bytes(len(encoding.ids))
        return pack(encoding.ids), _mask(self._offsets(text, encoding), spans)

    def _offsets(self, text: str, encoding: Any) -> Sequence[tuple[int, int]]:
        """The tokenizer's offsets, but where its vocabulary lacks a byte of the text.

        Such a byte gets no token, and the tokenizer counts on as if it had not been there: later tokens
        of the same word come out too far left. Their own bytes say where they stand.
        """
        if not self._lost:
            return encoding.offsets
        raw = text.encode()
        if len(raw.translate(None, self._lost)) == len(raw):
            return encoding.offsets
        return _aligned(text, raw, self._lost, encoding, self._added) or encoding.offsets

    def _exact(self) -> Any:
        """The tokenizer with offsets that cover all that a token came from.

        A post-processor with `trim_offsets` takes white space out of them, so that a token of white
        space has none at all; it changes no id, so we work on a copy without it.
        """
        if self._untrimmed is None:
            self._untrimmed = self.backend
            if b'"trim_offsets":true' in json_of(self.backend.post_processor):
                copy = type(self.backend).from_str(self.backend.to_str())
                copy.no_truncation()
                copy.no_padding()
                copy.encode_special_tokens = self.backend.encode_special_tokens
                copy.post_processor = None
                self._untrimmed = copy
        return self._untrimmed


def _mask(offsets: Sequence[tuple[int, int]], spans: Sequence[tuple[int, int]]) -> bytes:
    """1 for a token whose characters all lie in one span.

    A character that several tokens share (an emoji, a rare Chinese character) gives each of them its
    own offsets, so all of them count. A token that also holds characters of the header does not: at
    generation time the header is already there, and the model never writes that token.
    """
    if not spans:
        return bytes(len(offsets))
    starts = [span[0] for span in spans]
    mask = bytearray()
    for start, end in offsets:
        before = bisect_right(starts, start) - 1
        mask.append(int(before >= 0 and start < spans[before][1] and end <= spans[before][1]))
    return bytes(mask)


def _lost_bytes(backend: Any) -> bytes:
    """The bytes for which a byte-level BPE has no token, and no token for the unknown either."""
    model = backend.model
    in_bytes = type(model).__name__ == "BPE" and b'"ByteLevel"' in json_of(backend.pre_tokenizer)
    if not in_bytes or model.unk_token:
        return b""
    return bytes(byte for byte, char in enumerate(byte_alphabet()) if model.token_to_id(char) is None)


def _aligned(text: str, raw: bytes, lost: bytes, encoding: Any, added: Any) -> list[tuple[int, int]] | None:
    """Character offsets of tokens, found by their bytes; `None` where they are not those of the text."""
    byte_of = {char: byte for byte, char in enumerate(byte_alphabet())}
    # Of each byte its character, and of each character its first byte.
    owner = [index for index, char in enumerate(text) for _ in char.encode()]
    first = [0, *accumulate(len(char.encode()) for char in text)]
    offsets = []
    place = 0
    for number, token, offset in zip(encoding.ids, encoding.tokens, encoding.offsets, strict=True):
        if number in added:
            offsets.append(offset)
            place = first[offset[1]]
            continue
        start = None
        for char in token:
            while place < len(raw) and raw[place] in lost:
                place += 1
            if place == len(raw) or raw[place] != byte_of.get(char):
                return None
            start = owner[place] if start is None else start
            place += 1
        offsets.append((start, owner[place - 1] + 1))
    return offsets


def _state(backend: Any) -> tuple[Any, ...]:
    parts = (backend.normalizer, backend.pre_tokenizer, backend.post_processor)
    added = tuple(sorted((number, repr(t)) for number, t in backend.get_added_tokens_decoder().items()))
    size = backend.get_vocab_size(with_added_tokens=True)
    return size, added, backend.encode_special_tokens, *(json_of(part) for part in parts)
