"""The doctor: data, template, tokenizer, limits and recipe are looked at before anything is trained.

`diagnose` is the question from Python; `examine` also says what was looked at. Both read the data once,
from one process where it is small and from all cores where it is not, and keep no text of it.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sintonia import checks_data, checks_lengths, checks_run, checks_template, models, run_facts
from sintonia.chat_templates import PACKAGE, special_tokens
from sintonia.errors import Fault, InputError
from sintonia.estimates import Machine, this_machine
from sintonia.fast_tokenizers import fast_backend
from sintonia.finding_layout import lay_out, looked_at, summary, wrap
from sintonia.findings import LANGUAGES, Finding, Observation, in_order
from sintonia.row_encoding import RowEncoder
from sintonia.scan import Look, scan_source

JSON_VERSION = 1
COURSE = "course"
SCRATCH = "scratch"  # a model that the run makes: looked at with the embedded tokenizer


@dataclass(frozen=True)
class Report:
    """Findings, and what they rest on.

    Args:
        findings: the gravest first.
        looked: rows, tokens (`None` where nothing was tokenized), seconds, and what was only sampled.
        lang: the findings' language.

    Explained in: doctor.md#read-a-finding
    """

    findings: list[Finding]
    looked: dict[str, Any]
    lang: str = "en"

    def count(self, severity: str) -> int:
        """How many findings have a severity."""
        return sum(finding.severity == severity for finding in self.findings)

    def exit_code(self, *, strict: bool = False) -> int:
        """0 when there is nothing in the way, 1 when there are errors; with `strict`, warnings too.

        Example:
            >>> Report([], {}).exit_code()
            0
        """
        return int(bool(self.count("error") or (strict and self.count("warning"))))

    def to_json(self) -> str:
        """One JSON object, as `words/doctor.schema.json` describes it."""
        whole = {"version": JSON_VERSION, "lang": self.lang, "looked": self.looked}
        whole["findings"] = [finding.as_dict() for finding in self.findings]
        return json.dumps(whole, ensure_ascii=False, indent=2)

    def to_text(self, *, width: int = 80, color: bool = False, notes: bool = True) -> str:
        """The findings as a person reads them, then what was looked at and the verdict."""
        shown = [finding for finding in self.findings if notes or finding.severity != "note"]
        parts = [lay_out(finding, self.lang, width=width, color=color) for finding in shown]
        last = [line for text in looked_at(self.looked, self.lang) for line in wrap(text, width)]
        verdict = summary(self.findings, self.lang)
        last.append(f"\x1b[1m{verdict}\x1b[0m" if color else verdict)
        return "\n\n".join([*parts, "\n".join(last)])


def diagnose(
    data: Any,
    *,
    tokenizer: Any = None,
    chat_template: str | Path | None = None,
    max_length: int | None = None,
    recipe: str | Path | Mapping[str, Any] | None = None,
    lang: str = "en",
    model: str | Path | None = None,
    packing: bool = False,
    eval_data: Any = None,
    format: str = "auto",
) -> list[Finding]:
    """What would go wrong in training on this data, found before it does.

    Args:
        data: what `sintonia.load_conversations` reads.
        tokenizer: a fast tokenizer; `None` takes the model's.
        chat_template: name, path or source; `None` takes the tokenizer's own.
        max_length: tokens kept of each conversation; `None` takes the recipe's, or no limit.
        recipe: fields of a run, or the path of its YAML; `None` looks at no run.
        lang: of the findings: `pt`, `es`, `zh` or `en`.
        model: hub id or folder; only its small files are read. `None` is the embedded model.
        packing: whether conversations will be packed.
        eval_data: held-out data, to be looked for in the training data.
        format: of the rows, as in `sintonia.load_conversations`.

    Returns:
        Findings, the gravest first; an empty list when there is nothing to say.

    Raises:
        InputError: data, template, tokenizer or recipe that cannot be looked at. Bad rows are no
            error but finding D01.

    Example:
        >>> rows = [{"messages": [{"role": "user", "content": "Oi"}, {"role": "assistant", "content": ""}]}]
        >>> [finding.name for finding in diagnose(rows, chat_template="chatml")]
        ['empty-answers', 'pad-is-eos']

    Explained in: doctor.md#run-it
    """
    return examine(
        data,
        tokenizer=tokenizer,
        chat_template=chat_template,
        max_length=max_length,
        recipe=recipe,
        lang=lang,
        model=model,
        packing=packing,
        eval_data=eval_data,
        format=format,
    ).findings


def examine(
    data: Any,
    *,
    tokenizer: Any = None,
    chat_template: str | Path | None = None,
    max_length: int | None = None,
    recipe: str | Path | Mapping[str, Any] | None = None,
    lang: str = "en",
    model: str | Path | None = None,
    packing: bool = False,
    eval_data: Any = None,
    format: str = "auto",
    own: bool | None = None,
    num_proc: int | None = None,
    machine: Machine | None = None,
) -> Report:
    """`diagnose`, with an account of what was looked at.

    Args:
        own: whether labels come from `sintonia.encode`, so that it is no matter what plain TRL would
            do; `None` asks the recipe, and without one expects plain TRL.
        num_proc: processes; `None` takes as many as there are cores once the data is large.
        machine: where the run will be; `None` is this machine.

    Raises:
        InputError: as `diagnose`.

    Explained in: doctor.md#run-it
    """
    started = time.monotonic()
    if lang not in LANGUAGES:
        raise InputError(Fault("lang", repr(lang), " ".join(LANGUAGES)))
    fields = None if recipe is None else run_facts.load_recipe(recipe)
    if fields is not None:
        model = model or fields.get("model") or fields.get("model_name_or_path")
        chat_template = chat_template or fields.get("chat_template") or fields.get("chat_template_path")
    packing_fields = {**(fields or {}), **({"packing": True} if packing else {})}
    own = bool(fields is not None and run_facts.is_own(fields)) if own is None else own
    limit = checks_lengths.limit_of(max_length, fields)
    nothing_known = model == SCRATCH or (tokenizer is not None and not model)
    facts = run_facts.Model("", {}, {}) if nothing_known else run_facts.read_model(model)
    if tokenizer is None and not models.is_embedded(model) and model != SCRATCH:
        tokenizer = models.load_tokenizer(model)
    found: list[Observation] = []
    rows, missing = _encoder(tokenizer, chat_template)
    found += missing
    positions = facts.config.get("max_position_embeddings") or _model_max_length(tokenizer)
    look = Look(limit, positions, rows, compare_prompts=eval_data is not None)
    train = scan_source(data, format, look, num_proc)
    found += train.observations(look, own)
    if rows is not None:
        found += checks_template.check_template(rows, train.sample, own=own)
        stop = checks_template.stop_token(rows)
        found += checks_run.check_tokenizer(_tokens(tokenizer, rows), stop, facts, fields, own=own)
        found += checks_lengths.check_batches(train.lengths, limit, packing_fields)
    found += checks_lengths.check_packs(packing_fields)
    found += checks_run.check_adapter(facts, fields)
    if fields is not None:
        machine = machine or this_machine()
        lengths = train.lengths
        share = lengths.supervised / lengths.tokens if lengths.tokens else 0.5
        longest = min(lengths.longest, limit or lengths.longest)
        good = train.read - train.tally.counts["D01"]
        found += checks_run.check_recipe(
            fields, facts, machine, rows=good, longest=longest, supervised=share, own=own
        )
        found += checks_run.check_flags(fields, train.shape, train.inner_answers, train.file, own=own)
        found += checks_run.check_sharegpt(fields, train.tally, train.turn_lists, train.file, rows, own=own)
    if eval_data is not None:
        look_at_prompts = Look(limit, positions, None, compare_prompts=True)
        held_out = scan_source(eval_data, format, look_at_prompts, num_proc)
        found += checks_data.leaks(train.prints, held_out.prints)
    looked = train.looked(look)
    looked["seconds"] = round(time.monotonic() - started, 3)
    return Report(in_order(found, lang), looked, lang)


def data_of(data: str | None = None, recipe: str | Path | None = None) -> str:
    """The path that a command means: the one given, else the recipe's, else the course's own rows.

    Example:
        >>> Path(data_of()).parts[-2:]
        ('data', 'train')

    Explained in: doctor.md#run-it
    """
    fields = run_facts.load_recipe(recipe) if recipe and not data else {}
    named = data or fields.get("data") or fields.get("dataset_name") or COURSE
    return str(PACKAGE / "data" / "train") if named == COURSE else str(named)


def environment_language(environment: Mapping[str, str] | None = None) -> str:
    """The language of the environment (`LC_ALL`, `LC_MESSAGES`, `LANG`), where it is one of the four.

    Example:
        >>> environment_language({"LANG": "pt_BR.UTF-8"}), environment_language({"LANG": "C"})
        ('pt', 'en')

    Explained in: doctor.md#run-it
    """
    environment = os.environ if environment is None else environment
    for name in ("LC_ALL", "LC_MESSAGES", "LANG"):
        value = environment.get(name, "")
        if value:
            lang = value.replace("-", "_").split("_")[0].split(".")[0].lower()
            return lang if lang in LANGUAGES else "en"
    return "en"


def _encoder(tokenizer: Any, chat_template: Any) -> tuple[RowEncoder | None, list[Observation]]:
    """Tokenizer and template together; without a template only the data can be looked at."""
    own = getattr(tokenizer, "chat_template", None)
    if tokenizer is not None and chat_template is None and not own:
        name = str(getattr(tokenizer, "name_or_path", "") or "tokenizer")
        return None, [Observation("T01", {"name": name})]
    return RowEncoder(tokenizer, chat_template), []


def _tokens(tokenizer: Any, rows: RowEncoder) -> dict[str, Any]:
    special = special_tokens(tokenizer)
    ids = fast_backend(rows.tokenizer).get_vocab(with_added_tokens=True)
    return {
        "pad": special.get("pad_token"),
        "eos": special.get("eos_token"),
        "ids": ids,
        "size": max(ids.values(), default=-1) + 1,
    }


def _model_max_length(tokenizer: Any) -> int | None:
    length = getattr(tokenizer, "model_max_length", None)
    return length if isinstance(length, int) and length < 10_000_000 else None
