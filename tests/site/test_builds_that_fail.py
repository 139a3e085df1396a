"""Pages' faults stop a build, all at once; a writer's build of one language is quick and forgiving."""

import pytest

from sitekit.building import build_site


@pytest.fixture
def project(tmp_path, copy_course):
    """A copy of the project's site sources that a test may spoil."""
    return copy_course(tmp_path / "project")


def append(path, text):
    with path.open("a", encoding="utf-8") as file:
        file.write(text)
    return len(path.read_text(encoding="utf-8").splitlines())


def test_unknown_term_and_figure_stop_the_build(project, tmp_path):
    first = append(project / "docs/pt/masks.md", "\n\n[[no-such-term]]\n")
    second = append(project / "docs/en/masks.md", "\n\n![figure: no-such](assets/figures/no-such.svg)\n")
    (project / "docs/assets/figures").mkdir(exist_ok=True)
    done = build_site(tmp_path / "out", project)
    log = done.stdout + done.stderr
    assert done.returncode != 0
    assert f"docs/en/masks.md:{second}: docs/assets/figures/no-such.svg: found no such figure" in log
    append(project / "docs/en/masks.md", "")
    done = build_site(tmp_path / "out", project, LANGS="pt")
    assert f"docs/pt/masks.md:{first}: found [[no-such-term]]; expected a term" in done.stdout + done.stderr
    assert done.returncode != 0, "--strict turns a writer's warnings into a failure"


def test_missing_listing_stops_the_build(project, tmp_path):
    append(project / "docs/en/masks.md", '\n\n```python\n--8<-- "masks/no_such_listing.py"\n```\n')
    done = build_site(tmp_path / "out", project)
    assert done.returncode != 0 and "no_such_listing.py" in done.stdout + done.stderr


def test_one_language_is_built_at_the_root(project, tmp_path):
    done = build_site(tmp_path / "out", project, LANGS="pt")
    assert done.returncode == 0, done.stderr
    page = (tmp_path / "out/masks/index.html").read_text(encoding="utf-8")
    assert (
        'lang="pt-BR"' in page and not (tmp_path / "out/pt").exists() and not (tmp_path / "out/es").exists()
    )


def test_unknown_language_is_named(project, tmp_path):
    done = build_site(tmp_path / "out", project, LANGS="pt,fr")
    assert (
        done.returncode != 0
        and "LANGS: found fr; expected some of pt, es, zh, en" in done.stdout + done.stderr
    )
