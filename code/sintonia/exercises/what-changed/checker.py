"""Replies in which form improves without facts, facts with and without form, and nothing can be told."""

from sintonia.exercises.judging import failed

ENDS = ".!?。！？"
MEASURES = {"stopped": "stopped-wrong", "language": "language-wrong", "one sentence": "sentence-wrong"}
GROUPS = ("seen", "unseen")
CONCLUSIONS = ("learned", "remembered", "not learned", "cannot tell")
ENOUGH, RISE = 10, 0.1
GOOD, LOUD, LATE = "It is {}.", "IT IS {}!", "Well. It is {}. It is {}. It"
LONG, WRONG, MUTE = "It is {}. It is big.", "It is CityX.", ""


def rows_of(name, count, base, tuned, lang="en"):
    """Rows with the ids name-0, name-1, ...; a reply is (text, language, stopped)."""
    rows = []
    for number in range(count):
        row = {"id": f"{name}-{number}", "lang": lang}
        for who, (text, spoken, stopped) in (("base", base), ("tuned", tuned)):
            said = text.format(*[f"City{number}"] * 2)
            said = said.upper() if text == LOUD else said
            row[who] = {"text": said, "lang": spoken, "stopped": stopped}
        rows.append(row)
    return rows


def told(rows):
    """The right city of each row."""
    return {row["id"]: f"City{row['id'].rpartition('-')[2]}" for row in rows}


def cases():
    """Rows, ids that were trained on, facts."""
    bad, good, off = (LATE, "en", False), (GOOD, "en", True), (WRONG, "en", True)
    few = rows_of("a", 1, bad, good) + rows_of("b", 2, (LONG, "pt", True), (GOOD, "es", True), "es")
    old = rows_of("s", 1, (WRONG, "pt", False), good)
    yield few + old, ids(old), told(few + old)
    known = told(few)
    few += rows_of("cut", 1, ("It is {}. It", "en", False), ("It is {}! It", "en", False))
    few += rows_of("zh", 1, ("城市。城市。", "zh", False), ("是城市！", "zh", True), "zh")
    few += rows_of("mute", 1, (MUTE, "en", True), ("3 times. ", "en", True))
    yield few, [], known
    drilled = rows_of("s", 12, (WRONG, "pt", False), good)
    fresh = rows_of("u", 12, (WRONG, "en", False), off)
    yield drilled + fresh, ids(drilled), told(drilled + fresh)  # form, and memory
    fresh = rows_of("u", 8, off, good) + rows_of("v", 4, good, good)
    talk = rows_of("poem", 6, (LONG, "es", True), (LONG, "en", True))
    yield drilled + fresh + talk, ids(drilled), told(drilled + fresh)  # facts that no row named
    yield drilled, ids(drilled), told(drilled)  # nothing but what was trained on
    fresh = rows_of("u", ENOUGH - 1, off, good)
    yield drilled + fresh + talk, ids(drilled), told(drilled + fresh)  # too few facts, enough prompts
    fresh = rows_of("u", 5, bad, off) + rows_of("v", 5, (LONG, "pt", False), (LOUD, "en", True))
    yield drilled + fresh, ids(drilled), told(drilled + fresh)  # right and endless, right and loud
    fresh = rows_of("u", 10, bad, (LOUD, "en", True)) + rows_of("v", 1, off, off)
    old = rows_of("s", 6, good, good) + rows_of("t", 1, off, off)
    yield fresh + old, ids(old), told(fresh + old)  # all was known: form alone
    yield talk + fresh, [], told(fresh[10:])
    fresh = rows_of("u", 19, off, off) + rows_of("v", 1, off, good)
    yield fresh + talk, ids(talk), told(fresh)  # one reply more is right, of twenty
    yield talk + old, ids(old), {}


def ids(rows):
    """The ids of rows."""
    return [row["id"] for row in rows]


def check(work):
    for rows, seen, facts in cases():
        found = work.call("verdict", rows, seen, facts)
        work.last_call = f"verdict(rows, seen, facts): {len(rows)} rows, {len(seen)} seen, {len(facts)} facts"
        failure = fault_of(found, rows, seen, facts)
        if failure:
            yield failure
            return


def fault_of(found, rows, seen, facts):
    """What is wrong with a verdict."""
    form = found.get("form") if isinstance(found, dict) else None
    shares = found.get("facts") if isinstance(found, dict) else None
    if not (has(form, MEASURES) and has(shares, GROUPS) and "conclusion" in found):
        return failed("no-such-keys", found, {"form": {}, "facts": {}, "conclusion": ""})
    fresh = [row for row in rows if row["id"] not in seen]
    for name, key in MEASURES.items():
        expected = pair(fresh, holds(name))
        if not same(form[name], expected):
            if expected is not None and same(form[name], pair(rows, holds(name))):
                key = "form-of-seen"
            return failed(shape(form[name], expected) or key, form[name], expected, name=name)
    for group in GROUPS:
        expected = pair(asked(rows, seen, facts, group), right(facts))
        if not same(shares[group], expected):
            key = shape(shares[group], expected) or why(shares[group], rows, seen, facts, group)
            return failed(key, shares[group], expected, name=group)
    expected = conclusion(rows, seen, facts)
    said = found["conclusion"]
    if said == expected:
        return None
    if said not in CONCLUSIONS:
        return failed("no-such-word", said, expected)
    if expected == "cannot tell":
        number = len(asked(rows, seen, facts, "unseen"))
        return failed("too-few", said, expected, number=number)
    alone = said == "learned" and expected == "remembered"
    return failed("seen-alone" if alone else "conclusion-wrong", said, expected)


def has(part, names):
    """Whether a part of the verdict has its fields."""
    return isinstance(part, dict) and set(names) <= set(part)


def holds(name):
    """The measure of form, on a row and a reply."""
    return {
        "stopped": lambda row, reply: reply["stopped"],
        "language": lambda row, reply: reply["lang"] == row["lang"],
        "one sentence": lambda row, reply: one_sentence(reply["text"].strip()),
    }[name]


def one_sentence(text):
    """One end of a sentence, and it is the text's."""
    return sum(text.count(end) for end in ENDS) == 1 and text[-1] in ENDS


def right(facts, fold=str.casefold, also=lambda row, reply: True):
    """Whether a reply holds the fact."""
    return lambda row, reply: fold(facts[row["id"]]) in fold(reply["text"]) and also(row, reply)


def asked(rows, seen, facts, group):
    """The rows of a group that have a fact."""
    return [row for row in rows if row["id"] in facts and (row["id"] in seen) == (group == "seen")]


def pair(rows, measure):
    """The shares of base and tuned; None where there is nothing to count."""
    if not rows:
        return None
    return [sum(bool(measure(row, row[who])) for row in rows) / len(rows) for who in ("base", "tuned")]


def same(found, expected):
    """Equal, or rounded to two places."""
    if expected is None or not plain(found):
        return found is None and expected is None
    return all(abs(one - other) < 0.006 for one, other in zip(found, expected, strict=True))


def plain(found):
    """Whether it is a pair of numbers."""
    if not isinstance(found, (list, tuple)) or len(found) != 2:
        return False
    return all(isinstance(one, (int, float)) for one in found)


def shape(found, expected):
    """The key of a pair that is none."""
    if expected is None:
        return "nothing-to-count"
    if not plain(found):
        return "no-pair"
    if same(found, [100 * one for one in expected]):
        return "no-pair"
    return "turned-round" if same(found, expected[::-1]) else None


def why(found, rows, seen, facts, group):
    """Which mistake gives these shares of right replies."""
    some = asked(rows, seen, facts, group)
    of_form = [holds(name) for name in MEASURES]
    if any(same(found, pair(some, right(facts, also=also))) for also in of_form):
        return "form-in-facts"
    if same(found, pair(some, right(facts, fold=str))):
        return "letter-case"
    if same(found, pair(asked(rows, [], facts, "unseen"), right(facts))):
        return "groups-mixed"
    if same(found, pair(asked(rows, seen, facts, "unseen" if group == "seen" else "seen"), right(facts))):
        return "groups-mixed"
    everything = [row for row in rows if (row["id"] in seen) == (group == "seen")]
    if same(found, pair(everything, right({row["id"]: "\0" for row in rows} | facts))):
        return "without-fact"
    return "facts-wrong"


def conclusion(rows, seen, facts):
    """What may be said."""
    rose = {}
    for group in GROUPS:
        before, after = pair(asked(rows, seen, facts, group), right(facts)) or (0, 0)
        rose[group] = after - before >= RISE
    if len(asked(rows, seen, facts, "unseen")) < ENOUGH:
        return "cannot tell"
    if rose["unseen"]:
        return "learned"
    return "remembered" if rose["seen"] else "not learned"
