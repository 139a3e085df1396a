"""Each reason alone, two at once, and rows that only look like leaks."""

from sintonia.exercises.judging import failed

NOTE = (
    "Write a short and friendly note that tells all of my neighbours about the party "
    "on the roof on {day} night."
)
TRAIN = [
    ("peru", "Qual é a capital do Peru?", "Lima."),
    ("gold", "What is the chemical symbol for gold?", "Au."),
    ("note", NOTE.format(day="Saturday"), "Dear neighbours, we celebrate on the roof on Saturday."),
    ("hello", "Hello!", "Hello, what can I do?"),
    ("dog", "Who bites the dog and who feeds the cat?", "I do not know."),
]
TEST = [  # id, question, reply, the reason, what is wrong with an answer that says otherwise
    ("peru", "秘鲁的首都是哪里？", "利马。", "same id", "id-missed"),
    ("guess", "How is gold written in formulas?", "Au.", None, "reply-counted"),
    ("au", "what is the chemical symbol for GOLD", "It is Au.", "same words", "words-missed"),
    ("note-2", NOTE.format(day="Sunday"), "Dear all, come on Sunday.", "near copy", "near-missed"),
    # 14 groups shared: 0.74 of its own, 0.58 of all. Clean, whichever the reader takes.
    ("note-3", NOTE.format(day="Sunday").replace("friendly", "serious"), "No.", None, "false-alarm"),
    ("dog-2", "Who feeds the dog and who bites the cat?", "Nobody.", None, "false-alarm"),
    ("bye", "Goodbye!", "See you.", None, "short-alarm"),
    ("gold", "What is the chemical symbol for gold?", "Au.", "same id", "id-missed"),
]


def check(work):
    train = [row(*one) for one in TRAIN]
    test = [row(*one[:3]) for one in TEST]
    found = work.call("leaks", train, test)
    work.last_call = "leaks(train, test)"
    if not isinstance(found, dict) or not all(type(place) is int for place in found):
        yield failed("no-dictionary", found)
        return
    for place, (_, question, reply, reason, key) in enumerate(TEST):
        given = found.get(place)
        if given == reason:
            continue
        if given is not None and reason is not None:
            yield failed("reason-wrong", given, reason, place=place)
        elif reason is None:
            yield failed(key, [question, reply, given], place=place)
        else:
            yield failed(key, found, {place: reason}, place=place)
        return


def row(id, question, reply):
    """A row as the course's data have it."""
    turns = [{"role": "user", "content": question}, {"role": "assistant", "content": reply}]
    return {"id": id, "messages": turns}
