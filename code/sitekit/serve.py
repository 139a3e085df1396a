"""Serves the site while it is written: the four languages, built anew and reloaded after each edit.

    python -m sitekit.serve [--port 8000]

`LANGS=pt` builds that language alone, again within three seconds of an edit.
"""

from __future__ import annotations

import argparse
import os
import socket
import sys

from sitekit.settings import ROOT


def port_number(text: str) -> int:
    """A port from the command line or the environment.

    Raises:
        argparse.ArgumentTypeError: not a whole number from 1 to 65535.
    """
    if text.isascii() and text.isdigit() and 1 <= int(text) <= 65535:
        return int(text)
    raise argparse.ArgumentTypeError(f"PORT: found {text!r}; expected a number from 1 to 65535")


def is_free(host: str, port: int) -> bool:
    """Whether a server can listen there."""
    with socket.socket() as probe:
        # A server that ended a moment ago leaves its port in TIME_WAIT, which does not hinder the next one.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
    return True


def main(argv: list[str] | None = None) -> int:
    """The command; exit status 2 for a bad or busy port."""
    parser = argparse.ArgumentParser(prog="python -m sitekit.serve", description=__doc__.splitlines()[0])
    parser.add_argument("--port", type=port_number, default=os.environ.get("PORT") or "8000")
    parser.add_argument("--host", default="127.0.0.1", help="0.0.0.0 to be reached from other machines")
    args = parser.parse_args(argv)
    if not is_free(args.host, args.port):
        print(
            f"PORT: found {args.port} in use; expected a free one;"
            f" try PORT={args.port % 65535 + 1} make serve",
            file=sys.stderr,
        )
        return 2
    os.chdir(ROOT)
    # The site's address on the web has a path (/sintonia/); here it is served at the root.
    os.environ["SITE_URL"] = f"http://127.0.0.1:{args.port}/"
    from mkdocs.commands.serve import serve
    from mkdocs.exceptions import Abort, ConfigurationError

    print(f"building; then at http://127.0.0.1:{args.port}/ (Ctrl+C ends it)", flush=True)
    try:
        serve(str(ROOT / "mkdocs.yml"), dev_addr=f"{args.host}:{args.port}", watch_theme=True)
    except Abort:
        return 1
    except ConfigurationError as error:
        print(error, file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
