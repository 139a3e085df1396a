from sintonia.conversations import read_rows
from sintonia.text_checks import personal


def build(rows, test_share=0.2):
    pass


if __name__ == "__main__":
    rows = [
        {"topic": "delivery", "question": "When does it arrive?", "answer": "On Friday."},
        {"topic": "invoice", "question": "Where is it?", "answer": "At ana@correio.com.br."},
        {"topic": "opening", "question": "Are you open on Sunday?", "answer": None},
    ]
    for row in read_rows(rows):
        messages = row.columns.get("messages", [])
        print(row.number, row.faults, [list(personal(m["content"])) for m in messages])
    print(build(rows))
