"""For each code of the doctor: what provokes it for real, and a twin in which only that is right.

A case is a function that gives `(arguments of examine, arguments of its control)`.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from sintonia.doctor import examine
from sintonia.estimates import Machine
from sintonia.findings import catalogue

Case = Callable[[Any], tuple[dict[str, Any], dict[str, Any]]]
CASES: dict[str, Case] = {}
ROOMY = Machine("CPU", "full", 2**40)
CHATML = "chatml"
TOPICS = ["rivers", "mountains", "bread", "music", "letters", "gardens"]
TOPICS += ["bridges", "clocks", "winds", "lamps", "seeds", "boats"]
TOOL = {"type": "function", "function": {"name": "river_depth", "description": "Depth of a river."}}
CALL = {"type": "function", "function": {"name": "river_depth", "arguments": {"river": "Tejo"}}}
GUARD = "{% for m in messages %}<|im_start|>{{ m.role }}\n{% if m.role == 'assistant' %}"
MARKED = GUARD + (
    "{% generation %}{{ m.content }}<|im_end|>{% endgeneration %}"
    "{% else %}{{ m.content }}<|im_end|>{% endif %}\n"
    "{% endfor %}{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)


def chat(*contents: str, system: str | None = None, **columns: Any) -> dict[str, Any]:
    """A row whose turns alternate, the user first."""
    turns = [{"role": "system", "content": system}] if system else []
    for place, content in enumerate(contents):
        turns.append({"role": ("user", "assistant")[place % 2], "content": content})
    return {"messages": turns, **columns}


def good(count: int = 12) -> list[dict[str, Any]]:
    """Rows in which there is nothing to find."""
    return [
        chat(
            f"What should one know about {TOPICS[i % 12]}?",
            f"Number {i}: {TOPICS[(5 * i + 3) % 12]} come first.",
        )
        for i in range(count)
    ]


def case(code: str) -> Callable[[Case], Case]:
    """Register a case for a code, or for a code and a variant."""

    def register(function: Case) -> Case:
        CASES[code] = function
        return function

    return register


def rows(bad: list[dict[str, Any]], twin: list[dict[str, Any]], **same: Any) -> tuple[dict, dict]:
    """Two sets of arguments that differ in some rows; ChatML, which adds nothing of its own."""
    same = {"chat_template": CHATML, **same}
    return {"data": good() + bad, **same}, {"data": good() + twin, **same}


def settings(bad: dict[str, Any], twin: dict[str, Any], **same: Any) -> tuple[dict, dict]:
    """Two sets of arguments that differ in something else than the rows."""
    same = {"data": good(), "chat_template": CHATML, "machine": ROOMY, **same}
    return {**same, **bad}, {**same, **twin}


def recipes(bad: dict[str, Any], twin: dict[str, Any], **same: Any) -> tuple[dict, dict]:
    """Two sets of arguments that differ in the recipe; 80 rows, so that there are steps enough."""
    return settings({"recipe": bad}, {"recipe": twin}, **{"data": good(80), **same})


class Plain:
    """A transformers tokenizer with the special tokens and the template that a case needs."""

    def __init__(self, base: Any, **changes: Any) -> None:
        self._base, self._changes = base, changes

    def __getattr__(self, name: str) -> Any:
        return self._changes[name] if name in self._changes else getattr(self._base, name)

    def __call__(self, *args: Any, **options: Any) -> Any:
        return self._base(*args, **options)


@case("T01")
def _(kit: Any) -> tuple[dict, dict]:
    return settings({"tokenizer": kit.bare, "chat_template": None}, {"tokenizer": kit.bare})


@case("T02")
def _(kit: Any) -> tuple[dict, dict]:
    return settings({"chat_template": "smollm2-original"}, {"chat_template": "smollm2"})


@case("T03")
def _(kit: Any) -> tuple[dict, dict]:
    outside = MARKED.replace("<|im_end|>{% endgeneration %}", "{% endgeneration %}<|im_end|>")
    return settings({"chat_template": outside}, {"chat_template": MARKED})


@case("T03/nothing")
def _(kit: Any) -> tuple[dict, dict]:
    never = MARKED.replace("<|im_end|>{% endgeneration %}", "{% endgeneration %}")
    return settings({"chat_template": never}, {"chat_template": MARKED})


@case("T04")
def _(kit: Any) -> tuple[dict, dict]:
    strips = MARKED.replace(
        "{% generation %}{{ m.content }}", "{% generation %}{{ m.content if loop.last else '...' }}"
    )
    several = good() + [chat("How deep is the river?", "Two metres.", "And the lake?", "Nine metres.")]
    return settings({"chat_template": strips, "data": several}, {"chat_template": MARKED, "data": several})


@case("T05")
def _(kit: Any) -> tuple[dict, dict]:
    return settings({"chat_template": "smollm2"}, {"chat_template": CHATML})


@case("T06")
def _(kit: Any) -> tuple[dict, dict]:
    with_tools = good() + [chat("How deep?", "Two metres.", tools=[TOOL])]
    return settings({"data": with_tools}, {"data": with_tools, "chat_template": "qwen"})


@case("T07")
def _(kit: Any) -> tuple[dict, dict]:
    spaced = good() + [chat("Indent this line.", "    return depth")]
    return settings(
        {"data": spaced, "chat_template": MARKED.replace("m.content", "m.content | trim")}, {"data": spaced}
    )


@case("T08")
def _(kit: Any) -> tuple[dict, dict]:
    starts = "{{ bos_token }}" + MARKED
    return settings(
        {"tokenizer": kit.adds_bos, "chat_template": starts},
        {"tokenizer": kit.adds_bos, "chat_template": MARKED},
    )


@case("T08/written")
def _(kit: Any) -> tuple[dict, dict]:
    one, two = "{{ bos_token }}" + MARKED, "{{ bos_token }}{{ bos_token }}" + MARKED
    return settings(
        {"tokenizer": kit.bos, "chat_template": two}, {"tokenizer": kit.bos, "chat_template": one}
    )


@case("T09")
def _(kit: Any) -> tuple[dict, dict]:
    strict = (
        "{% if messages[0].role == 'system' %}{{ raise_exception('no system turn') }}{% endif %}" + MARKED
    )
    return rows(
        [chat("Hello there.", "Hi!", system="Be brief.")], [chat("Hello there.", "Hi!")], chat_template=strict
    )


@case("T10")
def _(kit: Any) -> tuple[dict, dict]:
    drops = MARKED.replace("{% for m in messages %}", "{% for m in messages if m.role != 'system' %}")
    row = good() + [chat("Hello there.", "Hi!", system="Answer in verse.")]
    return settings({"data": row, "chat_template": drops}, {"data": row, "chat_template": MARKED})


@case("T11")
def _(kit: Any) -> tuple[dict, dict]:
    outside = MARKED.replace("<|im_end|>{% endgeneration %}", "{% endgeneration %}<|im_end|>")
    smiling = good() + [chat("How are you?", "Fine 😀"), chat("你好吗？", "龘龘")]
    return settings({"data": smiling, "chat_template": outside}, {"data": smiling, "chat_template": MARKED})


@case("T12")
def _(kit: Any) -> tuple[dict, dict]:
    merged = "{{ messages | map(attribute='content') | join(' ') }}<|im_end|>"
    return settings({"chat_template": merged}, {"chat_template": "smollm2-original"})


@case("T13")
def _(kit: Any) -> tuple[dict, dict]:
    return settings({"chat_template": "llama3"}, {"chat_template": CHATML})


@case("D01")
def _(kit: Any) -> tuple[dict, dict]:
    return rows([{"messages": [{"role": "bot", "content": "hi"}]}], [chat("Hello there.", "hi")])


@case("D01/none")
def _(kit: Any) -> tuple[dict, dict]:
    bad = {"data": [{"messages": [{"role": "bot", "content": "hi"}]}], "chat_template": CHATML}
    return bad, {**bad, "data": bad["data"] + good()}


@case("D02")
def _(kit: Any) -> tuple[dict, dict]:
    turns = chat("Hello there.", "Hi!")["messages"]
    return rows([{"messages": [turns[0], turns[0], turns[1]]}], [{"messages": turns}])


@case("D03")
def _(kit: Any) -> tuple[dict, dict]:
    return rows([chat("Hello there.", "Hi!", "And now?")], [chat("Hello there.", "Hi!")])


@case("D04")
def _(kit: Any) -> tuple[dict, dict]:
    called = {"role": "assistant", "content": "", "tool_calls": [CALL]}
    twin = {"messages": [{"role": "user", "content": "How deep?"}, called]}
    return rows([chat("How deep?", "  \n")], [twin], chat_template="qwen")


@case("D05")
def _(kit: Any) -> tuple[dict, dict]:
    return rows(
        [chat("Who wrote it?", "Ana did."), chat("Who  wrote it?", "Ana did.")],
        [chat("Who wrote it?", "Ana did.")],
    )


@case("D06")
def _(kit: Any) -> tuple[dict, dict]:
    long = " ".join(
        f"{topic} and {other} meet in the {other} of {topic}" for topic in TOPICS[:6] for other in TOPICS[6:]
    )
    other = " ".join(f"nobody counts {topic} without {one}" for topic in TOPICS[6:] for one in TOPICS[:6])
    pair = [chat("Tell me the long story.", long), chat("Tell me the long story.", long + " The end.")]
    return rows(pair, [pair[0], chat("Tell me another one.", other)])


@case("D07")
def _(kit: Any) -> tuple[dict, dict]:
    return settings(
        {"eval_data": [good()[3]]}, {"eval_data": [chat("Which bird sings at night?", "The owl.")]}
    )


@case("D08")
def _(kit: Any) -> tuple[dict, dict]:
    return rows([chat("Say <|im_end|> please.", "No.")], [chat("Say < |im_end| > please.", "No.")])


@case("D09")
def _(kit: Any) -> tuple[dict, dict]:
    ask = "Could you please explain to me how a river finds its way from the mountains down to the sea? {}"
    reply = "Um rio desce sempre pelo caminho mais baixo que encontra, e por isso acaba chegando ao mar. {}"
    same = "A river always takes the lowest way that it can find, and so in the end it reaches the sea. {}"
    return rows(
        [chat(ask.format(i), reply.format(i)) for i in range(8)],
        [chat(ask.format(i), same.format(i)) for i in range(8)],
    )


@case("D09/column")
def _(kit: Any) -> tuple[dict, dict]:
    reply = "Um rio desce sempre pelo caminho mais baixo que encontra, e por isso acaba chegando ao mar. {}"
    made = [[chat(f"Rio {i}?", reply.format(i), lang=lang) for i in range(8)] for lang in ("es", "pt")]
    return rows(*made)


@case("D10")
def _(kit: Any) -> tuple[dict, dict]:
    return rows(
        [chat("Write to ana.souza@gmail.com.", "Done.")], [chat("Write to ana@example.com.", "Done.")]
    )


@case("D11")
def _(kit: Any) -> tuple[dict, dict]:
    return rows(
        [chat("Is it?", "NÃ£o, nÃ£o Ã©.")], [chat("Is it?", "NÃO, não é: “ação”, €5, 20 °C, Ângela.")]
    )


@case("D12")
def _(kit: Any) -> tuple[dict, dict]:
    foreign = good() + [chat("Translate: 你好", "Hello.")]
    return settings({"data": foreign, "tokenizer": kit.wordpiece}, {"data": foreign})


@case("D13")
def _(kit: Any) -> tuple[dict, dict]:
    return rows([chat("[INST] Hello [/INST]", "Hi!")], [chat("The list [1, 2] is in INST order.", "Hi!")])


@case("D14")
def _(kit: Any) -> tuple[dict, dict]:
    refusal = "I am sorry, but I cannot help you with that request."
    made = [chat(f"Tell me something about {topic} today.", refusal) for topic in TOPICS[:6]]
    twin = [chat(f"Is {topic} a good word?", "Yes, it is.") for topic in TOPICS[:6]]
    return rows(made, twin)


@case("D15")
def _(kit: Any) -> tuple[dict, dict]:
    ask = "Explain in one sentence what a token is."
    return rows([chat(ask, ask + " A token is a piece of text.")], [chat(ask, "A token is a piece of text.")])


@case("D16")
def _(kit: Any) -> tuple[dict, dict]:
    ask = {"role": "user", "content": "How deep?"}
    call = {"role": "assistant", "content": "", "tool_calls": [CALL]}
    result = {"role": "tool", "content": "2.0", "name": "river_depth"}
    reply = {"role": "assistant", "content": "Two metres."}
    return rows(
        [{"messages": [ask, call, reply]}], [{"messages": [ask, call, result, reply]}], chat_template="qwen"
    )


@case("L01")
def _(kit: Any) -> tuple[dict, dict]:
    return settings({"max_length": 24}, {"max_length": 64})


@case("L02")
def _(kit: Any) -> tuple[dict, dict]:
    from sintonia.loss_masks import encode

    example = encode([good()[0]], chat_template=CHATML)[0]
    stop = max(i for i, wrote in enumerate(example["assistant_mask"]) if wrote)
    one = {"data": [good()[0]]}
    return settings({**one, "max_length": stop}, {**one, "max_length": stop + 1})


@case("L03")
def _(kit: Any) -> tuple[dict, dict]:
    return rows([chat("word " * 90, "Yes.")], [chat("word " * 20, "Yes.")], max_length=60)


@case("L04")
def _(kit: Any) -> tuple[dict, dict]:
    uneven = [chat(f"Tell {i}.", f"{i} " * (400 if i % 16 == 0 else 3)) for i in range(96)]
    return settings({"data": uneven}, {"data": good(96)})


@case("L05")
def _(kit: Any) -> tuple[dict, dict]:
    same = {"packing": True, "learning_rate": 2e-5}
    return recipes({**same, "packing_strategy": "wrapped"}, {**same, "packing_strategy": "bfd"})


@case("L05/attention")
def _(kit: Any) -> tuple[dict, dict]:
    same = {"packing": True, "learning_rate": 2e-5}
    return recipes({**same, "attn_implementation": "paged|sdpa"}, {**same, "attn_implementation": "sdpa"})


@case("L06")
def _(kit: Any) -> tuple[dict, dict]:
    same = {"model": kit.tiny, "chat_template": CHATML}
    return settings(
        {**same, "data": [chat("Go on.", "word " * 900)]}, {**same, "data": [chat("Go on.", "word " * 9)]}
    )


@case("L06/limit")
def _(kit: Any) -> tuple[dict, dict]:
    return settings({"max_length": 9000}, {"max_length": 8192})


@case("R01")
def _(kit: Any) -> tuple[dict, dict]:
    return settings({}, {"tokenizer": kit.pad_apart})


@case("R01/by_id")
def _(kit: Any) -> tuple[dict, dict]:
    same = {"dataset_name": "x", "learning_rate": 2e-5, "bf16": False, "assistant_only_loss": True}
    return recipes(
        {**same, "data_collator": "DataCollatorForLanguageModeling"}, same | {"pad_token": "<|endoftext|>"}
    )


@case("R02")
def _(kit: Any) -> tuple[dict, dict]:
    same = {"learning_rate": 2e-5}
    return recipes({**same, "bf16": True}, {**same, "bf16": False})


@case("R02/default")
def _(kit: Any) -> tuple[dict, dict]:
    same = {"dataset_name": "x", "learning_rate": 2e-5, "assistant_only_loss": True}
    return recipes(same, {**same, "bf16": False})


@case("R02/slow")
def _(kit: Any) -> tuple[dict, dict]:
    same = {"learning_rate": 2e-5, "use_cpu": True}
    return recipes({**same, "bf16": True}, {**same, "bf16": False}, machine=Machine("CPU", "slow", 2**40))


@case("R03")
def _(kit: Any) -> tuple[dict, dict]:
    user_only = MARKED.replace("== 'assistant'", "== 'model'")
    return settings({"chat_template": user_only}, {"chat_template": MARKED})


@case("R04")
def _(kit: Any) -> tuple[dict, dict]:
    return recipes({"learning_rate": 1e-2}, {"learning_rate": 2e-5})


@case("R05")
def _(kit: Any) -> tuple[dict, dict]:
    same = {"learning_rate": 2e-5, "per_device_train_batch_size": 8}
    small = Machine("CPU", "full", 2**30)
    return settings({"machine": small, "recipe": same, "data": good(80)}, {"recipe": same, "data": good(80)})


@case("R06")
def _(kit: Any) -> tuple[dict, dict]:
    return settings({"model": kit.adapter(64)}, {"model": kit.adapter(32)})


@case("R06/layers")
def _(kit: Any) -> tuple[dict, dict]:
    return settings({"model": kit.adapter(32, layer=7)}, {"model": kit.adapter(32, layer=1)})


@case("R06/other")
def _(kit: Any) -> tuple[dict, dict]:
    adapter, same = kit.adapter(32), {"learning_rate": 2e-4, "use_peft": True}
    right = str(kit.tiny)
    return recipes({**same, "base": "another/model"}, {**same, "base": right}, model=adapter)


@case("R06/missing")
def _(kit: Any) -> tuple[dict, dict]:
    return settings({"model": kit.adapter(32, base="/no/such/base")}, {"model": kit.adapter(32)})


@case("R07")
def _(kit: Any) -> tuple[dict, dict]:
    from sintonia.models import load_tokenizer

    return settings({"model": kit.tiny, "tokenizer": load_tokenizer()}, {"model": kit.tiny})


@case("R08")
def _(kit: Any) -> tuple[dict, dict]:
    return settings({"model": kit.eos(0)}, {"model": kit.eos(2)})


@case("R09")
def _(kit: Any) -> tuple[dict, dict]:
    same = {"learning_rate": 2e-5}
    return recipes(
        {**same, "num_train_epochs": 1, "per_device_train_batch_size": 16}, {**same, "num_train_epochs": 3}
    )


@case("R09/warmup")
def _(kit: Any) -> tuple[dict, dict]:
    return recipes(
        {"learning_rate": 2e-5, "warmup_steps": 500}, {"learning_rate": 2e-5, "warmup_steps": 0.05}
    )


@case("R10")
def _(kit: Any) -> tuple[dict, dict]:
    same = {"dataset_name": "x", "learning_rate": 2e-5, "bf16": False}
    return recipes({**same, "completion_only_loss": True}, {**same, "assistant_only_loss": True})


@case("R10/neither")
def _(kit: Any) -> tuple[dict, dict]:
    same = {"dataset_name": "x", "learning_rate": 2e-5, "bf16": False}
    return recipes(same, {**same, "assistant_only_loss": True})


@case("R10/anded")
def _(kit: Any) -> tuple[dict, dict]:
    earlier = chat("Hello there.", "Hi!", "How are you?")["messages"]
    made = [
        {"prompt": earlier, "completion": [{"role": "assistant", "content": f"Fine, {i}."}]}
        for i in range(80)
    ]
    single = [{"prompt": earlier[2:], "completion": row["completion"]} for row in made]
    same = {"dataset_name": "x", "learning_rate": 2e-5, "bf16": False, "assistant_only_loss": True}
    return settings({"recipe": same, "data": made}, {"recipe": same, "data": single})


@case("R10/own")
def _(kit: Any) -> tuple[dict, dict]:
    return recipes({"learning_rate": 2e-5, "assistant_only_loss": True}, {"learning_rate": 2e-5})


def sharegpt(human: str = "human", gpt: str = "gpt", column: str = "conversations") -> list[dict[str, Any]]:
    """The good rows as ShareGPT keeps them."""
    named = {"user": human, "assistant": gpt}
    return [
        {column: [{"from": named[turn["role"]], "value": turn["content"]} for turn in row["messages"]]}
        for row in good(80)
    ]


@case("R12")
def _(kit: Any) -> tuple[dict, dict]:
    same = {"dataset_name": "x", "learning_rate": 2e-5, "bf16": False}
    return settings(
        {"recipe": same, "data": sharegpt()}, {"recipe": same, "data": sharegpt("user", "assistant")}
    )


@case("R12/refused")
def _(kit: Any) -> tuple[dict, dict]:
    same = {"dataset_name": "x", "learning_rate": 2e-5, "bf16": False, "assistant_only_loss": True}
    return settings({"recipe": same, "data": sharegpt()}, {"recipe": same, "data": good(80)})


@case("R11")
def _(kit: Any) -> tuple[dict, dict]:
    wrong = {"wibble": 1, "num_train_epoch": 3, "max_seq_length": 512}
    return recipes({"learning_rate": 2e-5, **wrong}, {"learning_rate": 2e-5, "max_length": 512, "seed": 1})


for _code in ("L01", "L02", "L03"):

    @case(f"{_code}/capped")
    def _(kit: Any, code: str = _code) -> tuple[dict, dict]:
        last = chat("word " * 800, "Yes.") if code == "L03" else chat("Go on.", "word " * 900)
        beyond = [last] if code == "L02" else [*good(4), last]
        same = {"model": kit.tiny, "chat_template": CHATML}
        return settings(
            {**same, "data": beyond, "max_length": 300}, {**same, "data": good(4), "max_length": 300}
        )


class Kit:
    """Tokenizers and model folders that cases need; made once."""

    def __init__(self, tiny: Path, folder: Path) -> None:
        from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors, trainers
        from transformers import PreTrainedTokenizerFast

        from sintonia.models import load_tokenizer

        self.tiny, self._folder, self._made = tiny, folder, 0
        base = load_tokenizer(tiny)
        self.bos = Plain(base, bos_token="<|endoftext|>")
        self.bare = load_tokenizer(tiny)
        self.bare.chat_template = None
        self.pad_apart = load_tokenizer(tiny)
        self.pad_apart.pad_token = "<|endoftext|>"
        self.adds_bos = load_tokenizer(tiny)
        self.adds_bos.bos_token = "<|endoftext|>"
        self.adds_bos.backend_tokenizer.post_processor = processors.TemplateProcessing(
            single="<|endoftext|> $A", special_tokens=[("<|endoftext|>", 0)]
        )
        backend = Tokenizer(models.WordPiece(unk_token="[UNK]"))
        backend.normalizer, backend.pre_tokenizer = normalizers.NFC(), pre_tokenizers.Whitespace()
        special = ["[UNK]", "<|im_start|>", "<|im_end|>"]
        texts = ["abcdefghijklmnopqrstuvwxyz ABCDEFGHIJKLMNOPQRSTUVWXYZ 0123456789 .,:;?!'"] * 3
        backend.train_from_iterator(texts, trainers.WordPieceTrainer(vocab_size=300, special_tokens=special))
        self.wordpiece = PreTrainedTokenizerFast(
            tokenizer_object=backend, unk_token="[UNK]", eos_token="<|im_end|>", pad_token="[UNK]"
        )

    def _new(self) -> Path:
        self._made += 1
        folder = self._folder / f"model-{self._made}"
        folder.mkdir(parents=True)
        for file in self.tiny.glob("tokenizer*"):
            (folder / file.name).write_bytes(file.read_bytes())
        template = self.tiny / "chat_template.jinja"
        if template.is_file():
            (folder / template.name).write_bytes(template.read_bytes())
        return folder

    def adapter(self, inputs: int, layer: int = 0, base: str | None = None) -> Path:
        """A folder with a LoRA adapter for a query projection of so many inputs."""
        import torch
        from safetensors.torch import save_file

        folder = self._new()
        name = f"base_model.model.model.layers.{layer}.self_attn.q_proj.lora_A.weight"
        save_file({name: torch.zeros(4, inputs)}, folder / "adapter_model.safetensors")
        config = {"base_model_name_or_path": base or str(self.tiny), "r": 4, "peft_type": "LORA"}
        (folder / "adapter_config.json").write_text(json.dumps(config), "utf-8")
        return folder

    def eos(self, number: int) -> Path:
        """A folder like the tiny model's whose generation stops at one id."""
        folder = self._new()
        (folder / "config.json").write_bytes((self.tiny / "config.json").read_bytes())
        (folder / "generation_config.json").write_text(json.dumps({"eos_token_id": number}), "utf-8")
        return folder


@pytest.fixture(scope="module")
def kit(tiny_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Kit:
    return Kit(tiny_folder, tmp_path_factory.mktemp("doctor"))


def found(code: str, arguments: dict[str, Any], lang: str = "en") -> list[Any]:
    """The findings of a code, and of a variant by the text that only it has."""
    number, _, variant = code.partition("/")
    findings = [f for f in examine(**arguments, lang=lang).findings if f.code == number]
    if not variant:
        return findings
    texts = catalogue()["codes"][number][lang]
    name, text = next(iter(texts["variants"][variant].items()))
    start = text.split("{")[0].split("`")[0]
    return [f for f in findings if getattr(f, name).startswith(start) and text != texts[name]]


def all_codes() -> list[str]:
    """Every code of the catalogue, and every variant of it."""
    codes = []
    for code, entry in catalogue()["codes"].items():
        codes += [code, *(f"{code}/{variant}" for variant in entry["en"].get("variants", {}))]
    return codes


def test_every_code_and_every_variant_has_a_case():
    assert sorted(CASES) == sorted(all_codes())


@pytest.mark.parametrize("code", all_codes())
def test_it_is_found_where_it_is_and_only_there(kit, code):
    bad, control = CASES[code](kit)
    hits = found(code, bad)
    assert hits, f"{code} was not found: {[f.code for f in examine(**bad).findings]}"
    assert not found(code, control)
    assert len(hits) == 1
    entry = catalogue()["codes"][hits[0].code]
    assert hits[0].severity in (entry["severity"], entry.get("milder"))


@pytest.mark.parametrize("code", all_codes())
def test_its_texts_are_whole_in_every_language(kit, code):
    arguments, _ = CASES[code](kit)
    for lang in ("pt", "es", "zh"):
        hit = found(code.partition("/")[0], arguments, lang)[0]
        for text in (hit.title, hit.seen, hit.consequence, hit.fix):
            assert text.strip() == text != ""
            assert "{count" not in text and "{of" not in text and "None" not in text
