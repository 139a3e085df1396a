def to_messages(row):
    pass


if __name__ == "__main__":
    row = {
        "question": "Ana has 3 boxes with 4 pens each. How many pens has she?",
        "answer": "She has 3 * 4 = <<3*4=12>>12 pens.\n#### 12",
    }
    print(to_messages(row))
