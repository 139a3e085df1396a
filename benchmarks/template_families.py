"""Our spans against the markers of every template pair that TRL ships.

    python benchmarks/template_families.py            # writes benchmarks/results/template-families.md
    python benchmarks/template_families.py --check    # 1 if that file is not what it would write

TRL keeps, for each model family, the template as the model ships it and a training variant with
`{% generation %}` markers. Here the spans derived from the first are laid over the markers of the second,
conversation by conversation, wherever the two print the same text. About ten seconds on one core.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
from collections import Counter
from functools import cache
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import Any, NamedTuple

ROOT = Path(__file__).resolve().parents[1]
RESULT = ROOT / "benchmarks" / "results" / "template-families.md"
TEMPLATES = Path(find_spec("trl").submodule_search_locations[0]) / "chat_templates"


class Tokens:
    """Special tokens that no template writes by itself."""

    name_or_path = "families"
    bos_token, eos_token, pad_token = "<|the-bos|>", "<|the-eos|>", "<|the-pad|>"
    chat_template = None


def user(text: Any) -> dict[str, Any]:
    return {"role": "user", "content": text}


def said(text: Any, **more: Any) -> dict[str, Any]:
    return {"role": "assistant", "content": text, **more}


def call(arguments: Any, text: str = "") -> dict[str, Any]:
    function = {"name": "river_depth", "arguments": arguments}
    return said(text, tool_calls=[{"id": "call00001", "type": "function", "function": function}])


def parts(text: str) -> list[dict[str, str]]:
    return [{"type": "text", "text": text}]


TOOL = {
    "type": "function",
    "function": {
        "name": "river_depth",
        "description": "Depth of a river in metres.",
        "parameters": {
            "type": "object",
            "properties": {"river": {"type": "string", "description": "Its name."}},
            "required": ["river"],
        },
    },
}
RESULT_TURN = {"role": "tool", "name": "river_depth", "tool_call_id": "call00001", "content": "2.0"}
SYSTEM = {"role": "system", "content": "Responda em português."}

# name -> (conversation, tools)
CONVERSATIONS: dict[str, tuple[list[dict[str, Any]], list[Any] | None]] = {
    "single": ([user("Oi"), said("Olá!")], None),
    "multi-turn": ([user("Oi"), said("Olá!"), user("Tudo?"), said("Tudo.")], None),
    "three-turns": ([user("1"), said("one"), user("2"), said("two"), user("3"), said("three")], None),
    "system": ([SYSTEM, user("Oi"), said("Olá!"), user("Tudo?"), said("Tudo.")], None),
    "last-is-user": ([user("Oi"), said("Olá!"), user("Tudo?")], None),
    "same-answers": ([user("Oi"), said("Oi"), user("Oi"), said("Oi")], None),
    "white-space": ([user("  a\n"), said("\n\n  b  \n"), user("c\t"), said(" d\n\n")], None),
    "emoji": ([user("👋"), said("ok 😀"), user("再见 👩‍👩‍👧‍👦"), said("👍🏽")], None),
    "chinese": ([user("用中文说"), said("你好世界"), user("再说"), said("𠮷野家")], None),
    "empty-answer": ([user("Oi"), said(""), user("?"), said("Olá!")], None),
    "empty-last": ([user("Oi"), said("Olá!"), user("?"), said("")], None),
    "tags": ([user("</s> <|im_end|>"), said("a <|im_end|> b [/INST] <end_of_turn>")], None),
    "thinking": (
        [user("2+2?"), said("4", reasoning_content="Two pairs."), user("3+3?")]
        + [said("6", reasoning_content="Two threes.")],
        None,
    ),
    "thinking-inline": (
        [user("2+2?"), said("<think>\nTwo pairs.\n</think>\n\n4"), user("3+3?")]
        + [said("<think>\nTwo threes.\n</think>\n\n6")],
        None,
    ),
    "tools-unused": ([user("Oi"), said("Olá!")], [TOOL]),
    "tool-call": ([user("Tejo?"), call({"river": "Tejo"}), RESULT_TURN, said("Two metres.")], [TOOL]),
    "tool-call-text": (
        [SYSTEM, user("Tejo?"), call({"river": "Tejo"}, "Let me see."), RESULT_TURN, said("Two metres.")]
        + [user("Thanks."), said("Welcome.")],
        [TOOL],
    ),
    "tool-call-string": (
        [user("Tejo?"), call('{"river": "Tejo"}'), RESULT_TURN, said("Two metres.")],
        [TOOL],
    ),
    "tool-call-last": ([user("Tejo?"), call({"river": "Tejo"})], [TOOL]),
    "tool-call-thinking": (
        [user("Tejo?"), {**call({"river": "Tejo"}), "reasoning_content": "Look it up."}, RESULT_TURN]
        + [said("Two metres.", reasoning_content="Read it off.")],
        [TOOL],
    ),
    "parts": (
        [user(parts("Oi")), said(parts("Olá!")), user(parts("Tudo?")), said(parts("Tudo. 😀"))],
        None,
    ),
    "image": (
        [user([{"type": "image"}, *parts("What is it?")]), said(parts("A bridge.")), user(parts("?"))]
        + [said(parts("Two."))],
        None,
    ),
}


class Case(NamedTuple):
    """One conversation through one pair.

    Args:
        outcome: equal, differs, refused, other text, not accepted; marked or derived without a pair.
        extra: of a difference, each piece that one side learns and the other does not, as
            `(who, where, text)`: where is before or after what both learn.
        reason: of a refusal, or of a conversation that a template does not accept.
    """

    outcome: str
    extra: tuple[tuple[str, str, str], ...] = ()
    reason: str = ""


def families() -> dict[str, str | None]:
    """Name of each original -> its training variant, or None where TRL ships none."""
    names = sorted(path.stem for path in TEMPLATES.glob("*.jinja"))
    return {
        name: f"{name}_training" if f"{name}_training" in names else None
        for name in names
        if not name.endswith("_training")
    }


@cache
def compare(family: str, training: str | None, conversation: str) -> Case:
    """Spans derived from a family's original against its training variant's markers."""
    from sintonia import InputError
    from sintonia.chat_templates import prepare

    turns, tools = CONVERSATIONS[conversation]
    original = prepare((TEMPLATES / f"{family}.jinja").read_text("utf-8"), tokenizer=Tokens)
    try:
        text = original.text(turns, tools=tools)
    except InputError as error:
        return Case("not accepted", reason=error.faults[0].found)
    if training:
        marked = prepare((TEMPLATES / f"{training}.jinja").read_text("utf-8"), tokenizer=Tokens)
        try:
            theirs = marked.render(turns, tools=tools)
        except InputError as error:
            return Case("not accepted", reason=error.faults[0].found)
        if theirs.text != text:
            return Case("other text")
    try:
        ours = original.render(turns, tools=tools)
    except InputError as error:
        return Case("refused", reason=error.faults[0].found)
    assert ours.text == text
    if not training:
        return Case("marked" if original.marked else "derived")
    extra = _extra(text, ours.spans, theirs.spans)
    return Case("differs" if extra else "equal", extra)


def _characters(spans: list[tuple[int, int]]) -> set[int]:
    return {place for start, end in spans for place in range(start, end)}


def _extra(
    text: str, ours: list[tuple[int, int]], theirs: list[tuple[int, int]]
) -> tuple[tuple[str, str, str], ...]:
    mine, other = _characters(ours), _characters(theirs)
    found = set()
    for who, only in (("ours", mine - other), ("TRL", other - mine)):
        for start in (place for place in only if place - 1 not in only):
            end = start
            while end in only:
                end += 1
            where = "before" if end in (mine & other) else "after"
            found.add((who, where, text[start:end]))
    return tuple(sorted(found))


# What a difference is, who is right, and why.
NEWLINE = "newline"
HEADER = "header"
STOP = "stop"
HANDOVER = "handover"
REASONS = {
    NEWLINE: "TRL also learns the white space that the template writes after the end-of-turn token. "
    "Generation stops at that token, so no model ever writes it. Ours is right; TRL's costs one wasted "
    "token a turn.",
    HEADER: "TRL also learns text that the generation prompt gives: the role header, or the opening of the "
    "thinking block. The model is never asked to write it. Ours is right.",
    STOP: "GLM ends a turn with the next speaker's tag. TRL's variant marks that tag as learned, so its "
    "model learns to stop; the original prints it with the next message, so ours leaves it out. "
    "TRL is right; `trains_stop_token` answers no for this template.",
    HANDOVER: "The template ends a turn whose tool has not answered yet with the tag that asks for the "
    "answer, which is where generation stops. Ours learns it, TRL does not. Ours is right.",
}
_TAGS_OF_SPEAKERS = ("<|user|>", "<|observation|>")


def kind_of(who: str, where: str, piece: str) -> str:
    """Which of `REASONS` a piece is."""
    if who == "ours":
        return HANDOVER if piece == "<|tool_response>" else ""
    if where == "after" and not piece.strip():
        return NEWLINE
    if where == "after" and piece in _TAGS_OF_SPEAKERS:
        return STOP
    return HEADER if where == "before" else ""


def column(case: Case) -> str:
    """The column of the table that a case is counted in."""
    return NEWLINE if case.extra and {kind_of(*piece) for piece in case.extra} == {NEWLINE} else case.outcome


def table() -> str:
    """The result as Markdown."""
    lines = [
        "# Template families",
        "",
        "Spans derived from each template as the model ships it, against the markers of the training variant",
        f"in TRL {version('trl')}; {len(CONVERSATIONS)} conversations each. Compared wherever both print the "
        "same text.",
        "Made by `python benchmarks/template_families.py`; held by `tests/sintonia/test_trl_families.py`.",
        "",
        "| Family | Equal | Equal but for the newline | Other difference | Which | Refused | Other text "
        "| Not accepted |",
        "|---|---:|---:|---:|---|---:|---:|---:|",
    ]
    alone = ["", "Without a training variant:", "", "| Template | Spans | Refused | Not accepted |"]
    alone.append("|---|---|---:|---:|")
    refusals: Counter[str] = Counter()
    pieces: dict[str, dict[str, list[str]]] = {}
    totals: Counter[str] = Counter()
    for family, training in families().items():
        cases = {name: compare(family, training, name) for name in CONVERSATIONS}
        count = Counter(column(case) for case in cases.values())
        for case in cases.values():
            if case.outcome == "refused":
                refusals[f"{family}: {_short_reason(case.reason)}"] += 1
            for who, where, piece in case.extra:
                pieces.setdefault(kind_of(who, where, piece), {}).setdefault(piece, []).append(family)
        kinds = sorted({kind_of(*piece) for case in cases.values() for piece in case.extra} - {NEWLINE})
        if training:
            totals += count
            row = [family, count["equal"], count[NEWLINE], count["differs"], ", ".join(kinds)]
            row += [count["refused"], count["other text"], count["not accepted"]]
            lines.append("| " + " | ".join(map(str, row)) + " |")
        else:
            how = "marked" if count["marked"] else "derived"
            row = [family, f"{how}: {count[how]}", count["refused"], count["not accepted"]]
            alone.append("| " + " | ".join(map(str, row)) + " |")
    row = ["**all**", totals["equal"], totals[NEWLINE], totals["differs"], "", totals["refused"]]
    row += [totals["other text"], totals["not accepted"]]
    lines.append("| " + " | ".join(map(str, row)) + " |")
    lines += [*alone, "", "## Differences, and who is right", ""]
    for kind, reason in REASONS.items():
        lines.append(f"- **{kind}**: {reason}")
        if kind != NEWLINE:
            lines += [
                f"    - `{json.dumps(piece, ensure_ascii=False)}`: {', '.join(sorted(set(where)))}"
                for piece, where in sorted(pieces[kind].items())
            ]
    lines += ["", "## Refusals, with the reason", ""]
    lines += [f"- {reason} ({count})" for reason, count in sorted(refusals.items())]
    return "\n".join(lines) + "\n"


def _short_reason(reason: str) -> str:
    """The words in the last parentheses, without the number of the message."""
    return re.sub(r"message \d+", "another message", reason.rpartition("(")[2].rstrip(")"))


def main() -> int:
    """Write the table, or compare it with the recorded one."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--check", action="store_true", help="compare only")
    text = table()
    if parser.parse_args().check:
        return int(not RESULT.is_file() or RESULT.read_text("utf-8") != text)
    RESULT.parent.mkdir(parents=True, exist_ok=True)
    RESULT.write_text(text, "utf-8")
    print(text, end="")
    return 0


if __name__ == "__main__":
    sys.exit(main())
