"""`sitekit accept`: declares that the languages say the same in a section, and writes that into the lock.

sitekit accept masks.md#label-shift                      all languages followed
sitekit accept masks.md#label-shift --reason "a typo"    only some changed, and that is right
sitekit accept masks.md                                  every section of a page
sitekit accept --all --reason "read by native editors"   whatever is not in step
"""

from __future__ import annotations

import argparse
import difflib
import sys
from collections.abc import Sequence
from datetime import date

from sitekit.checksums import ABSENT
from sitekit.course import Course, read_course
from sitekit.findings import CannotReadError
from sitekit.languages import LANGUAGES
from sitekit.lock import LOCK, Entry, Standing, read_lock, standings, write_lock
from sitekit.roots import add_root, root_of


def choose(course: Course, asked: Sequence[str], known: Sequence[str]) -> tuple[list[str], list[str]]:
    """Names of passages that were asked for, and what was asked in vain.

    A page stands for all its sections; `docs/es/masks.md#signs` and `masks.md#signs` are one.
    """
    names, faults = [], []
    pages = {name.partition("#")[0] for name in known}
    for wish in asked:
        page, mark, section = wish.removeprefix("./").partition("#")
        for lang in LANGUAGES:
            page = page.removeprefix(f"docs/{lang}/").replace(f".{lang}.md", ".md")
        if page not in pages:
            page = next((name for name in sorted(pages) if name.endswith(f"/{page}")), page)
        name = f"{page}{mark}{section}"
        found = [known_name for known_name in known
                 if known_name == name or (not mark and known_name.partition("#")[0] == page)]  # fmt: skip
        if not found:
            near = difflib.get_close_matches(name, [*known, *pages], n=3, cutoff=0.4)
            hint = f"; near it: {', '.join(near)}" if near else ""
            faults.append(f"{wish}: found no such section; expected PAGE or PAGE#SECTION{hint}")
        names += found
    return list(dict.fromkeys(names)), faults


def declare(chosen: list[Standing], reason: str, today: str) -> list[Entry]:
    """New lines of the lock for passages; the reason stays only where fewer than all had to change."""
    return [
        Entry(
            standing.passage.name,
            today,
            {lang: standing.passage.sums.get(lang, ABSENT) for lang in LANGUAGES},
            reason if standing.lags else "",
        )
        for standing in chosen
    ]


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the command: 0 declared, 1 refused since parity fails, 2 bad input or no reason given."""
    parser = argparse.ArgumentParser(
        prog="sitekit accept",
        description="Declares sections in step: the languages say the same there.",
    )
    parser.add_argument("sections", nargs="*", metavar="PAGE#SECTION", help="or PAGE, for all its sections")
    parser.add_argument("--all", action="store_true", help="everything that is not in step")
    parser.add_argument("--reason", default="", help="why fewer than all languages had to change")
    add_root(parser)
    options = parser.parse_args(arguments)
    if bool(options.sections) == options.all:
        parser.error("found no PAGE#SECTION" if not options.all else "found both --all and PAGE#SECTION")
    root, reason = root_of(options), " ".join(options.reason.split())
    try:
        course, lock = read_course(root), read_lock(root) or {}
    except CannotReadError as error:
        print(error, file=sys.stderr)
        return 2
    if course.findings:
        for finding in course.findings:
            print(finding)
        count = f"{len(course.findings)} finding{'s' if len(course.findings) > 1 else ''}"
        print(f"refused: {count}; repair them, then accept", file=sys.stderr)
        return 1
    return _accept(course, lock, options, reason)


def _accept(course: Course, lock: dict[str, Entry], options: argparse.Namespace, reason: str) -> int:
    known = [*course.passages.by_name, *(name for name in lock if name not in course.passages.by_name)]
    names, faults = (known, []) if options.all else choose(course, options.sections, known)
    if faults:
        print("\n".join(faults), file=sys.stderr)
        return 2
    wanted = set(names)
    chosen = [s for s in standings(course.passages, lock) if s.passage.name in wanted and not s.in_step]
    partly = [standing for standing in chosen if standing.lags]
    if partly and not reason:
        for standing in partly:
            print(
                f"{standing.passage.name}: found {', '.join(standing.led)} changed and "
                f"{', '.join(standing.lags)} as before; expected all to change; translate the others too, or "
                'say why they need not: --reason "a typo"',
                file=sys.stderr,
            )
        return 2
    gone = [name for name in names if name not in course.passages.by_name]
    for name in gone:
        del lock[name]
    for entry in declare(chosen, reason, date.today().isoformat()):
        lock[entry.name] = entry
    if chosen or gone:
        write_lock(course.root, lock)
    if not options.all:
        for standing in chosen:
            print(f"{standing.passage.name}: in step")
    done = f"{len(chosen)} declared in step" + (f", {len(gone)} gone" if gone else "")
    print(f"{done}; {LOCK} has {len(lock)} passages" if chosen or gone else "nothing to declare: in step")
    return 0


if __name__ == "__main__":
    sys.exit(main())
