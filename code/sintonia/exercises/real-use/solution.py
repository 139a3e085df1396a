import hashlib

from sintonia.conversations import read_rows
from sintonia.similarity import words
from sintonia.text_checks import personal


def build(rows, test_share=0.2):
    sides = {"train": [], "test": [], "rejected": []}
    seen = set()
    for row in read_rows(rows):
        reason = why_not(row, seen)
        if reason:
            sides["rejected"].append((row.number, reason))
            continue
        digest = hashlib.sha256(str(row.columns["topic"]).encode()).digest()
        share = int.from_bytes(digest[:8]) / 2**64
        sides["test" if share < test_share else "train"].append(row.columns)
    return sides


def why_not(row, seen):
    if row.faults:
        return "unreadable"
    contents = [message["content"] for message in row.columns["messages"]]
    if not all(content.strip() for content in contents):
        return "empty"
    if any(list(personal(content)) for content in contents):
        return "personal data"
    question = tuple(words(contents[0]))
    if question in seen:
        return "copy"
    seen.add(question)
    return None
