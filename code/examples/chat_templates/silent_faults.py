"""Three faults that raise nothing."""

# --8<-- [start:listing]
import logging

import tokenizers.processors

from sintonia.chat_templates import find_template
from sintonia.models import load_tokenizer

# transformers warns once about the first of these faults.
logging.getLogger("transformers").setLevel(logging.ERROR)
tokenizer = load_tokenizer()
original = find_template("smollm2-original")[1]
conversation = [
    {"role": "user", "content": "Oi!"},
    {"role": "assistant", "content": "Olá!"},
]


def encode(template):
    return tokenizer.apply_chat_template(
        conversation,
        chat_template=template,
        return_dict=True,
        return_assistant_tokens_mask=True,
    )


print("supervised without markers:", sum(encode(original)["assistant_masks"]))
print("supervised with markers:   ", sum(encode(None)["assistant_masks"]))

plain = tokenizer.apply_chat_template(conversation, tokenize=False)
tool = {
    "type": "function",
    "function": {"name": "clock", "description": "Tells the time."},
}
print(
    "tools change the text:     ",
    tokenizer.apply_chat_template(conversation, tools=[tool], tokenize=False) != plain,
)

# Many tokenizers put a BOS before any text. We give ours that habit, then tokenize
# rendered text.
tokenizer.backend_tokenizer.post_processor = tokenizers.processors.TemplateProcessing(
    single="<|im_start|> $A", special_tokens=[("<|im_start|>", 1)]
)
print("tokenized as usual:        ", tokenizer(plain)["input_ids"][:3])
print(
    "add_special_tokens=False:  ",
    tokenizer(plain, add_special_tokens=False)["input_ids"][:3],
)
# --8<-- [end:listing]
