"""Words are cut alike: every code point is of the same kind for the tokenizer and for JavaScript."""

from __future__ import annotations

import json
from pathlib import Path

SOURCES = Path(__file__).parents[2] / "code" / "playground"
SURROGATES = range(0xD800, 0xE000)
CLASSIFY = r"""
const kinds = [];
for (let code = 0; code < 0x110000; code += 1) {
  const c = String.fromCodePoint(code);
  kinds.push(/\p{L}/u.test(c) ? "L" : /\p{N}/u.test(c) ? "N" : /\p{White_Space}/u.test(c) ? "S" : "O");
}
console.log(kinds.join(""));
"""
LINES = (SOURCES / "unassigned.txt").read_text(encoding="utf-8").splitlines()
RANGES = [
    tuple(int(end, 16) for end in (line.split("-") * 2)[:2]) for line in LINES if not line.startswith("#")
]


def kinds_of_the_tokenizer() -> str:
    """`L`, `N`, `S` or `O` for each code point, as the tokenizer's own cutting shows it."""
    from tokenizers import pre_tokenizers

    words = pre_tokenizers.ByteLevel(add_prefix_space=False)
    digits = pre_tokenizers.Digits(individual_digits=True)
    kinds = []
    for first in range(0, 0x110000, 4096):
        # Each stands twice between signs: letters part from the signs, and two white spaces from each other.
        # Surrogates are no text.
        codes = range(first, first + 4096)
        text = "".join("!!!!" if code in SURROGATES else f"!{chr(code) * 2}!" for code in codes)
        pieces = words.pre_tokenize_str(text)
        starts = {start for _, (start, _) in pieces}
        numbers = {start for _, (start, end) in digits.pre_tokenize_str(text) if end == start + 1}
        for index in range(4096):
            at = 4 * index
            parted, doubled = at + 1 in starts, at + 2 in starts
            if not parted:
                kinds.append("O")
            elif doubled:
                kinds.append("S")
            else:
                kinds.append("N" if at + 1 in numbers and at + 2 in numbers else "L")
    return "".join(kinds)


def test_each_code_point_is_of_the_same_kind(node):
    done = node("-e", CLASSIFY)
    found, expected = done.stdout.strip(), kinds_of_the_tokenizer()
    assert len(found) == len(expected) == 0x110000
    refused = bytearray(0x110000)
    for first, last in RANGES:
        refused[first : last + 1] = b"\1" * (last + 1 - first)
    different = [
        f"{code:04X}: {found[code]}, tokenizer {expected[code]}"
        for code in range(0x110000)
        if found[code] != expected[code] and not refused[code] and code not in SURROGATES
    ]
    assert different == []
    assert sum(kind == "L" for kind in found) > 130_000
    assert expected.count("S") == found.count("S")


def test_the_ranges_are_in_the_file_that_is_fetched():
    file = json.loads((SOURCES.parents[1] / "docs/assets/playground/tokenizer.json").read_text("utf-8"))
    assert file["undecided"].count("\\u{") == sum(1 if first == last else 2 for first, last in RANGES)
