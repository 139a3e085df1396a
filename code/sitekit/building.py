"""Builds the site into a folder, strictly and in a process of its own, and finds a browser to look at it."""

from __future__ import annotations

import functools
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from sitekit.settings import ROOT

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
NO_BROWSER = "no browser: apt-get install chromium, or CHROMIUM=/path/to/chrome"


def find_browser() -> str | None:
    """CHROMIUM from the environment, else the first Chromium or Chrome on PATH."""
    return os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, BROWSERS)), None)


def build_site(out: Path, root: Path = ROOT, **environment: str) -> subprocess.CompletedProcess[str]:
    """Runs `mkdocs build --strict` of the project at `root` into `out`; the caller looks at `returncode`.

    Args:
        environment: further environment variables, such as `LANGS="pt"`.
    """
    ours = ("LANGS", "SITE_URL", "SINTONIA_REPO")
    env = {key: value for key, value in os.environ.items() if key not in ours}
    # Material's notice about its successor is no business of a build log.
    env.update(NO_MKDOCS_2_WARNING="1", PYTHONPATH=str(root / "code"), **environment)
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", str(out)]
    return subprocess.run(command, cwd=root, env=env, capture_output=True, text=True, check=False)


@functools.cache
def site_for_tests(root: Path = ROOT) -> tuple[Path, str]:
    """The site, built once in this process, and the build's log.

    Raises:
        AssertionError: the build failed; the log is the message.
    """
    out = Path(tempfile.mkdtemp(prefix="sintonia-site-")) / "sintonia"
    done = build_site(out, root)
    log = done.stdout + done.stderr
    assert done.returncode == 0, f"mkdocs build --strict: found status {done.returncode}; expected 0\n{log}"
    return out, log
