"""Checks of a chat template (T01 to T13), by what it prints: of small conversations, and of each row.

What a template does to the rows at hand is what counts. A property that none of them meets, such as
rewriting earlier turns in a file of single answers, is no more than a note.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any

from sintonia import template_questions as questions
from sintonia.chat_templates import PreparedTemplate, Rendered, special_tokens
from sintonia.checks_data import text_of
from sintonia.errors import Fault, InputError
from sintonia.fast_tokenizers import fast_backend
from sintonia.findings import Observation, Tally, excerpt
from sintonia.row_encoding import RowEncoder, example

_THINKING = re.compile(r"<think>.*?</think>", re.DOTALL)
_ASK = {"role": "user", "content": "How deep is it?"}
_SAY = {"role": "assistant", "content": "Two metres."}
_SYSTEM = {"role": "system", "content": "Speak plainly."}
_NAMES = {"the tokenizer's own template": "own_template", "the given template": "given_template"}
AROUND = 28  # characters shown on either side of a place


def look_at_row(
    where: str, row: dict[str, Any], rows: RowEncoder, default: str, tally: Tally
) -> Rendered | None:
    """Render one row, and look at what became of it (T05, T06, T07, T09, T10, T12).

    Args:
        where: its place.
        row: with `messages`, and perhaps `tools` and `chat_template_kwargs`.
        rows: tokenizer and template.
        default: the system message that the template adds by itself; empty for none.
        tally: what is seen goes here.

    Returns:
        Text and spans; `None` where the template gives none.

    Explained in: doctor.md#template
    """
    messages = row["messages"]
    try:
        rendered = rows.render(row)
    except InputError as error:
        try:
            rows.template.text(
                messages, tools=row.get("tools"), template_kwargs=row.get("chat_template_kwargs")
            )
        except InputError as worse:
            tally.add("T09", where, _said(worse))
        else:
            tally.add("T12", where, _said(error))
        return None
    text = rendered.text
    if default and messages[0]["role"] != "system" and default in text:
        tally.add("T05", where)
    for tool in row.get("tools") or ():
        name = _tool_name(tool)
        if name and name not in text:
            tally.add("T06", where, name)
            break
    for number, message in enumerate(messages, start=1):
        _look_at_message(f"{where}: message {number}", message, text, tally)
    return rendered


def conclude(
    tally: Tally, rows: RowEncoder, of: int, file: str, numbers: dict[str, int]
) -> Iterator[Observation]:
    """What the rows' own checks add up to.

    Args:
        of: rows that were rendered, or should have been.
        file: where they come from.
        numbers: place -> number of the row, for the commands that are proposed.

    Explained in: doctor.md#template
    """
    for code in ("T05", "T06", "T07", "T09", "T10", "T12"):
        if tally.counts[code]:
            where = tally.examples[code][0][0]
            row = numbers.get(where, numbers.get(where.rsplit(": message ", 1)[0], 1))
            default = excerpt(default_system(rows), 80) if code == "T05" else None
            yield tally.observation(code, of=of, file=file, row=row, excerpt=default)


def check_template(
    rows: RowEncoder, sample: list[dict[str, Any]], *, own: bool = False
) -> Iterator[Observation]:
    """T02, T03, T04, T08, T11, T13: what holds of the template whatever the row.

    Args:
        rows: tokenizer and template.
        sample: some rows, for what only rows can show.
        own: the run takes its labels from `sintonia.encode`; what plain TRL would do is no matter.

    Explained in: doctor.md#template
    """
    template = rows.template
    if not template.marked and not own:
        yield Observation("T02", {"name": _NAMES.get(template.name, template.name)})
    yield from _stop(rows)
    yield from _prefixes(rows, sample)
    if not own:
        yield from _double_bos(rows)
    if template.marked and not own:
        yield from _reference(rows, sample)


def stop_token(rows: RowEncoder) -> str | None:
    """What ends an assistant's turn in this template, where that is learned; otherwise `None`.

    Example:
        >>> stop_token(RowEncoder(None, "chatml"))
        '<|im_end|>'

    Explained in: doctor.md#t03
    """
    try:
        answer = questions.trains_stop_token(rows.template.source, tokenizer=rows.tokenizer)
    except InputError:
        return None
    return answer.data.get("stop") or None


def default_system(rows: RowEncoder) -> str:
    """The system message that the template adds by itself; empty where it adds none.

    Example:
        >>> default_system(RowEncoder(None, "chatml"))
        ''

    Explained in: doctor.md#t05
    """
    try:
        answer = questions.adds_default_system(rows.template.source, tokenizer=rows.tokenizer)
    except InputError:
        return ""
    return answer.data.get("default", "")


def _look_at_message(where: str, message: dict[str, Any], text: str, tally: Tally) -> None:
    content = text_of(message)
    bare = content.strip()
    if content not in text and bare:
        if bare in text:
            tally.add(
                "T07",
                where,
                repr(excerpt(content[:20] + "…" + content[-20:] if len(content) > 40 else content)),
            )
        elif not _is_there(bare, text):
            tally.add("T10", where, f"{message['role']}: {excerpt(content)}")
    for call in message.get("tool_calls") or ():
        name = _tool_name(call)
        if name and name not in text:
            tally.add("T10", where, f"tool_calls: {name}")
            break


def _is_there(content: str, text: str) -> bool:
    """Whether a template printed the content in a form of its own: as JSON, line by line, thoughts apart."""
    said = _THINKING.sub("", content).strip()
    if said in text:  # thoughts of earlier turns are left out on purpose; T04 says so
        return True
    squeezed = "".join(text.split()).replace("\\n", "").replace("\\", "")
    return "".join(said.split()).replace("\\n", "").replace("\\", "") in squeezed


def _tool_name(tool: Any) -> str | None:
    if not isinstance(tool, dict):
        return None
    function = tool.get("function")
    name = (function if isinstance(function, dict) else tool).get("name")
    return name if isinstance(name, str) else None


def _stop(rows: RowEncoder) -> Iterator[Observation]:
    template = rows.template
    try:
        answer = questions.trains_stop_token(template.source, tokenizer=rows.tokenizer)
        rendered = _first(template, [_ASK, _SAY], [_SYSTEM, _ASK, _SAY])
    except InputError:
        return
    if not answer and rendered is not None and rendered.spans:
        start, end = rendered.spans[-1]
        after = rendered.text[end:]
        data = {"supervised": _quoted(rendered.text[max(start, end - AROUND) : end])}
        nothing = None if after.strip() else "nothing"
        yield Observation("T03", {**data, "after": _quoted(after[:AROUND])}, [], nothing)
    stop = answer.data.get("stop")
    if stop:
        backend = fast_backend(rows.tokenizer)
        pieces = backend.encode(stop, add_special_tokens=False).tokens
        if len(pieces) > 1 and " " not in stop:
            yield Observation("T13", {"stop": stop, "count": len(pieces), "pieces": pieces[:8]})


def _prefixes(rows: RowEncoder, sample: list[dict[str, Any]]) -> Iterator[Observation]:
    template = rows.template
    for row in sample:
        messages = row["messages"]
        ends = [i + 1 for i, message in enumerate(messages[:-1]) if message["role"] == "assistant"]
        try:
            whole = template.text(messages, tools=row.get("tools")) if ends else ""
            for end in ends:
                before = template.text(messages[:end], tools=row.get("tools"))
                if not whole.startswith(before):
                    yield Observation("T04", _difference(before, whole), [(row["where"], "")])
                    return
        except InputError:
            continue
    try:
        answer = questions.is_prefix_preserving(template.source, tokenizer=rows.tokenizer)
    except InputError:
        return
    if not answer:
        yield Observation("T04", _difference(answer.data["before"], answer.data["after"]), milder=True)


def _difference(before: str, now: str) -> dict[str, str]:
    at = next(
        (i for i, (a, b) in enumerate(zip(before, now, strict=False)) if a != b), min(len(before), len(now))
    )
    start = max(0, at - AROUND)
    return {"before": _quoted(before[start : at + AROUND]), "now": _quoted(now[start : at + AROUND])}


def _double_bos(rows: RowEncoder) -> Iterator[Observation]:
    try:
        answer = questions.doubles_bos(rows.template.source, tokenizer=rows.tokenizer)
    except InputError:
        return
    if answer:
        bos = special_tokens(rows.tokenizer).get("bos_token")
        written = answer.data.get("by") == "template"
        yield Observation(
            "T08", {"bos": bos, "tokens": f"{bos}{bos}"}, [], "written" if written else None, not written
        )


def _reference(rows: RowEncoder, sample: list[dict[str, Any]]) -> Iterator[Observation]:
    """Ours against what `apply_chat_template(return_assistant_tokens_mask=True)` says of the same rows."""
    tokenizer = rows.tokenizer
    if tokenizer is None:
        from sintonia.models import load_tokenizer

        tokenizer = load_tokenizer()
    if not hasattr(tokenizer, "apply_chat_template"):
        return
    tried, different = 0, []
    for row in sample:
        try:
            ours = example(*rows.encode([row])[0])
            ids, mask = ours["input_ids"], ours["assistant_mask"]
            theirs = tokenizer.apply_chat_template(
                row["messages"],
                chat_template=rows.template.source,
                tools=row.get("tools"),
                return_dict=True,
                return_assistant_tokens_mask=True,
                **(row.get("chat_template_kwargs") or {}),
            )
        except Exception:  # what it refuses is the business of other checks  # nosec B112
            continue
        if list(theirs["input_ids"]) != ids:
            continue
        tried += 1
        wrong = [i for i, (a, b) in enumerate(zip(theirs["assistant_masks"], mask, strict=True)) if a != b]
        if wrong:
            tokens = fast_backend(rows.tokenizer).decode(
                [ids[i] for i in wrong[:8]], skip_special_tokens=False
            )
            different.append((row["where"], f"{len(wrong)} ≠: {excerpt(tokens)}"))
    if different:
        yield Observation("T11", {"count": len(different), "of": tried}, different[:3])


def _first(template: PreparedTemplate, *tried: list[dict[str, Any]]) -> Rendered | None:
    for turns in tried:
        try:
            return template.render(turns)
        except InputError:
            continue
    return None


def _said(error: InputError) -> Fault:
    """What an error found, alone; it is put into words later."""
    return Fault("", error.faults[0].found, "")


def _quoted(text: str) -> str:
    return f"`{excerpt(text, 2 * AROUND + 4)}`"


def sample_of(rows: Iterable[dict[str, Any]], size: int) -> list[dict[str, Any]]:
    """Rows worth trying one by one: the first, and those whose turns end in what goes wrong elsewhere.

    Example:
        >>> len(sample_of([{"messages": [{"role": "user", "content": "Oi"}]}] * 9, 4))
        2

    Explained in: doctor.md#template
    """
    plain: list[dict[str, Any]] = []
    hard: list[dict[str, Any]] = []
    for row in rows:
        ends = [text_of(message)[-1:] for message in row["messages"]]
        several = sum(message["role"] == "assistant" for message in row["messages"]) > 1
        odd = several or any(end and (end.isspace() or not end.isascii()) for end in ends)
        wanted = hard if odd else plain
        if len(wanted) < size // 2:
            wanted.append(row)
    return plain + hard
