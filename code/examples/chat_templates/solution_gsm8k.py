"""Solution: a gsm8k-like row becomes a conversation."""

# --8<-- [start:listing]
import re

import sintonia

row = {
    "question": "Ana has 3 boxes with 4 pens each. How many pens has she?",
    "answer": "She has 3 * 4 = <<3*4=12>>12 pens.\n#### 12",
}


def to_messages(row):
    reasoning, final = row["answer"].split("\n#### ")
    # The notes are for a calculator, not for a reader.
    reasoning = re.sub(r"<<[^>]*>>", "", reasoning)
    return [
        {"role": "user", "content": row["question"].strip()},
        {"role": "assistant", "content": f"{reasoning}\nAnswer: {final.strip()}"},
    ]


print(sintonia.render(to_messages(row), "chatml").text, end="")
# --8<-- [end:listing]
