"""Which texts are the same, or nearly: fingerprints of bounded size, compared without reading twice.

Equal texts share a hash. Nearly equal ones share most of their word groups; MinHash (Broder 1997)
keeps 64 numbers a text whose agreement estimates that share, and only texts that agree in a whole
band of four numbers are compared at all, so 100,000 texts take seconds and not ten billion pairs.
"""

from __future__ import annotations

import hashlib
import re
import zlib
from functools import lru_cache
from typing import Any

HASHES, BANDS, GROUP = 64, 16, 3
# Short texts differ in one word and share most groups by chance: "the capital of Peru", "... of Chile".
FEWEST_WORDS = 20
READ, MOST_WORDS = 512, 200_000  # words read of a text, and words whose hash is kept
NEAR = 0.8
_WORD = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]|[^\W\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]+")


def fingerprint(*texts: str) -> bytes:
    """Eight bytes that are the same for texts which differ in white space only.

    Example:
        >>> fingerprint("Oi,  tudo bem?") == fingerprint("Oi, tudo\\nbem?")
        True

    Explained in: doctor.md#d05
    """
    joined = "\x1f".join(" ".join(text.split()) for text in texts)
    return hashlib.blake2b(joined.encode("utf-8", "replace"), digest_size=8).digest()


def words(text: str) -> list[str]:
    """The words of a text in small letters; each Chinese, Japanese or Korean character is one.

    Example:
        >>> words("Olá, 世界!")
        ['olá', '世', '界']

    Explained in: doctor.md#d06
    """
    return _WORD.findall(text.lower())


def signature(text: str) -> Any:
    """The MinHash of a text's first 512 words, uint32 (64,); `None` where it is too short to be told apart.

    Example:
        >>> signature("Too short."), signature(" ".join(map(str, range(30)))).shape
        (None, (64,))

    Explained in: doctor.md#d06
    """
    import numpy

    found = words(text)
    if len(found) < FEWEST_WORDS:
        return None
    multipliers, offsets = _functions()
    if len(_HASHED) > MOST_WORDS:
        _HASHED.clear()
    found = found[:READ]
    each = numpy.fromiter(map(_HASHED.__getitem__, found), dtype=numpy.uint64, count=len(found))
    groups = each[:-2] * numpy.uint64(0x9E3779B97F4A7C15) + each[1:-1] * numpy.uint64(0xC2B2AE3D27D4EB4F)
    groups += each[2:] * numpy.uint64(0x165667B19E3779F9)
    lowest = (groups[None, :] * multipliers[:, None] + offsets[:, None]).min(axis=1)
    return (lowest >> numpy.uint64(32)).astype(numpy.uint32)


def near_pairs(signatures: Any, *, near: float = NEAR) -> dict[int, tuple[int, float]]:
    """Which rows are nearly a row before them: `{row: (earlier row, share of word groups in common)}`.

    Args:
        signatures: uint32 array (rows, 64), as `signature` makes them.
        near: the share from which two texts count as nearly equal.

    Example:
        >>> import numpy
        >>> line = " ".join(f"word{i}" for i in range(100))
        >>> rows = [signature(text) for text in (line, "x y z " * 20 + line, line + " end")]
        >>> {row: earlier for row, (earlier, _) in near_pairs(numpy.stack(rows)).items()}[2]
        0

    Explained in: doctor.md#d06
    """
    import numpy

    found: dict[int, tuple[int, float]] = {}
    if len(signatures) < 2:
        return found
    wide = signatures.astype(numpy.uint64)
    step = HASHES // BANDS
    mixers = _functions()[0][:step]
    for band in range(BANDS):
        columns = wide[:, band * step : (band + 1) * step]
        keys = (columns * mixers).sum(axis=1, dtype=numpy.uint64)
        order = numpy.argsort(keys, kind="stable")
        ordered = keys[order]
        starts = numpy.flatnonzero(numpy.r_[True, ordered[1:] != ordered[:-1]])
        ends = numpy.r_[starts[1:], len(ordered)]
        for start, end in zip(starts[ends - starts > 1], ends[ends - starts > 1], strict=True):
            members = order[start:end]
            # Against the first of its group only: linear in the rows, whatever the group's size.
            shares = (signatures[members[1:]] == signatures[members[0]]).mean(axis=1)
            for row, share in zip(members[1:][shares >= near], shares[shares >= near], strict=True):
                if share > found.get(int(row), (0, 0.0))[1]:
                    found[int(row)] = (int(members[0]), float(share))
    return found


class _Hashes(dict[str, int]):
    """Word -> 64 bits; a dictionary, because a call for each word would cost as much as all the rest."""

    def __missing__(self, word: str) -> int:
        raw = word.encode("utf-8", "replace")
        self[word] = zlib.crc32(raw) << 32 | zlib.crc32(raw[::-1], 0x5EED)
        return self[word]


_HASHED = _Hashes()


@lru_cache(maxsize=1)
def _functions() -> tuple[Any, Any]:
    import numpy

    draw = numpy.random.Generator(numpy.random.PCG64(20_240_229))
    high = 2**63 - 1
    odd = draw.integers(0, high, HASHES, dtype=numpy.uint64) * numpy.uint64(2) + numpy.uint64(1)
    return odd, draw.integers(0, high, HASHES, dtype=numpy.uint64)
