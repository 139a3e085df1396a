"""Sintonia: instruction tuning, one tested step at a time.

import sintonia

conversation = next(sintonia.load_conversations("train.jsonl"))
print(sintonia.render(conversation).text)
"""

from sintonia.chat_templates import Rendered, render
from sintonia.conversations import load_conversations
from sintonia.errors import Fault, InputError
from sintonia.loss_masks import IGNORE_INDEX, encode, labels, show_mask

__version__ = "0.1.0"
__all__ = [
    "IGNORE_INDEX",
    "Fault",
    "InputError",
    "Rendered",
    "encode",
    "labels",
    "load_conversations",
    "render",
    "show_mask",
]
