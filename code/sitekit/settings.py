"""Where the project lives: languages, folders, and the one setting that names the repository."""

from __future__ import annotations

import functools
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from sitekit import languages

ROOT = Path(__file__).resolve().parents[2]
"""The repository's root."""

LANGUAGES = languages.MENU
"""In the order that menus show them."""

DEFAULT_LANGUAGE = languages.REFERENCE

HTML_LANG = languages.HTML_LANG


class Problem(Exception):
    """Findings that stop a build, each `WHERE: found X; expected Y; do Z`.

    >>> str(Problem(["docs/pt/masks.md:3: found A; expected B", "docs/pt/masks.md:9: found C; expected D"]))
    'docs/pt/masks.md:3: found A; expected B\\ndocs/pt/masks.md:9: found C; expected D'
    """

    def __init__(self, findings: list[str]) -> None:
        self.findings = list(findings)
        super().__init__("\n".join(self.findings))


@dataclass(frozen=True)
class Project:
    """Addresses derived from one `owner/name`."""

    repo: str
    site_url: str
    branch: str = "main"

    def colab_url(self, path: str) -> str:
        """Address that opens a notebook of the repository in Colab; `path` is relative to its root.

        >>> Project("a/b", "https://a.github.io/b/").colab_url("docs/pt/notebooks/x.ipynb")
        'https://colab.research.google.com/github/a/b/blob/main/docs/pt/notebooks/x.ipynb'
        """
        return f"https://colab.research.google.com/github/{self.repo}/blob/{self.branch}/{path}"

    def edit_url(self, path: str) -> str:
        """Address of GitHub's editor for a file of the repository.

        >>> Project("a/b", "https://a.github.io/b/").edit_url("docs/pt/masks.md")
        'https://github.com/a/b/edit/main/docs/pt/masks.md'
        """
        return f"https://github.com/{self.repo}/edit/{self.branch}/{path}"


LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
"""C reads YAML ten times faster."""


class _ConfigLoader(LOADER):
    """Reads mkdocs.yml without its plugins: `!ENV [NAME, default]` gives the default, other tags
    nothing."""


def _env_default(loader: yaml.Loader, node: yaml.Node) -> Any:
    if isinstance(node, yaml.SequenceNode):
        return loader.construct_sequence(node)[-1]
    return None


_ConfigLoader.add_constructor("!ENV", _env_default)
_ConfigLoader.add_multi_constructor("", lambda loader, suffix, node: None)


def pages_url(repo: str) -> str:
    """Address that GitHub Pages gives a repository.

    >>> pages_url("sintonia-course/sintonia")
    'https://sintonia-course.github.io/sintonia/'
    """
    owner, _, name = repo.partition("/")
    return f"https://{owner.lower()}.github.io/{name}/"


@functools.cache
def default_project(root: Path = ROOT) -> Project:
    """The project as mkdocs.yml names it, whatever the environment says.

    Committed notebooks carry these addresses, so the same file is right on every machine.
    """
    path = root / "mkdocs.yml"
    config = yaml.load(path.read_text(encoding="utf-8"), Loader=_ConfigLoader)
    extra = config["extra"]
    return Project(extra["repo"], config["site_url"], extra["branch"])


def site_address(repo: str, configured: str | None) -> str | None:
    """The site's address: SITE_URL if set, else from SINTONIA_REPO if set, else as configured."""
    if os.environ.get("SITE_URL") or not os.environ.get("SINTONIA_REPO"):
        return configured
    return pages_url(repo)
