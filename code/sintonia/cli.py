"""The command `sintonia`: parse, import late, call. No algorithm lives here."""

from __future__ import annotations

import argparse
import json
import os
import sys
import warnings
from pathlib import Path
from typing import Any

from sintonia import __version__
from sintonia.cpu_threads import wait_asleep
from sintonia.errors import Fault, InputError, harmless
from sintonia.row_formats import FORMATS
from sintonia.truncation import TRUNCATIONS

DONE, FINDINGS, BAD_INPUT = 0, 1, 2
LANGUAGES = ("pt", "es", "zh", "en")
_SOURCE_HELP = "a data file, a folder (folder:split) or a hub id (owner/name:config:split)"


def main(argv: list[str] | None = None) -> int:
    """Run one command and return its exit code: 0 done, 1 findings, 2 bad input or usage.

    Example:
        >>> main(["render", "no-such-file.jsonl"])
        2

    Explained in: chat-templates.md#run-it
    """
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):  # four languages, whatever the locale says
            stream.reconfigure(encoding="utf-8", errors="backslashreplace")
    # What the libraries will rename one day is for their callers' authors, not for ours.
    warnings.simplefilter("ignore", FutureWarning)
    if hasattr(sys.stdin, "reconfigure"):
        sys.stdin.reconfigure(encoding="utf-8", errors="replace")
    argv = sys.argv[1:] if argv is None else argv
    parser = build_parser()
    if argv[:1] == ["sft"]:
        return _guarded(_sft, argv[1:])
    if argv[:1] == ["loop"]:
        return _guarded(_loop, argv[1:])
    arguments = parser.parse_args(argv)
    if not hasattr(arguments, "run"):
        parser.print_help()
        return BAD_INPUT
    return _guarded(arguments.run, arguments)


def _guarded(run: Any, arguments: Any) -> int:
    try:
        return run(arguments)
    except InputError as error:
        print(harmless(f"sintonia: {error}"), file=sys.stderr)
        return BAD_INPUT
    except ModuleNotFoundError as error:
        fault = Fault(f"package {error.name!r}", "it is not installed", "the training extra")
        print(f"sintonia: {fault}; pip install -e '.[train]'", file=sys.stderr)
        return BAD_INPUT
    except BrokenPipeError:
        # The reader of a pipe (`| head`) had enough; writing to it again at exit would complain.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return DONE
    except KeyboardInterrupt:
        print("\nsintonia: interrupted, nothing saved", file=sys.stderr)
        return 130


def build_parser() -> argparse.ArgumentParser:
    """The parser of every command; `sft` hands its flags on to TRL's.

    Example:
        >>> build_parser().parse_args(["mask", "rows.jsonl", "--json"]).json
        True

    Explained in: chat-templates.md#run-it
    """
    parser = argparse.ArgumentParser(
        prog="sintonia", description="Instruction tuning, one tested step at a time."
    )
    parser.add_argument("--version", action="version", version=f"sintonia {__version__}")
    commands = parser.add_subparsers(title="commands", metavar="COMMAND")

    render = commands.add_parser("render", help="print the exact text the model would see")
    _add_row_options(render)
    render.add_argument(
        "--add-generation-prompt", action="store_true", help="end with the header of the next reply"
    )
    render.set_defaults(run=_render)

    mask = commands.add_parser("mask", help="print the tokens and which of them are supervised")
    _add_row_options(mask)
    mask.add_argument("--json", action="store_true", help="one JSON object a row")
    mask.set_defaults(run=_mask)

    convert = commands.add_parser("convert", help="write any instruction data as messages JSONL")
    convert.add_argument("source", metavar="IN", help=_SOURCE_HELP)
    convert.add_argument("out", metavar="OUT", help="a .jsonl or .jsonl.gz file")
    _add_format(convert, "--from", "--format")
    convert.add_argument(
        "--skip-bad", action="store_true", help="write bad rows to a rejects file beside OUT, and go on"
    )
    convert.add_argument("--overwrite", action="store_true", help="replace OUT if it is there")
    convert.set_defaults(run=_convert)

    encode = commands.add_parser("encode", help="tokenize data into Arrow files, with the mask, on all cores")
    encode.add_argument("source", metavar="DATA", help=_SOURCE_HELP)
    encode.add_argument("out", metavar="OUT", help="folder to make; datasets.load_from_disk reads it")
    _add_format(encode, "--format")
    encode.add_argument("--model", metavar="M", help="hub id or folder whose tokenizer is used")
    encode.add_argument("--template", metavar="NAME-or-file", help="instead of the tokenizer's own")
    encode.add_argument("--max-length", type=_positive, metavar="N", help="tokens a row may have")
    encode.add_argument(
        "--truncation",
        choices=TRUNCATIONS,
        default="keep_start",
        help="what to do with longer rows: cut the end, leave the row out, or shorten the prompt first",
    )
    encode.add_argument("--labels", action="store_true", help="write labels instead of assistant_mask")
    encode.add_argument("--num-proc", type=_positive, metavar="N", help="processes; all cores if left out")
    encode.add_argument(
        "--skip-bad", action="store_true", help="write bad rows to a rejects file beside OUT, and go on"
    )
    encode.add_argument("--overwrite", action="store_true", help="replace OUT, or begin anew")
    encode.set_defaults(run=_encode)

    _add_doctor(commands.add_parser("doctor", help="what would go wrong in training, before it does"))

    _add_estimate(commands.add_parser("estimate", help="memory, steps and time of a run, before it starts"))

    _add_exercise(commands.add_parser("exercise", help="the course's exercises, checked on this machine"))

    commands.add_parser("sft", help="train (sintonia sft --help lists every flag)")
    commands.add_parser("loop", help="the same training in plain PyTorch (sintonia loop --help)")

    compare = commands.add_parser("compare", help="base and tuned model, side by side, with figures")
    compare.add_argument("--base", metavar="M", help="hub id or folder; what the adapter names if left out")
    compare.add_argument(
        "--tuned",
        metavar="DIR",
        nargs="+",
        required=True,
        help="folder that `sintonia sft` wrote; several, of one recipe with different seeds",
    )
    compare.add_argument("--data", metavar="FILE", help="prompts; the course's test rows if left out")
    compare.add_argument("--lang", choices=LANGUAGES, help="only the course's rows in this language")
    compare.add_argument("--template", metavar="NAME-or-file", help="instead of the tokenizer's own")
    compare.add_argument("--prompts", type=_positive, metavar="N", help="only N of each language")
    compare.add_argument("--max-new-tokens", type=_positive, metavar="N", help="of a reply; 128 if left out")
    compare.add_argument("--out", metavar="FILE", help="report: .html, .md or .json")
    compare.set_defaults(run=_compare)

    chat = commands.add_parser("chat", help="talk to a model in the terminal")
    chat.add_argument("--model", metavar="M", help="hub id or folder; the embedded model if left out")
    chat.add_argument("--template", metavar="NAME-or-file", help="instead of the tokenizer's own")
    chat.add_argument("--system", metavar="TEXT", help="a system message to begin with")
    chat.add_argument("--max-new-tokens", type=_positive, default=128, metavar="N")
    chat.set_defaults(run=_chat)
    return parser


def _add_row_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("file", metavar="FILE", help=_SOURCE_HELP)
    _add_format(parser, "--format")
    parser.add_argument("--row", type=_positive, metavar="N", help="only the N-th row, from 1")
    parser.add_argument("--model", metavar="M", help="hub id or folder whose tokenizer is used")
    parser.add_argument("--template", metavar="NAME-or-file", help="instead of the tokenizer's own")


def _add_doctor(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--data", metavar="FILE", help="training data; the recipe's, or the course's own")
    parser.add_argument("--eval-data", metavar="FILE", help="held-out data, to be looked for in the other")
    parser.add_argument("--config", metavar="RECIPE", help="YAML of the run: its fields are looked at too")
    parser.add_argument("--model", metavar="M", help="hub id or folder; the embedded model if left out")
    parser.add_argument("--template", metavar="NAME-or-file", help="instead of the tokenizer's own")
    parser.add_argument("--max-length", type=_positive, metavar="N", help="tokens kept of a conversation")
    parser.add_argument("--packing", action="store_true", help="conversations will be packed")
    parser.add_argument("--lang", choices=LANGUAGES, help="of the findings; the environment's if left out")
    parser.add_argument("--strict", action="store_true", help="exit with 1 for warnings too")
    parser.add_argument("--json", action="store_true", help="one JSON object instead of text")
    _add_format(parser, "--format")
    parser.set_defaults(run=_doctor)


def _add_estimate(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--config", metavar="RECIPE", help="YAML of the run; the default recipe if left out")
    parser.add_argument("--model", metavar="M", help="hub id or folder, instead of the recipe's")
    parser.add_argument("--data", metavar="FILE", help="conversations, instead of the recipe's")
    parser.add_argument("--rows", type=_positive, metavar="N", help="so many conversations, instead of data")
    parser.add_argument("--length", type=_positive, metavar="N", help="tokens of each of these rows")
    parser.add_argument("--batch-size", type=_positive, metavar="N", help="rows at once, on each device")
    parser.add_argument("--processes", type=_positive, default=1, metavar="N", help="data-parallel processes")
    parser.add_argument("--device", choices=("cpu", "gpu"), default="cpu", help="where the run will be")
    speed = parser.add_mutually_exclusive_group()
    speed.add_argument("--tokens-per-second", type=_positive, metavar="N", help="speed, for the time")
    speed.add_argument("--measure", type=_positive, metavar="STEPS", help="measure that speed on this CPU")
    parser.add_argument("--json", action="store_true", help="one JSON object, sizes in bytes")
    parser.set_defaults(run=_estimate)


def _add_exercise(parser: argparse.ArgumentParser) -> None:
    verbs = parser.add_subparsers(dest="verb", metavar="ACTION", required=True)
    for verb, words in (
        ("list", "all exercises and how far you are; with an ID, its task"),
        ("start", "put an exercise into your folder; the next one if ID is left out"),
        ("check", "check your work; all you have started if ID is left out"),
        ("hint", "the next hint, plainer at each call"),
        ("solution", "a solution, once you have tried"),
    ):
        action = verbs.add_parser(verb, help=words)
        action.add_argument("id", metavar="ID", nargs="?", help="an exercise, as `list` names it")
        action.add_argument("--lang", choices=LANGUAGES, help="your language; the environment's if left out")
        if verb == "start":
            action.add_argument("--overwrite", action="store_true", help="begin anew; your work is lost")
        if verb == "check":
            action.add_argument("--watch", action="store_true", help="check again at each save")
        if verb == "solution":
            action.add_argument("--yes", action="store_true", help="without having tried")
        action.set_defaults(run=_exercise)


def _add_format(parser: argparse.ArgumentParser, *flags: str) -> None:
    parser.add_argument(
        *flags,
        dest="format",
        choices=FORMATS,
        default="auto",
        help="shape of the rows; auto reads it off the columns",
    )


def _say_format(name: str, reason: str) -> None:
    print(f"format: {name} ({reason})", file=sys.stderr)


def _say_reading(name: str, reason: str) -> None:
    if name != "messages":  # what is read as it stands needs no word
        _say_format(name, reason)


def _positive(text: str) -> int:
    try:
        value = int(text)
    except ValueError:
        value = 0
    if value < 1:
        raise argparse.ArgumentTypeError(f"found {text!r}; expected a whole number from 1")
    return value


def _tokenizer(name: str | None) -> Any:
    """For commands that need no model: `None` is the embedded one, a plain folder needs no transformers."""
    from sintonia import models
    from sintonia.fast_tokenizers import folder_tokenizer

    print(models.describe(name), file=sys.stderr)
    return None if models.is_embedded(name) else folder_tokenizer(name) or models.load_tokenizer(name)


def _chosen(arguments: argparse.Namespace, *, need_assistant: bool) -> list[tuple[int, dict[str, Any]]]:
    from sintonia.conversations import load_rows

    say = _say_reading if arguments.format == "auto" else None
    chosen, count = [], 0
    for row in load_rows(arguments.file, arguments.format, need_assistant=need_assistant, on_format=say):
        count += 1
        if arguments.row in (None, count):
            chosen.append((count, row))
    if not chosen:
        raise InputError(Fault(f"{arguments.file}", f"{count} rows", f"at least {arguments.row} for --row"))
    return chosen


def _text(row: dict[str, Any], arguments: argparse.Namespace, tokenizer: Any) -> str:
    from sintonia.chat_templates import render

    return render(
        row["messages"],
        arguments.template,
        tokenizer=tokenizer,
        add_generation_prompt=getattr(arguments, "add_generation_prompt", False),
        tools=row.get("tools"),
        template_kwargs=row.get("chat_template_kwargs"),
    ).text


def _render(arguments: argparse.Namespace) -> int:
    tokenizer = _tokenizer(arguments.model)
    rows = _chosen(arguments, need_assistant=not arguments.add_generation_prompt)
    texts = [_text(row, arguments, tokenizer) for _, row in rows]
    for text in texts:
        if sys.stdout.isatty():  # exact into a file or a pipe; a terminal would obey what stands in it
            text = harmless(text)
        sys.stdout.write(text if text.endswith("\n") else text + "\n")
    return DONE


def _mask(arguments: argparse.Namespace) -> int:
    from sintonia.loss_masks import encode, fast_backend, labels, show_mask

    tokenizer = _tokenizer(arguments.model)
    rows = _chosen(arguments, need_assistant=True)
    examples = encode([row for _, row in rows], tokenizer, chat_template=arguments.template)
    color = sys.stdout.isatty() and "NO_COLOR" not in os.environ
    backend = fast_backend(tokenizer)
    for (number, row), example in zip(rows, examples, strict=True):
        if arguments.json:
            text = _text(row, arguments, tokenizer)
            tokens = [backend.id_to_token(token) for token in example["input_ids"]]
            shown = {"text": text, "input_ids": example["input_ids"], "tokens": tokens}
            shown |= {"assistant_mask": example["assistant_mask"], "labels": labels(example)}
            print(json.dumps(shown, ensure_ascii=False))
        else:
            print(f"{arguments.file}, row {number}")
            print(show_mask(example, tokenizer, color=color))
    return DONE


def _convert(arguments: argparse.Namespace) -> int:
    from tqdm import tqdm

    from sintonia.conversion import convert

    with tqdm(unit=" rows", disable=None) as bar:  # None: only where somebody looks on
        done = convert(
            arguments.source,
            arguments.out,
            arguments.format,
            skip_bad=arguments.skip_bad,
            overwrite=arguments.overwrite,
            on_row=lambda row: bar.update(),
        )
    _say_format(done.format, done.reason)
    print(f"saved: {done.out} (rows: {done.rows})")
    if done.rejects:
        print(f"rejected: {done.rejects} (rows: {done.rejected}, each with what is wrong with it)")
    return DONE


def _encode(arguments: argparse.Namespace) -> int:
    from tqdm import tqdm

    from sintonia.encoded_datasets import encode_to_arrow

    tokenizer = _tokenizer(arguments.model)
    try:
        with tqdm(unit=" rows", disable=None) as bar:
            done = encode_to_arrow(
                arguments.source,
                arguments.out,
                tokenizer,
                chat_template=arguments.template,
                max_length=arguments.max_length,
                truncation=arguments.truncation,
                format=arguments.format,
                labels=arguments.labels,
                skip_bad=arguments.skip_bad,
                num_proc=arguments.num_proc,
                overwrite=arguments.overwrite,
                on_format=_say_format,
                on_rows=bar.update,
            )
    except KeyboardInterrupt:
        print("\nsintonia: interrupted; the same command goes on where it stopped", file=sys.stderr)
        return 130
    if done.resumed:
        print(f"resumed: {done.resumed} finished files were kept", file=sys.stderr)
    print(f"saved: {done.folder} (rows: {done.rows}, tokens: {done.tokens}, supervised: {done.supervised})")
    if done.cut:
        print(f"cut: {done.cut}")
    if done.rejects:
        print(f"rejected: {done.rejects} (rows: {done.rejected}, each with what is wrong with it)")
    return DONE


def _doctor(arguments: argparse.Namespace) -> int:
    import shutil

    from sintonia import doctor

    report = doctor.examine(
        doctor.data_of(arguments.data, arguments.config),
        eval_data=arguments.eval_data,
        recipe=arguments.config,
        model=arguments.model,
        chat_template=arguments.template,
        max_length=arguments.max_length,
        packing=arguments.packing,
        format=arguments.format,
        lang=arguments.lang or doctor.environment_language(),
    )
    if arguments.json:
        print(report.to_json())
    else:
        color = sys.stdout.isatty() and "NO_COLOR" not in os.environ
        width = min(100, shutil.get_terminal_size().columns)
        print(report.to_text(width=width, color=color))
    return report.exit_code(strict=arguments.strict)


def _estimate(arguments: argparse.Namespace) -> int:
    from dataclasses import replace

    from sintonia import run_estimates

    if (arguments.rows is None) != (arguments.length is None):
        raise InputError(Fault("sintonia estimate", "one of --rows and --length", "both of them, or neither"))
    if arguments.measure and (arguments.device == "gpu" or arguments.processes > 1):
        raise InputError(Fault("--measure", "a run elsewhere", "one process on this CPU"))
    recipe = run_estimates.read(arguments.config)
    if arguments.batch_size:
        recipe["per_device_train_batch_size"] = arguments.batch_size
    run = run_estimates.estimate_run(
        recipe,
        model=arguments.model,
        data=arguments.data,
        rows=arguments.rows,
        length=arguments.length,
        device=arguments.device,
        processes=arguments.processes,
        tokens_per_second=arguments.tokens_per_second,
    )
    if arguments.measure:
        wait_asleep()
        speed = run_estimates.measure_speed(recipe, run, arguments.measure, arguments.model)
        run = replace(run, tokens_per_second=speed)
    print(run.to_json() if arguments.json else run.to_text())
    return DONE


def _exercise(arguments: argparse.Namespace) -> int:
    from sintonia.doctor import environment_language
    from sintonia.exercises import commands

    lang = arguments.lang or environment_language()
    if arguments.verb == "list":
        return commands.list_all(lang, arguments.id)
    if arguments.verb == "start":
        return commands.start(lang, arguments.id, overwrite=arguments.overwrite)
    if arguments.verb == "check":
        color = sys.stdout.isatty() and "NO_COLOR" not in os.environ
        return commands.check(lang, arguments.id, watch=arguments.watch, color=color)
    if arguments.verb == "hint":
        return commands.hint(lang, arguments.id)
    return commands.solution(lang, arguments.id, yes=arguments.yes)


def _loop(argv: list[str]) -> int:
    wait_asleep()
    from sintonia import training_loop

    return training_loop.main(argv)


def _sft(argv: list[str]) -> int:
    wait_asleep()
    from sintonia.starting import without_collection

    with without_collection():
        from sintonia import sft

        sft.import_trainer()
    return sft.main(argv)


def _compare(arguments: argparse.Namespace) -> int:
    from sintonia import answers, comparison, models, reports, run_comparisons
    from sintonia.conversations import load_rows

    if arguments.out and Path(arguments.out).suffix not in (".html", ".md", ".json"):
        raise InputError(Fault("--out", arguments.out, "a file ending in .html, .md or .json"))
    for folder in arguments.tuned:
        if not Path(folder).is_dir():
            raise InputError(Fault(folder, "no such folder", "the folder that `sintonia sft` wrote"))
    languages = [arguments.lang] if arguments.lang else LANGUAGES
    if arguments.data:
        rows = list(load_rows(arguments.data, on_format=_say_reading))
    else:
        rows = comparison.course_rows("test", languages)
    rows = answers.choose(rows, arguments.prompts)
    print(models.describe(arguments.base or run_comparisons.base_of_runs(arguments.tuned)), flush=True)
    with _bar((1 + len(arguments.tuned)) * len(rows)) as bar:
        result = run_comparisons.compare_folders(
            arguments.tuned,
            rows,
            base=arguments.base,
            chat_template=arguments.template,
            max_new_tokens=arguments.max_new_tokens or answers.MAX_NEW_TOKENS,
            on_batch=bar.update,
        )
    print(reports.to_terminal(result))
    if arguments.out:
        print(f"saved: {reports.write_report(result, arguments.out)}")
    return DONE


def _bar(total: int) -> Any:
    from tqdm import tqdm

    return tqdm(total=total, desc="replies", dynamic_ncols=True)


def _chat(arguments: argparse.Namespace) -> int:
    from sintonia import models
    from sintonia.generation import generate

    print(models.describe(arguments.model))
    tokenizer = models.load_tokenizer(arguments.model)
    model = models.load_model(arguments.model)
    opening = [{"role": "system", "content": arguments.system}] if arguments.system else []
    turns = list(opening)
    print("/new starts over, /quit or Ctrl-D leaves")
    while True:
        try:
            said = input("> ").strip()
        except EOFError:
            print()
            return DONE
        if said in ("/quit", "/exit"):
            return DONE
        if said == "/new":
            turns = list(opening)
        elif said:
            turns.append({"role": "user", "content": said})
            reply = generate(
                model,
                tokenizer,
                [turns],
                chat_template=arguments.template,
                max_new_tokens=arguments.max_new_tokens,
            )[0]
            turns.append({"role": "assistant", "content": reply.text})
            shown = harmless(reply.text)  # what a model writes must not steer the terminal
            print(shown if reply.stopped else f"{shown} … (did not stop)")
