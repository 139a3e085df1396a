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
from sintonia.errors import Fault, InputError

DONE, FINDINGS, BAD_INPUT = 0, 1, 2
LANGUAGES = ("pt", "es", "zh", "en")


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
    arguments = parser.parse_args(argv)
    if not hasattr(arguments, "run"):
        parser.print_help()
        return BAD_INPUT
    return _guarded(arguments.run, arguments)


def _guarded(run: Any, arguments: Any) -> int:
    try:
        return run(arguments)
    except InputError as error:
        print(f"sintonia: {error}", file=sys.stderr)
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

    commands.add_parser("sft", help="train (sintonia sft --help lists every flag)")

    compare = commands.add_parser("compare", help="base and tuned model, side by side, with figures")
    compare.add_argument("--base", metavar="M", help="hub id or folder; what the adapter names if left out")
    compare.add_argument("--tuned", metavar="DIR", required=True, help="folder that `sintonia sft` wrote")
    compare.add_argument("--data", metavar="FILE", help="prompts; the course's test rows if left out")
    compare.add_argument("--lang", choices=LANGUAGES, help="only the course's rows in this language")
    compare.add_argument("--template", metavar="NAME-or-file", help="instead of the tokenizer's own")
    compare.add_argument("--max-new-tokens", type=_positive, default=64, metavar="N")
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
    parser.add_argument("file", metavar="FILE", help="conversations, one JSON object a line")
    parser.add_argument("--row", type=_positive, metavar="N", help="only the N-th row, from 1")
    parser.add_argument("--model", metavar="M", help="hub id or folder whose tokenizer is used")
    parser.add_argument("--template", metavar="NAME-or-file", help="instead of the tokenizer's own")


def _positive(text: str) -> int:
    try:
        value = int(text)
    except ValueError:
        value = 0
    if value < 1:
        raise argparse.ArgumentTypeError(f"found {text!r}; expected a whole number from 1")
    return value


def _tokenizer(name: str | None) -> Any:
    """`None` for the embedded model: the library then uses it without importing transformers."""
    from sintonia import models

    print(models.describe(name), file=sys.stderr)
    return None if models.is_embedded(name) else models.load_tokenizer(name)


def _chosen(arguments: argparse.Namespace, *, need_assistant: bool) -> list[tuple[int, Any]]:
    from sintonia.conversations import load_conversations

    found = list(enumerate(load_conversations(arguments.file, need_assistant=need_assistant), start=1))
    if arguments.row is None:
        return found
    if arguments.row > len(found):
        raise InputError(
            Fault(f"{arguments.file}", f"{len(found)} rows", f"at least {arguments.row} for --row")
        )
    return [found[arguments.row - 1]]


def _render(arguments: argparse.Namespace) -> int:
    from sintonia.chat_templates import render

    tokenizer = _tokenizer(arguments.model)
    rows = _chosen(arguments, need_assistant=not arguments.add_generation_prompt)
    texts = [
        render(
            conversation,
            arguments.template,
            tokenizer=tokenizer,
            add_generation_prompt=arguments.add_generation_prompt,
        ).text
        for _, conversation in rows
    ]
    for text in texts:
        sys.stdout.write(text if text.endswith("\n") else text + "\n")
    return DONE


def _mask(arguments: argparse.Namespace) -> int:
    from sintonia.chat_templates import render
    from sintonia.loss_masks import encode, fast_backend, labels, show_mask

    tokenizer = _tokenizer(arguments.model)
    rows = _chosen(arguments, need_assistant=True)
    examples = encode([row for _, row in rows], tokenizer, chat_template=arguments.template)
    color = sys.stdout.isatty() and "NO_COLOR" not in os.environ
    backend = fast_backend(tokenizer)
    for (number, conversation), example in zip(rows, examples, strict=True):
        if arguments.json:
            text = render(conversation, arguments.template, tokenizer=tokenizer).text
            tokens = [backend.id_to_token(token) for token in example["input_ids"]]
            row = {"text": text, "input_ids": example["input_ids"], "tokens": tokens}
            row |= {"assistant_mask": example["assistant_mask"], "labels": labels(example)}
            print(json.dumps(row, ensure_ascii=False))
        else:
            print(f"{arguments.file}, row {number}")
            print(show_mask(example, tokenizer, color=color))
    return DONE


def _sft(argv: list[str]) -> int:
    from sintonia import sft

    return sft.main(argv)


def _compare(arguments: argparse.Namespace) -> int:
    from sintonia import comparison, models, reports
    from sintonia.conversations import load_rows

    if arguments.out and Path(arguments.out).suffix not in (".html", ".md", ".json"):
        raise InputError(Fault("--out", arguments.out, "a file ending in .html, .md or .json"))
    tuned_folder = Path(arguments.tuned)
    if not tuned_folder.is_dir():
        raise InputError(Fault(arguments.tuned, "no such folder", "the folder that `sintonia sft` wrote"))
    languages = [arguments.lang] if arguments.lang else LANGUAGES
    rows = list(load_rows(arguments.data)) if arguments.data else comparison.course_rows("test", languages)
    base_name = arguments.base or models.base_of(tuned_folder)
    print(models.describe(base_name), flush=True)
    tuned = models.load_model(tuned_folder)
    tokenizer = models.load_tokenizer(tuned_folder)
    base = models.load_model(base_name)
    label = models.EMBEDDED_NAME if models.is_embedded(base_name) else str(base_name)
    with _bar(2 * len(rows)) as bar:
        result = comparison.compare(
            (label, base, models.load_tokenizer(base_name)),
            (tuned_folder.name, tuned, tokenizer),
            rows,
            chat_template=arguments.template,
            max_new_tokens=arguments.max_new_tokens,
            on_batch=bar.update,
            **comparison.run_facts(tuned_folder),
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
            # What a model writes must not steer the terminal.
            shown = "".join(c if c.isprintable() or c in "\n\t" else "�" for c in reply.text)
            print(shown if reply.stopped else f"{shown} … (did not stop)")
