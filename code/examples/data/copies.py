"""Two kinds of copies: the same text, and nearly the same."""

# --8<-- [start:listing]
import numpy

from sintonia.similarity import fingerprint, near_pairs, signature, words

ticket = (
    "Since this morning the printer on the second floor prints nothing but blank "
    "pages. I have changed the cartridge, restarted the device twice and looked for "
    "paper in the rollers. What should I try next, and whom do I call if it does not "
    "help?"
)
texts = [
    ticket,
    ticket.replace(". ", ".\n\n"),
    ticket.replace("second", "third"),
    "I cannot print. The pages from the device upstairs come out empty today, "
    "although the ink is new and I switched it off and on again. Any further ideas, "
    "please?",
]
first = {}
for text in texts:
    first.setdefault(fingerprint(text), text)
kept = list(first.values())
print(f"{len(texts)} texts, {len(kept)} without exact copies")


def groups(text):
    found = words(text)
    return set(zip(found, found[1:], found[2:], strict=False))


for other in kept[1:]:
    both, either = groups(ticket) & groups(other), groups(ticket) | groups(other)
    share = len(both) / len(either)
    print(f"{len(both)} of {len(either)}: {share:.2f}", other[:50])

signatures = numpy.stack([signature(text) for text in kept])
print("near copies:", near_pairs(signatures))
# --8<-- [end:listing]
