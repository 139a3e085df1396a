"""Rows with other columns, in four languages, read and cut as `sintonia sft` would; nothing is trained."""

import json
import tempfile
from pathlib import Path

from sintonia.errors import InputError
from sintonia.exercises.judging import failed

FIELDS = ("data", "chat_template", "max_steps", "max_length")
END = "<|im_end|>"
MOST_STEPS = 20
HELLO = [("user", "你好！"), ("assistant", "你好！需要什么帮助？")]
TRIP = [
    ("system", "Responde en una frase."),
    ("user", "¿Capital de Perú?"),
    ("assistant", "Lima."),
    ("user", "¿Y de Chile?"),
    ("assistant", "Santiago."),
]
LIST = [("user", "Conte até duzentos, sem vírgulas."), ("assistant", " ".join(map(str, range(1, 201))))]
RIVER = [("user", "Name a river."), ("assistant", "The Nile.\n\nOr the Ganges.")]
SETS = [
    [{"source": "everyday", "score": 4.5, "messages": HELLO}, {"messages": RIVER, "full_topic": "Rivers"}],
    [{"messages": TRIP, "source": "self-oss", "score": None}, {"source": "long", "messages": LIST}],
]


def check(work):
    with tempfile.TemporaryDirectory() as folder:
        for number, given in enumerate(SETS):
            rows = [{**row, "messages": messages(row["messages"])} for row in given]
            path = str(Path(folder, f"rows-{number}.jsonl"))
            found = work.call("first_run", rows, path)
            work.last_call = f"first_run({len(rows)} rows, path)"
            failure = fault_of(found, rows)
            if failure:
                yield failure
                return


def messages(turns):
    """Turns as smoltalk has them."""
    return [{"role": role, "content": content} for role, content in turns]


def fault_of(found, rows):
    """What is wrong with the fields, or with the file that they name."""
    if not isinstance(found, dict):
        return failed("no-fields", found)
    for name in FIELDS:
        if found.get(name) is None:
            return failed("field-missing", found, name=name)
    from sintonia import sft  # seconds, and many of them where nothing has imported torch yet

    try:
        mine, config, _ = sft.parse(flags(found))
    except InputError as error:
        return failed("refused", found, error=error.faults[0].found)
    failure = fault_of_file(mine.data, rows)
    if failure:
        return failure
    if not 1 <= config.max_steps <= MOST_STEPS:
        return failed("not-small", config.max_steps)
    return fault_of_tokens(rows, mine.chat_template, config.max_length)


def flags(fields):
    """The fields as they would be typed."""
    typed = []
    for name, value in fields.items():
        values = value if isinstance(value, (list, tuple)) else [value]
        typed += [f"--{name}", *map(str, values)]
    return typed


def fault_of_file(data, rows):
    """What `sintonia sft` would not read, or not as it was."""
    from sintonia import load_conversations

    if not Path(data).is_file():
        return failed("no-rows", data)
    try:
        read = list(load_conversations(data))
    except InputError as error:
        first = Path(data).read_text("utf-8", "replace").splitlines()[:1]
        return failed("not-read", first, error=error.faults[0].found)
    given = [row["messages"] for row in rows]
    return failed("other-rows", read, given) if plain(read) != plain(given) else None


def plain(conversations):
    """Who says what, and whether it is to be learned."""
    whole = [[{**turn, "weight": turn.get("weight", 1)} for turn in one] for one in conversations]
    return json.dumps(whole, sort_keys=True)


def fault_of_tokens(rows, template, limit):
    """What is supervised that should not be, or the other way round; and what is cut."""
    import sintonia
    from sintonia.models import load_tokenizer

    tokenizer = load_tokenizer()
    given = [row["messages"] for row in rows]
    try:
        examples = sintonia.encode(given, tokenizer, chat_template=template)
    except InputError as error:
        return failed("refused", template, error=error.faults[0].found)
    wanted = sintonia.encode(given, tokenizer, chat_template="chatml")
    for conversation, example, right in zip(given, examples, wanted, strict=True):
        labels = [label for label in sintonia.labels(example) if label != sintonia.IGNORE_INDEX]
        taught = "".join(turn["content"] + END for turn in conversation if turn["role"] == "assistant")
        if tokenizer.decode(labels) != taught:
            return failed("taught-otherwise", tokenizer.decode(labels), taught)
        if example["input_ids"] != right["input_ids"]:
            return failed("other-template", template, "chatml")
    longest = max(len(example["input_ids"]) for example in examples)
    if limit is not None and limit < longest:
        return failed("cut", limit, longest, tokens=longest)
    if limit is None or limit > 2 * longest:
        return failed("not-measured", limit, longest, tokens=longest)
    return None
