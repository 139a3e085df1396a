"""The command `sitekit`, also `python -m sitekit`: what keeps the languages in step."""

from __future__ import annotations

import importlib
import os
import sys
from collections.abc import Sequence

COMMANDS = {
    "parity": "say every difference between the languages, and what lags",
    "status": "show how each language stands, page by page",
    "accept": "declare sections in step",
    "new-language": "begin a language, or renew what it has still to do",
    "offline": "pack the built site for reading without a server",
}


def usage() -> str:
    """What the command says of itself."""
    width = max(map(len, COMMANDS))
    lines = [f"  {name:<{width}}  {what}" for name, what in COMMANDS.items()]
    return "\n".join(["usage: sitekit COMMAND [--help]", "", *lines])


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs one command; returns its exit code.

    >>> main(["paritee"])
    2
    """
    given = list(sys.argv[1:] if arguments is None else arguments)
    if given[:1] in (["--help"], ["-h"]):
        print(usage())
        return 0
    if not given or given[0] not in COMMANDS:
        found = given[0] if given else "no command"
        print(f"sitekit: found {found}; expected one of: {', '.join(COMMANDS)}", file=sys.stderr)
        return 2
    module = importlib.import_module(f"sitekit.{given[0].replace('-', '_')}")
    try:
        return module.main(given[1:])
    except BrokenPipeError:  # the reader, `head` say, has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0


if __name__ == "__main__":
    sys.exit(main())
