"""Sintonia: instruction tuning, one tested step at a time.

import sintonia

conversation = next(sintonia.load_conversations("train.jsonl"))
print(sintonia.render(conversation).text)
"""

from typing import Any

from sintonia.chat_templates import Rendered, render
from sintonia.collation import collate, length_grouped_batches
from sintonia.conversations import load_conversations
from sintonia.conversion import convert
from sintonia.errors import Fault, InputError
from sintonia.loss_masks import IGNORE_INDEX, encode, labels, show_mask
from sintonia.packing import check_packing, pack

__version__ = "0.1.0"
__all__ = [
    "IGNORE_INDEX",
    "Fault",
    "Finding",
    "InputError",
    "Rendered",
    "check_packing",
    "collate",
    "convert",
    "diagnose",
    "encode",
    "labels",
    "length_grouped_batches",
    "load_conversations",
    "pack",
    "render",
    "show_mask",
]


def __getattr__(name: str) -> Any:
    """`diagnose` and `Finding`, loaded when they are asked for: the doctor reads half of the package."""
    if name == "diagnose":
        from sintonia.doctor import diagnose

        return diagnose
    if name == "Finding":
        from sintonia.findings import Finding

        return Finding
    raise AttributeError(f"module 'sintonia' has no attribute {name!r}")
