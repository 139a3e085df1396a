"""Answers with one note, with several on a line, with lines, with a comparison, with a large result."""

import re

from sintonia.exercises.judging import failed

ROWS = [
    {
        "question": "Ana has 3 boxes with 4 pens each. How many pens has she?",
        "answer": "She has 3 * 4 = <<3*4=12>>12 pens.\n#### 12",
    },
    {
        "question": "A shop sells 5 cups at $2 and 3 plates at $4. How much is that?",
        "answer": "The cups cost 5 * 2 = $<<5*2=10>>10 and the plates 3 * 4 = $<<3*4=12>>12.\n"
        "Together that is 10 + 12 = $<<10+12=22>>22, and 22 < 25.\n#### 22",
    },
    {
        "question": "A city of 48,000 grows by half. How many people live there then?\n",
        "answer": "Half is 48,000 / 2 = <<48000/2=24000>>24,000.\nThen 72,000 live there.\n#### 72,000",
    },
]


def check(work):
    for row in ROWS:
        found = work.call("to_messages", row)
        try:
            user, assistant = found
            roles = user["role"], assistant["role"]
            asked, reply = user["content"], assistant["content"]
            shaped = roles == ("user", "assistant") and isinstance(asked + reply, str)
        except (TypeError, ValueError, KeyError):
            shaped = False
        if not shaped:
            yield failed("messages-shape", found)
            return
        failures = list(faults_of(row, asked, reply))
        yield from failures
        if failures:
            return


def faults_of(row, asked, reply):
    """What is wrong with one conversation."""
    reasoning, result = row["answer"].split("\n#### ")
    kept = re.sub("<<[^>]*>>", "", reasoning)
    if asked.strip() != row["question"].strip():
        yield failed("question-changed", asked, row["question"])
    if "<<" in reply or ">>" in reply:
        yield failed("notes-left", reply)
    elif squeezed(kept) not in squeezed(reply):
        if squeezed(re.sub("<<.*>>", "", reasoning)) in squeezed(reply):
            yield failed("words-lost", reply, kept)
        elif sum(word in reply.split() for word in kept.split()) < len(kept.split()) / 2:
            yield failed("reasoning-lost", reply, kept)
        else:
            yield failed("text-changed", reply, kept)
    if "####" in reply:
        yield failed("mark-left", reply)
    # A full stop, a bracket or bold type may follow; another word may not.
    elif not re.search(rf"(?<![\d,.]){re.escape(result)}\W*$", reply.removeprefix(kept)):
        yield failed("result-missing", reply, result=result)


def squeezed(text):
    """Without white space: how lines are broken is a matter of taste."""
    return "".join(text.split())
