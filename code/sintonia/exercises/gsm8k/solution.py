import re


def to_messages(row):
    reasoning, final = row["answer"].split("\n#### ")
    # The notes are for a calculator, not for a reader.
    reasoning = re.sub(r"<<[^>]*>>", "", reasoning)
    return [
        {"role": "user", "content": row["question"].strip()},
        {"role": "assistant", "content": f"{reasoning}\nAnswer: {final.strip()}"},
    ]
