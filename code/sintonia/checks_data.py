"""Checks of the conversations themselves (D02 to D16, languages apart): structure, text, copies.

`look_at` reads one conversation and leaves what it saw in a `Tally`, and in a `Prints` what can only
be judged when all conversations are known. `conclude` judges it.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from sintonia.findings import Observation, Tally, excerpt
from sintonia.similarity import fingerprint, near_pairs, signature
from sintonia.text_checks import broken_characters, chat_format, personal

SHORTEST_ANSWER = 25  # characters; a label such as "positive" may answer a thousand questions
SHORTEST_PROMPT = 20
FEW_COPIES = 0.01  # share of rows up to which copies are only a note
SHARED_ANSWER = 5  # prompts with one answer, and a hundredth of the rows, before it is a pattern
NEAR_ROWS = 200_000

Message = dict[str, Any]


@dataclass
class Prints:
    """What is kept of each conversation until all are read: a few hundred bytes, never its text.

    Explained in: doctor.md#d05
    """

    wheres: list[str] = field(default_factory=list)
    whole: list[bytes] = field(default_factory=list)
    prompts: list[bytes] = field(default_factory=list)
    answers: list[bytes | None] = field(default_factory=list)
    excerpts: list[str] = field(default_factory=list)
    said: list[str] = field(default_factory=list)
    signed: list[int] = field(default_factory=list)
    signatures: list[Any] = field(default_factory=list)
    prompt_signatures: dict[int, Any] = field(default_factory=dict)

    def merge(self, later: Prints) -> None:
        """Add the prints of conversations that come after these."""
        offset = len(self.wheres)
        for name in ("wheres", "whole", "prompts", "answers", "excerpts", "said"):
            getattr(self, name).extend(getattr(later, name))
        room = max(0, NEAR_ROWS - len(self.signed))
        self.signed += [offset + row for row in later.signed[:room]]
        self.signatures += later.signatures[:room]
        self.prompt_signatures |= {offset + row: value for row, value in later.prompt_signatures.items()}


def look_at(
    where: str,
    messages: list[Message],
    tally: Tally,
    prints: Prints,
    *,
    control: re.Pattern[str] | None = None,
    compare_prompts: bool = False,
) -> None:
    """Look at one conversation for everything that a single one can show.

    Args:
        where: its place, as in `train.jsonl:17`.
        messages: the conversation, already known to be well formed.
        tally, prints: what is seen goes here.
        control: the tokenizer's control tokens, as `text_checks.control_pattern` gives them.
        compare_prompts: keep what `leaks` needs.

    Example:
        >>> tally, prints = Tally(), Prints()
        >>> turns = [{"role": "user", "content": "Oi"}, {"role": "assistant", "content": " "}]
        >>> look_at("row 1", turns, tally, prints)
        >>> dict(tally.counts)
        {'D04': 1}

    Explained in: doctor.md#data
    """
    texts = [text_of(message) for message in messages]
    roles = [message["role"] for message in messages]
    if any(_misplaced(roles, messages)):
        tally.add("D02", where, in_order(roles))
    if roles[-1] != "assistant":
        tally.add("D03", where, f"{roles[-1]}: {excerpt(texts[-1])}")
    if any(_unanswered(messages)):
        tally.add("D16", where, in_order(roles))
    asked = ""
    for number, (message, text) in enumerate(zip(messages, texts, strict=True), start=1):
        place = f"{where}: message {number}"
        if message["role"] == "user":
            asked = text
        elif message["role"] == "assistant":
            if message.get("weight") == 0:
                pass  # context, not something to learn
            elif not text.strip() and not message.get("tool_calls"):
                tally.add("D04", place, f"user: {excerpt(asked)}" if asked else "")
            elif len(asked) >= SHORTEST_PROMPT and text.lstrip().startswith(asked.strip()):
                tally.add("D15", place, excerpt(text))
        _look_into(text, place, tally, control)
    prompt = [text for text, role in zip(texts, roles, strict=True) if role != "assistant"]
    answer = texts[-1] if roles[-1] == "assistant" else ""
    row = len(prints.wheres)
    prints.wheres.append(where)
    prints.whole.append(fingerprint(*(part for pair in zip(roles, texts, strict=True) for part in pair)))
    prints.prompts.append(fingerprint(*(text.lower() for text in prompt)))
    long = len(answer.strip()) >= SHORTEST_ANSWER
    prints.answers.append(fingerprint(answer) if long else None)
    prints.excerpts.append(excerpt(asked or texts[0]))
    prints.said.append(excerpt(answer) if long else "")
    sketch = signature("\n".join(text for text, role in zip(texts, roles, strict=True) if role != "system"))
    if sketch is not None:
        prints.signed.append(row)
        prints.signatures.append(sketch)
    if compare_prompts:
        prints.prompt_signatures[row] = signature("\n".join(prompt))


def conclude(tally: Tally, prints: Prints) -> Iterator[Observation]:
    """The observations of all conversations together.

    Explained in: doctor.md#data
    """
    rows = len(prints.wheres)
    for code in ("D02", "D03", "D04", "D08", "D11", "D13", "D15", "D16"):
        if tally.counts[code]:
            yield tally.observation(code, of=rows)
    kinds = [key for key in tally.counts if key.startswith("D10-")]
    if kinds:
        examples = [example for key in kinds for example in tally.examples[key]][:3]
        count = sum(tally.counts[key] for key in kinds)
        yield Observation("D10", {"count": count, "kinds": [key[4:] for key in kinds]}, examples)
    yield from _copies(prints)
    yield from _shared_answers(prints)


def leaks(train: Prints, held_out: Prints) -> Iterator[Observation]:
    """D07: prompts of the evaluation data that the training data has too, or nearly.

    Explained in: doctor.md#d07
    """
    import numpy

    known = {prompt: row for row, prompt in reversed(list(enumerate(train.prompts)))}
    found = {row: known[prompt] for row, prompt in enumerate(held_out.prompts) if prompt in known}
    pairs = [(row, sketch) for row, sketch in train.prompt_signatures.items() if sketch is not None]
    pairs = pairs[:NEAR_ROWS]
    border = len(pairs)
    later = [(row, sketch) for row, sketch in held_out.prompt_signatures.items() if sketch is not None]
    if pairs and later:
        both = pairs + later
        for row, (earlier, _) in near_pairs(numpy.stack([sketch for _, sketch in both])).items():
            if row >= border > earlier:
                found.setdefault(both[row][0], both[earlier][0])
    if found:
        examples = [
            (f"{held_out.wheres[row]} = {train.wheres[earlier]}", held_out.excerpts[row])
            for row, earlier in sorted(found.items())[:3]
        ]
        yield Observation("D07", {"count": len(found), "of": len(held_out.wheres)}, examples)


def text_of(message: Message) -> str:
    """The text of a message; that of its text parts where the content is a list of parts.

    Example:
        >>> text_of({"role": "user", "content": [{"type": "text", "text": "Oi"}, {"type": "image"}]})
        'Oi'

    Explained in: chat-templates.md#messages
    """
    content = message.get("content")
    if isinstance(content, list):
        return "\n".join(part["text"] for part in content if isinstance(part.get("text"), str))
    return content or ""


def in_order(roles: list[str]) -> str:
    """The roles of a conversation as an excerpt shows them.

    Example:
        >>> in_order(["user", "assistant"])
        'user > assistant'

    Explained in: doctor.md#d02
    """
    return " > ".join(roles[:8]) + (" > …" if len(roles) > 8 else "")


def _misplaced(roles: list[str], messages: list[Message]) -> Iterator[bool]:
    before = None
    for number, role in enumerate(roles):
        if role == "system":
            yield number > 0
        elif role in ("user", "assistant"):
            same = role == before and not (role == "assistant" and messages[number - 1].get("tool_calls"))
            yield same or (role == "assistant" and before in (None, "system"))
        before = role


def _unanswered(messages: list[Message]) -> Iterator[bool]:
    """Calls before another turn but without results, and results without a call."""
    open_calls = 0
    for message in messages:
        if message["role"] == "tool":
            yield open_calls == 0
            open_calls = max(0, open_calls - 1)
        else:
            yield open_calls > 0
            calls = message.get("tool_calls")
            open_calls = len(calls) if isinstance(calls, list) else 0
            # Calls written into the text, as many datasets do, are answered by tool messages too.
            if not open_calls and message["role"] == "assistant" and "tool_call" in text_of(message):
                open_calls = 1_000
                break


def _look_into(text: str, place: str, tally: Tally, control: re.Pattern[str] | None) -> None:
    own = control.search(text) if control else None
    marker = chat_format(text)
    # Text that begins with a header was rendered before it came here; a token further on is an injection.
    if marker and not (own and not (text.lstrip().startswith(marker) and own[0] != marker)):
        tally.add("D13", place, excerpt(text), token=marker)
    elif own:
        broken = own[0][:2] + " " + own[0][2:]
        around = text[max(0, own.start() - 20) : own.end() + 20]
        tally.add("D08", place, excerpt(around), token=own[0], broken=f"`{broken}`")
    broken = broken_characters(text)
    if broken:
        tally.add("D11", place, excerpt(broken), excerpt=excerpt(broken))
    kinds = {}
    for kind, masked in personal(text):
        kinds.setdefault(kind, masked)
    for kind, masked in kinds.items():
        tally.add(f"D10-{kind}", place, masked)


def _copies(prints: Prints) -> Iterator[Observation]:
    import numpy

    rows = len(prints.wheres)
    first: dict[bytes, int] = {}
    exact = {row: first[key] for row, key in enumerate(prints.whole) if first.setdefault(key, row) != row}
    near = {}
    if len(prints.signed) > 1:
        signed = prints.signed
        pairs = near_pairs(numpy.stack(prints.signatures))
        near = {signed[row]: (signed[other], share) for row, (other, share) in pairs.items()}
        near = {row: other for row, (other, _) in near.items() if row not in exact and other not in exact}
    for code, found in (("D05", exact), ("D06", near)):
        if found:
            examples = [
                (f"{prints.wheres[row]} = {prints.wheres[other]}", prints.excerpts[row])
                for row, other in sorted(found.items())[:3]
            ]
            data = {"count": len(found), "of": rows, "file": _file(prints.wheres[0])}
            yield Observation(code, data, examples, milder=len(found) <= FEW_COPIES * rows)


def _shared_answers(prints: Prints) -> Iterator[Observation]:
    rows = len(prints.wheres)
    least = max(SHARED_ANSWER, math.ceil(rows / 100))
    often = [key for key, count in Counter(filter(None, prints.answers)).most_common(20) if count >= least]
    for key in often:
        same = [row for row, answer in enumerate(prints.answers) if answer == key]
        prompts = {prints.prompts[row]: row for row in reversed(same)}
        if len(prompts) >= least:
            examples = [(prints.wheres[row], prints.excerpts[row]) for row in sorted(prompts.values())[:3]]
            data = {"count": len(prompts), "share": len(same) / rows, "excerpt": prints.said[same[0]]}
            yield Observation("D14", data, examples)
            return


def _file(where: str) -> str:
    """The file in a place such as `a.jsonl:17`; `train.jsonl` where there is none."""
    name = re.sub(r"(?::\d+| row \d+)$", "", where)
    return name if name != where else "train.jsonl"
