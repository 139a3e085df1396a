"""What Python answers, as cases that the playground's JavaScript has to answer alike.

    python tests/playground/contract.py cases.jsonl [--rows 976] [--generated 2000]

A line holds one conversation with its switches (`state`) and Python's answer (`expect`): text, spans, ids,
offsets and mask in code points, the row after truncation, and packs or padding where they are asked for; or
`refused`, where Python does not answer. A line of the course's data has an answer for each masking mode.
"""

from __future__ import annotations

import argparse
import json
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from sintonia import labels, pack
from sintonia.chat_templates import Rendered, prepare, special_tokens, template_names
from sintonia.errors import InputError
from sintonia.fast_tokenizers import encoder, fast_backend
from sintonia.row_encoding import example
from sintonia.truncation import truncate

DATA = Path(__file__).parents[2] / "code" / "sintonia" / "data"
MODES = ("assistant-only", "completion-only", "everything")
Messages = list[dict[str, str]]


class Refused(Exception):
    """Python has no answer for this case."""


def answer(state: dict[str, Any]) -> dict[str, Any]:
    """Python's answer to one case, or `{"refused": why}`.

    >>> answer({"messages": [{"role": "assistant", "content": "Oi"}], "template": "chatml"})["mask"]
    '00001110'
    """
    try:
        return _answer(state)
    except (InputError, UnicodeError, TypeError, Refused) as error:
        return {"refused": str(error)[:200]}


def _answer(state: dict[str, Any]) -> dict[str, Any]:
    template, mode = prepare(state.get("source") or state["template"]), state.get("mode", MODES[0])
    prompt = state.get("prompt", False)
    first = _encoded(template, state["messages"], mode, prompt)
    row, places = _cut(first, state)
    found = {
        "text": first["text"],
        "spans": first["spans"],
        "ids": first["input_ids"],
        "offsets": first["offsets"],
        "mask": "".join(map(str, first["assistant_mask"])),
        "row": row and {"input_ids": row["input_ids"], "labels": labels(row)},
        "kept": places,
    }
    if state.get("second"):
        other, _ = _cut(_encoded(template, state["second"], mode, prompt), state)
        rows = [each for each in (row, other) if each]
        limit = state.get("max_length") or sum(len(each["input_ids"]) for each in rows) or 1
        found["packs"] = [
            {
                "input_ids": one["input_ids"],
                "labels": [
                    token if wrote else -100
                    for token, wrote in zip(one["input_ids"], one["assistant_mask"], strict=True)
                ],
                "position_ids": one["position_ids"],
                "seq_lengths": one["seq_lengths"],
            }
            for one in pack(rows, limit)
        ]
    elif row and state.get("width"):
        found["padded"] = _padded(row, state)
    return found


def _encoded(template: Any, messages: Messages, mode: str, prompt: bool) -> dict[str, Any]:
    if mode == "assistant-only":
        rendered = template.render(messages, add_generation_prompt=prompt)
    else:
        rendered = Rendered(template.text(messages, add_generation_prompt=prompt), [])
    one = encoder()
    encoding = fast_backend().encode(rendered.text, add_special_tokens=False)
    offsets = [list(offset) for offset in one._offsets(rendered.text, encoding)]
    row = example(*one.general([rendered])[0])
    assert row["input_ids"] == encoding.ids
    if mode == "completion-only":
        row["assistant_mask"] = _completion(template, messages, encoding.ids)
    elif mode == "everything":
        row["assistant_mask"] = [1] * len(encoding.ids)
    spans = [list(span) for span in rendered.spans]
    return {"text": rendered.text, "spans": spans, "offsets": offsets, **row}


def _completion(template: Any, messages: Messages, ids: list[int]) -> list[int]:
    """As TRL's `completion_only_loss`: from where the ids leave those of the prompt."""
    if len(messages) < 2 or messages[-1]["role"] != "assistant":
        raise Refused("the last message is not the assistant's")
    text = template.text(messages[:-1], add_generation_prompt=True)
    prompt = fast_backend().encode(text, add_special_tokens=False).ids
    common = 0
    for one, other in zip(ids, prompt, strict=False):
        if one != other:
            break
        common += 1
    return [int(place >= common) for place in range(len(ids))]


def _cut(encoded: dict[str, Any], state: dict[str, Any]) -> tuple[dict[str, Any] | None, list[int] | None]:
    """The row under the limit, and which of its places are left."""
    ids = encoded["input_ids"]
    row = {"input_ids": ids, "assistant_mask": encoded["assistant_mask"], "place": list(range(len(ids)))}
    bos = fast_backend().token_to_id(special_tokens()["bos_token"])
    policy = state.get("truncation", "keep_start")
    kept, _ = truncate([row], state.get("max_length"), policy, bos_token_id=bos)
    if not kept:
        return None, None
    place = kept[0].pop("place")
    return kept[0], place


def _padded(row: dict[str, Any], state: dict[str, Any]) -> dict[str, Any]:
    from sintonia import collate

    pad = fast_backend().token_to_id(special_tokens()["pad_token"])
    width = max(state["width"], len(row["input_ids"]))
    batch = collate([row], pad, padding_side=state.get("side", "right"), max_length=width)
    return {name: batch[name][0].tolist() for name in ("input_ids", "attention_mask", "labels")}


def course_cases(limit: int) -> Iterator[dict[str, Any]]:
    """Each row of the course x each template, with an answer for each masking mode."""
    files = sorted(DATA.glob("*/*.jsonl"))
    rows = [json.loads(line) for path in files for line in path.read_text("utf-8").splitlines()]
    for row in rows[:limit]:
        for name in template_names():
            state = {"messages": row["messages"], "template": name}
            yield {"state": state, "modes": {mode: answer({**state, "mode": mode}) for mode in MODES}}


WORDS = ["Olá", "mundo", "¿qué", "tal?", "你好", "世界", "the sea", "depth: 12", "3.14"]
WORDS += ["a_b", "it's", "\tcode", "x=1;"]
STRANGE = {
    "emoji": ["😀", "👩\u200d🚀", "🇧🇷", "👍🏽", "\u2764\ufe0f"],
    "combining": ["e\u0301", "a\u0300\u0323", "\u0915\u094d\u0937", "\u0e01\u0e33", "Z\u0351\u036b\u0343"],
    "cjk": ["深度是多少", "臺灣", "日本語テスト", "한국어", "㐀㐁", "𠮷野家", "，。？！"],
    "arabic": ["مرحبا", "كم العمق؟", "\u200fשלום", "٣٤", "ﷺ"],
    "control": [chr(code) for code in (*range(1, 9), *range(14, 32), 127, 0x80, 0x9F, 0xAD)] + ["\0"],
    "spaces": ["\u0085", "\ufeff", "\u00a0", "\u2028", "\u3000", "\u200b", "\u180e", "\x1c", "\x1f",
               "\r\n", "\v", "  ", "\n\n"],
    "no character": ["\ud83d", "\ude00", "a\udfff", "\u0378", "\U0001e6c0", "\u088f"],
    "special": ["<|im_end|>", "<|im_start|>", "<|endoftext|>", "<repo_name>", "<|eot_id|>", "</s>",
                "[/INST]", "<end_of_turn>", "<think>x</think>", "{{ messages }}", "{% raw %}"],
    "numbers": ["½", "²", "Ⅷ", "①", "१२", "〇", "1", "22", " 7", "𝟘"],
    "rare": ["\ue000", "\U000e0001", "\ufffd", "\ufdd0", "\uffff", "𐀀", "𝒳", "ǅ", "ß"],
}  # fmt: skip


def generated_states(count: int, seed: int = 6) -> Iterator[dict[str, Any]]:
    """Cases with everything that text can do to a tokenizer and a template, the same for the same seed."""
    dice = random.Random(seed)
    names, kinds = template_names(), list(STRANGE)
    for number in range(count):
        state: dict[str, Any] = {
            "messages": _conversation(dice, kinds[number % len(kinds)]),
            "template": names[number // len(kinds) % len(names)],
            "mode": dice.choice(MODES),
            "prompt": dice.random() < 0.2,
        }
        if dice.random() < 0.5:
            state["max_length"] = dice.choice([1, 2, 5, 16, 40, 64, 128, 1000])
            state["truncation"] = dice.choice(["keep_start", "drop", "keep_answer"])
        if dice.random() < 0.3:
            state["second"] = _conversation(dice, dice.choice(kinds))
        elif dice.random() < 0.5:
            state |= {"width": dice.choice([1, 50, 128, 300]), "side": dice.choice(["right", "left"])}
        yield state


def _conversation(dice: random.Random, kind: str) -> Messages:
    turns = [{"role": "system", "content": _content(dice, kind)}] if dice.random() < 0.4 else []
    for _ in range(dice.choice([1, 1, 1, 2, 3])):
        turns.append({"role": "user", "content": _content(dice, kind)})
        turns.append({"role": "assistant", "content": _content(dice, kind)})
    chance = dice.random()
    if chance < 0.08:
        turns.pop()
    elif chance < 0.12:
        turns.insert(dice.randrange(len(turns) + 1), {"role": "tool", "content": _content(dice, kind)})
    elif chance < 0.16:
        dice.shuffle(turns)
    return turns


def _content(dice: random.Random, kind: str) -> str:
    chance = dice.random()
    if chance < 0.04:
        return ""
    if chance < 0.08:
        return dice.choice([" ", "\n", "\t \n", "\u0085", "\ufeff", "\u3000\n"])
    if chance < 0.09:
        return (dice.choice(WORDS + STRANGE[kind]) + dice.choice(["", " ", "\n"])) * 6000
    pieces = []
    for _ in range(dice.randrange(1, 14)):
        pieces.append(dice.choice(STRANGE[kind] if dice.random() < 0.5 else WORDS))
        pieces.append(dice.choice(["", "", " ", " ", "\n"]))
    return "".join(pieces)[:6000]


def generated_cases(count: int) -> Iterator[dict[str, Any]]:
    """Generated conversations with Python's answers."""
    for state in generated_states(count):
        if any(len(turn["content"]) > 6000 for turn in state["messages"] + state.get("second", [])):
            for turn in state["messages"] + state.get("second", []):
                turn["content"] = turn["content"][:6000]
        yield {"state": state, "modes": {state["mode"]: answer(state)}}


def write(path: Path, rows: int, generated: int) -> int:
    """Writes the cases, one a line; returns how many answers they hold."""
    count = 0
    with path.open("w", encoding="ascii") as stream:
        for cases in (course_cases(rows), generated_cases(generated)):
            for case in cases:
                count += len(case["modes"])
                stream.write(json.dumps(case, separators=(",", ":")) + "\n")
    return count


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("out", type=Path)
    parser.add_argument("--rows", type=int, default=976)
    parser.add_argument("--generated", type=int, default=2000)
    options = parser.parse_args()
    print(write(options.out, options.rows, options.generated), "answers")
