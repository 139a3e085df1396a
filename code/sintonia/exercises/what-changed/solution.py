ENDS = ".!?。！？"


def verdict(rows, seen, facts):
    def stopped(row, reply):
        return reply["stopped"]

    def language(row, reply):
        return reply["lang"] == row["lang"]

    def one_sentence(row, reply):
        text = reply["text"].strip()
        return sum(text.count(end) for end in ENDS) == 1 and text[-1] in ENDS

    def right(row, reply):  # whatever its form
        return facts[row["id"]].casefold() in reply["text"].casefold()

    def shares(some, holds):
        if not some:
            return None
        count = {who: sum(holds(row, row[who]) for row in some) for who in ("base", "tuned")}
        return count["base"] / len(some), count["tuned"] / len(some)

    def rose(two):
        return two is not None and two[1] - two[0] >= 0.1

    unseen = [row for row in rows if row["id"] not in seen]
    form = {"stopped": stopped, "language": language, "one sentence": one_sentence}
    asked = {
        "seen": [row for row in rows if row["id"] in facts and row["id"] in seen],
        "unseen": [row for row in unseen if row["id"] in facts],
    }
    right_shares = {name: shares(some, right) for name, some in asked.items()}
    if len(asked["unseen"]) < 10:
        conclusion = "cannot tell"
    elif rose(right_shares["unseen"]):
        conclusion = "learned"
    else:
        conclusion = "remembered" if rose(right_shares["seen"]) else "not learned"
    return {
        "form": {name: shares(unseen, holds) for name, holds in form.items()},
        "facts": right_shares,
        "conclusion": conclusion,
    }
