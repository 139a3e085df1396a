"""A shop's rows with every kind of fault; then many topics, added to, and under another `hash`."""

from sintonia.exercises.judging import failed

ROWS = [  # topic, question, answer, why it is rejected
    ("delivery", "When does my parcel arrive?", "Two days after we send it.", None),
    ("delivery", "when does my parcel arrive", "In two days.", "copy"),
    ("refund", "I want my money back.", "Send the form within 30 days.", None),
    ("refund", "How do I return a lamp?", "  ", "empty"),
    ("invoice", "Where is my invoice?", "I sent it to ana.lima@correio.com.br.", "personal data"),
    ("invoice", "Where is my invoice?", "In your account, under orders.", None),
    ("opening", "Are you open on Sunday?", None, "unreadable"),
    ("opening", "营业到几点？", "到晚上九点。", None),
]
TOPICS = 200


def check(work):
    found = work.call("build", as_rows(ROWS))
    work.last_call = "build(rows)"
    if not isinstance(found, dict) or not {"train", "test", "rejected"} <= set(found):
        yield failed("no-sides", found)
        return
    accepted = [*found["train"], *found["test"]]
    for row in accepted:
        if not isinstance(row, dict) or [m["role"] for m in row.get("messages", [])] != ["user", "assistant"]:
            yield failed("no-messages", row)
            return
    yield from rejection_faults(found["rejected"])
    kept = sorted(row["messages"][1]["content"] for row in accepted)
    wanted = sorted(answer for _, _, answer, reason in ROWS if reason is None)
    if kept != wanted or len(found["rejected"]) != len(ROWS) - len(wanted):
        yield failed("row-lost", kept, wanted)
        return
    yield from side_faults(work)


def rejection_faults(rejected):
    """What is rejected against what should be."""
    reasons = {number: reason for number, reason in rejected}
    for number, (_, question, answer, reason) in enumerate(ROWS, 1):
        given = reasons.get(number)
        if given == reason:
            continue
        shown = [question, answer]
        if given is None:
            yield failed("not-rejected", shown, number=number, reason=f'"{reason}"')
        elif reason is not None:
            yield failed("reason-wrong", given, reason, number=number)
        elif given == "copy":
            yield failed("copy-of-rejected", shown, number=number)
        else:
            yield failed("good-rejected", [*shown, given], number=number)
        return


def side_faults(work):
    """Topics that stand on both sides, move, or stand there in another number than asked for."""
    names = [f"topic {number:03d}" for number in range(TOPICS)]
    some = [(name, f"How does {name} work?", f"Like {name}.", None) for name in names]
    more = [(name, f"What does {name} cost?", "Nothing.", None) for name in names]
    new = [(f"early {number}", f"Is {number} new?", "Yes.", None) for number in range(37)]
    before, split = sides(work, some)
    for rows in ([*new, *some], [*some, *more], some[51:]):
        after, split_after = sides(work, rows)
        split = split or split_after
        moved = [name for name in names if name in after and after[name] != before[name]]
        if split:
            yield failed("topic-split", topic=split)
        elif moved:
            yield failed("topic-moved", topic=moved[0])
        else:
            continue
        return
    if not hasattr(work.module, "hash"):  # one of their own
        work.module.hash = lambda value: hash(("another run", value))
        salted, _ = sides(work, some)
        del work.module.hash
        if salted != before:
            yield failed("hash-moves")
            return
    for share in (0.2, 0.5):
        where, _ = sides(work, some, share)
        count = sum(side == "test" for side in where.values())
        if abs(count - share * TOPICS) > 0.12 * TOPICS:
            work.last_call = f"build(rows, {share})"
            yield failed("share-ignored", of=TOPICS, count=count, wanted=round(share * TOPICS))
            return


def sides(work, rows, share=0.2):
    """Topic -> the side it stands on, and a topic that stands on both."""
    found = work.call("build", as_rows(rows), share)
    work.last_call = "build(rows)"
    where, split = {}, None
    for side in ("train", "test"):
        for row in found[side]:
            topic = row["messages"][0]["content"].removeprefix("How does ").removeprefix("What does ")
            topic = topic.split(" work?")[0].split(" cost?")[0]
            if where.setdefault(topic, side) != side:
                split = topic
    return where, split


def as_rows(some):
    """Rows as the task describes them."""
    return [{"topic": topic, "question": q, "answer": a} for topic, q, a, _ in some]
