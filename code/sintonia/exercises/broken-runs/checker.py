"""A sound run and five broken ones, rows of one turn and of several, a cut that only the last row shows."""

from sintonia import encode, labels
from sintonia.exercises.judging import failed
from sintonia.models import load_tokenizer

NAMES = ("sound", "missing-eos", "pad-is-eos", "double-shift", "wrong-template", "truncation")


def turns(*texts):
    return [{"role": ("user", "assistant")[i % 2], "content": text} for i, text in enumerate(texts)]


SHORT = [
    turns("What is the capital of Peru?", "Lima."),
    turns("Diga olá.", "Olá!"),
    turns("法国的首都是哪里？", "巴黎。"),
]
LONG = turns(
    "¿Capital de Chile?",
    "Santiago.",
    "¿Y de Cuba?",
    "La Habana es la capital de Cuba y su ciudad más grande.",
)
TALKS = [*SHORT, LONG]


def check(work):
    tokenizer = load_tokenizer()
    for fault, conversations, rows in cases(tokenizer):
        before = [{name: list(ids) for name, ids in row.items()} for row in rows]
        found = work.call("mend", conversations, rows)
        work.last_call = f"mend({len(conversations)} conversations, {len(rows)} rows)"
        try:
            said, mended = found
            mended = [(list(row["input_ids"]), list(row["labels"])) for row in mended]
        except (TypeError, ValueError, KeyError, IndexError):
            yield failed("no-pair", found)
            return
        if said not in NAMES:
            yield failed("unknown-name", said, fault)
            return
        if said != fault:
            key = "alarm" if fault == "sound" else "missed" if said == "sound" else "confused"
            yield failed(key, said, fault)
            return
        right = [(one["input_ids"], labels(one)) for one in encode(conversations)]
        if mended != right:
            yield failed("not-mended", mended[-1], right[-1], fault=fault)
            return
        work.get("mend")(conversations, rows)
        if rows != before:
            yield failed("given-changed", rows[-1], before[-1])
            return


def cases(tokenizer):
    """Name, conversations, and rows as they reached the model."""
    stop = tokenizer.convert_tokens_to_ids("<|im_end|>")
    template = tokenizer.chat_template
    stopless = template.replace(" + '<|im_end|>' }}{% endgeneration", " }}{% endgeneration")
    for talks in (SHORT, TALKS, [LONG]):
        sound = as_rows(talks)
        yield "sound", talks, sound
        yield (
            "pad-is-eos",
            talks,
            [{**row, "labels": [-100 if x == stop else x for x in row["labels"]]} for row in sound],
        )
        yield "double-shift", talks, [{**row, "labels": [*row["labels"][1:], -100]} for row in sound]
        yield "missing-eos", talks, as_rows(talks, stopless)
        yield "wrong-template", talks, as_rows(talks, "llama3" if len(talks) > 1 else "mistral")
    limit = len(as_rows([LONG])[0]["input_ids"]) - 4
    yield "truncation", TALKS, [{name: ids[:limit] for name, ids in row.items()} for row in as_rows(TALKS)]
    yield "truncation", SHORT, [{name: ids[:20] for name, ids in row.items()} for row in as_rows(SHORT)]


def as_rows(talks, template=None):
    """Ids and labels, as lists of the case's own."""
    examples = encode(talks, chat_template=template)
    return [{"input_ids": list(one["input_ids"]), "labels": labels(one)} for one in examples]
