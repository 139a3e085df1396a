"""Solution: from raw rows to a training and a test file, with nothing lost unsaid."""

# --8<-- [start:listing]
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


def ask(topic, question, answer):
    return {"topic": topic, "question": question, "answer": answer}


rows = [
    ask("delivery", "When does my parcel arrive?", "Two days after we send it."),
    ask("delivery", "when does my parcel arrive", "In two days."),
    ask("delivery", "Can I change the address?", "Yes, until the parcel is sent."),
    ask("refund", "I want my money back.", "Send the form within 30 days."),
    ask("refund", "How do I return a lamp?", ""),
    ask("invoice", "Where is my invoice?", "I sent it to ana.lima@correio.com.br."),
    ask("invoice", "Can the invoice name my firm?", "Yes, tell us its tax number."),
    ask("opening", "Are you open on Sunday?", None),
]
built = build(rows)
for side in ("train", "test"):
    print(side, [row["messages"][0]["content"] for row in built[side]])
print("rejected", built["rejected"])
# --8<-- [end:listing]
