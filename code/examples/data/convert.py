"""A file of gsm8k rows, two of them broken, becomes messages; the broken ones stand beside it."""

# --8<-- [start:listing]
import contextlib
import json
import tempfile
from pathlib import Path

import sintonia
from sintonia.conversion import convert

LINES = """\
{"question": "What is 2 + 3?", "answer": "2 + 3 = 5.\\n#### 5", "level": 1}
{"question": "What is 4 * 3?", "answer": "4 * 3 = 12.\\n#### 12", "level": 2
{"question": "What is 9 - 1?", "answer": null, "level": 1}
{"question": "What is 8 / 2?", "answer": "8 / 2 = 4.\\n#### 4", "level": 2}
"""
with tempfile.TemporaryDirectory() as folder, contextlib.chdir(folder):
    Path("gsm8k.jsonl").write_text(LINES, encoding="utf-8")
    try:
        convert("gsm8k.jsonl", "train.jsonl")
    except sintonia.InputError as error:
        print(error)
    print("written:", Path("train.jsonl").exists())

    done = convert("gsm8k.jsonl", "train.jsonl", skip_bad=True)
    print(f"\n{done.format}, read off {done.reason}")
    print(done.rows, "rows,", done.rejected, "rejected into", done.rejects)
    first = Path("train.jsonl").read_text(encoding="utf-8").splitlines()[0]
    print(json.dumps(json.loads(first), indent=1))
# --8<-- [end:listing]
