"""Short examples share a row of the batch, and none of them can tell.

    three examples   [a a a a a]  [b b]  [c c c]
    one pack         input_ids      a a a a a c c c b b
                     position_ids   0 1 2 3 4 0 1 2 0 1
                     seq_lengths    5, 3, 2

A position that does not follow the one before it says where the next example begins; transformers builds
its attention mask from that. `check_packing` says when it does not, because then an example reads the one
before it and nothing looks wrong.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from sintonia.errors import Fault, InputError
from sintonia.loss_masks import IGNORE_INDEX

# Measured in transformers 5.23 on a tiny Llama: packed against alone, 7e-6 at most for each of the three.
_BUILD_A_MASK = ("eager", "sdpa", "flex_attention")
# Layers that carry a state from token to token keep it over the border, whatever the positions say.
_STATEFUL = ("linear", "mamba", "recurrent", "conv", "ssm", "rwkv")
# Different lengths that are tried against a pack's room; with so many, some sum nearly always fits exactly.
_LENGTHS_TRIED = 64
_LEAK = "each example would read the ones before it in the pack"


@dataclass(frozen=True)
class Fill:
    """How full packs are.

    Args:
        packs: how many there are.
        fewest: packs that the tokens would need if they could be cut anywhere; nobody can do with less.
        tokens: in all packs.
        share: tokens over places, in all packs, the last one with its left-over room too.
    """

    packs: int
    fewest: int
    tokens: int
    share: float


def pack(examples: Iterable[dict[str, Any]], max_length: int) -> list[dict[str, list[int]]]:
    """Put examples together into rows of at most `max_length` tokens: best fit, longest first.

    Each pack begins with the longest example left, and is filled with those that together leave the least
    room (minimum bin slack, Gupta and Ho 1999). For 176 of this course's rows, at 1,024 tokens, that takes 17
    packs, 99.7 % full, where placing one example after the other, best-fit decreasing, takes 18.
    No example is cut. The same examples give the same packs. Packs come out with long examples first:
    shuffle them.

    Args:
        examples: each with `input_ids` and `assistant_mask`, or `labels`, or both, as `encode` makes them.
        max_length: tokens, the most that a pack may hold.

    Returns:
        One dict a pack: the columns of the examples, end to end; `seq_lengths`, the tokens of each example;
        `position_ids`, from 0 in each. The first token of an example has `assistant_mask` 0 and no label:
        the token before it belongs to another example, and must not be asked to predict it.

    Raises:
        InputError: `max_length` below 1; an example that is empty, too long, or whose columns differ in
            length, or that has other columns than the first. All of them are named.

    Example:
        >>> rows = [{"input_ids": [7, 8], "assistant_mask": [0, 1]},
        ...         {"input_ids": [4, 5, 6], "assistant_mask": [1, 1, 1]}]
        >>> pack(rows, 8)  # doctest: +NORMALIZE_WHITESPACE
        [{'input_ids': [4, 5, 6, 7, 8], 'assistant_mask': [0, 1, 1, 0, 1],
          'seq_lengths': [3, 2], 'position_ids': [0, 1, 2, 0, 1]}]

    Explained in: lengths.md#packing
    """
    if max_length < 1:
        raise InputError(Fault("max_length", str(max_length), "at least 1 token"))
    examples = list(examples)
    columns = [name for name in ("assistant_mask", "labels") if examples and name in examples[0]]
    faults = [fault for row in enumerate(examples, start=1) for fault in _faults(*row, columns, max_length)]
    if faults:
        raise InputError(faults)
    lengths = [len(example["input_ids"]) for example in examples]
    return [
        _join([examples[index] for index in chosen], columns) for chosen in _best_fit(lengths, max_length)
    ]


def fill(packs: list[dict[str, list[int]]], max_length: int) -> Fill:
    """How full packs are, and whether they could be fewer.

    Example:
        >>> packs = pack([{"input_ids": [1] * n, "assistant_mask": [1] * n} for n in (6, 5, 4, 3)], 10)
        >>> fill(packs, 10)
        Fill(packs=2, fewest=2, tokens=18, share=0.9)

    Explained in: lengths.md#packing
    """
    tokens = sum(len(one["input_ids"]) for one in packs)
    share = tokens / (len(packs) * max_length) if packs else 1.0
    return Fill(len(packs), -(-tokens // max_length), tokens, share)


def check_packing(
    model: Any, *, attention_mask: Any = None, use_cache: bool | None = None, batch_size: int = 1
) -> None:
    """Refuse a model, or a way of calling it, in which packed examples would see each other.

    Args:
        model: a model, which is then also tried on ten tokens: exchanging the first example of a pack must
            leave the logits of the second where they were. Or the name of an attention implementation.
        attention_mask: what the forward pass is going to be given beside `position_ids`.
        use_cache: likewise; `None` is what the model does by itself, which for most is to use one.
        batch_size: packs in a batch.

    Raises:
        InputError: examples would leak into each other; it says why and what to do.

    Example:
        >>> check_packing("sdpa", use_cache=False)
        >>> check_packing("sdpa")  # doctest: +ELLIPSIS
        Traceback (most recent call last):
        ...
        sintonia.errors.InputError: use_cache: found the default, which keeps a cache; expected False; ...

    Explained in: lengths.md#contamination
    """
    named = isinstance(model, str)
    config = None if named else model.config
    attention = model if named else config._attn_implementation
    faults = []
    if use_cache is None and not getattr(config, "use_cache", True):
        use_cache = False
    if use_cache is not False:
        found = "True" if use_cache else "the default, which keeps a cache"
        faults.append(Fault("use_cache", found, "False", f"with a cache {_LEAK}"))
    if attention_mask is not None and getattr(attention_mask, "ndim", 2) != 4:
        found = "one beside position_ids"
        fix = f"a mask of ones is taken at its word, and {_LEAK}"
        faults.append(Fault("attention_mask", found, "None", fix))
    if "flash" in attention:
        if batch_size != 1:  # modeling_flash_attention_utils._is_packed_sequence looks at the batch size
            fix = f"flash attention reads position_ids only where the batch is one row; else {_LEAK}"
            faults.append(Fault("batch_size", str(batch_size), "1", fix))
    elif attention not in _BUILD_A_MASK:
        fix = f"this one is given no mask that parts examples, so {_LEAK}"
        faults.append(Fault("attn_implementation", repr(attention), " or ".join(_BUILD_A_MASK), fix))
    faults += [] if named else _stateful_layers(config)
    if not named and not faults and not _isolates(model):
        fix = f"it does not part examples by position_ids, so {_LEAK}; train it without packing"
        found = "a second example that changes with the first"
        faults.append(Fault(type(model).__name__, found, "one that stays the same", fix))
    if faults:
        raise InputError(faults)


def _best_fit(lengths: list[int], max_length: int) -> list[list[int]]:
    """Indices by pack: the longest example left, and the others that together fill its room best."""
    waiting: dict[int, deque[int]] = {}
    for index, length in enumerate(lengths):
        waiting.setdefault(length, deque()).append(index)
    distinct = sorted(waiting)

    def take(length: int) -> int:
        index = waiting[length].popleft()
        if not waiting[length]:
            del distinct[bisect_left(distinct, length)]
        return index

    packs = []
    while distinct:
        room = max_length - distinct[-1]
        packs.append([take(distinct[-1])])
        fitting = distinct[: bisect_right(distinct, room)]
        tried = fitting[:: max(1, -(-len(fitting) // _LENGTHS_TRIED))]
        stock = [(length, min(len(waiting[length]), room // length)) for length in reversed(tried)]
        packs[-1] += map(take, _fullest(stock, room))
    return packs


def _fullest(stock: list[tuple[int, int]], room: int) -> list[int]:
    """Of `(length, copies)`, longest first, the lengths whose sum comes closest to `room` from below.

    Bit `n` of `sums[i]` says whether some of the first `i` parcels add up to `n`. Where the same sum can be
    had from longer examples alone, the short ones are kept for later: they fit everywhere.
    """
    parcels, sums = [], [1]
    for length, copies in stock:
        size = 1
        while copies and not sums[-1] >> room & 1:
            size = min(size, copies)  # 1, 2, 4 ... copies: any number of them is a sum of such parcels
            parcels.append((length, size))
            sums.append((sums[-1] | sums[-1] << length * size) & ((2 << room) - 1))
            copies -= size
            size *= 2
    total = sums[-1].bit_length() - 1
    chosen = []
    for (length, size), without in zip(reversed(parcels), reversed(sums[:-1]), strict=True):
        if not without >> total & 1:
            chosen += [length] * size
            total -= length * size
    return chosen


def _join(examples: list[dict[str, Any]], columns: list[str]) -> dict[str, list[int]]:
    nothing = {"assistant_mask": 0, "labels": IGNORE_INDEX}
    joined = {"input_ids": [token for example in examples for token in example["input_ids"]]}
    for name in columns:
        joined[name] = [value for one in examples for value in (nothing[name], *one[name][1:])]
    joined["seq_lengths"] = [len(example["input_ids"]) for example in examples]
    joined["position_ids"] = [place for length in joined["seq_lengths"] for place in range(length)]
    return joined


def _faults(number: int, example: dict[str, Any], columns: list[str], max_length: int) -> Iterable[Fault]:
    where, length = f"example {number}", len(example["input_ids"])
    if not length:
        yield Fault(where, "no tokens", "at least one", "leave it out")
    if length > max_length:
        fix = "truncate first: encode(..., max_length=...)"
        yield Fault(where, f"{length} tokens", f"at most {max_length}, the max_length", fix)
    own = [name for name in ("assistant_mask", "labels") if name in example]
    if own != columns:
        yield Fault(where, f"columns {own}", f"{columns}, like the first example's")
        return
    for name in columns:
        if len(example[name]) != length:
            yield Fault(where, f"{len(example[name])} values in {name}", f"{length}, one for each id")


def _stateful_layers(config: Any) -> list[Fault]:
    kinds = {str(kind) for kind in getattr(config, "layer_types", None) or [config.model_type]}
    found = sorted(kind for kind in kinds if any(part in kind for part in _STATEFUL))
    if not found:
        return []
    fix = f"their state passes from example to example, so {_LEAK}; train it without packing"
    return [Fault("model", f"layers of the kind {', '.join(found)}", "attention in every layer", fix)]


def _isolates(model: Any) -> bool:
    """Whether the second example of a pack is blind to the first; tried, not believed.

    The shapes are the same in both calls, so what is masked adds exact zeros in any precision.
    """
    import torch

    first, second = [1, 2, 3, 4, 5], [4, 1, 3, 2, 5]
    positions = torch.tensor([[0, 1, 2, 3, 4, 0, 1, 2, 3, 4]], device=model.device)
    training = model.training
    model.eval()
    try:
        with torch.no_grad():
            logits = [
                model(
                    input_ids=torch.tensor([opening + second], device=model.device),
                    position_ids=positions,
                    use_cache=False,
                ).logits[0, 5:]
                for opening in (first, first[::-1])
            ]
    finally:
        model.train(training)
    return bool((logits[0] - logits[1]).abs().max() <= 1e-3 * logits[0].abs().max())
