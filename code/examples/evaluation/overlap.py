"""What exact match and token F1 say of four replies to one question."""

# --8<-- [start:listing]
import re
from collections import Counter


def words(text):
    return re.findall(r"\w+", text.casefold())


def f1(reply, reference):
    said, wanted = Counter(words(reply)), Counter(words(reference))
    common = (said & wanted).total()
    if not common:
        return 0.0
    precision, recall = common / said.total(), common / wanted.total()
    return 2 * precision * recall / (precision + recall)


reference = "The library closes at six on Saturdays."
replies = {
    "right, other words": "You can stay until 18:00.",
    "right, other language": "La biblioteca cierra a las seis los sábados.",
    "wrong": "The library never closes at six on Saturdays.",
    "not a sentence": "six Saturdays the on closes library at",
}
print("exact    F1")
for kind, reply in replies.items():
    same = int(words(reply) == words(reference))
    print(f"{same:>5}  {f1(reply, reference):.2f}  {kind}: {reply}")
# --8<-- [end:listing]
