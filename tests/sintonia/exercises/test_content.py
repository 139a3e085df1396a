"""Each exercise: its solution passes, its starter and wrong answers get the message meant for them."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest
import yaml

from sintonia.exercises.catalogue import FOLDER, find, ids, in_order, words
from sintonia.exercises.commands import explain, starter
from sintonia.exercises.judging import judge
from sintonia.findings import LANGUAGES

ROOT = Path(__file__).resolve().parents[3]
DOCS = ROOT / "docs"
EXAMPLES = ROOT / "code" / "examples"
WRONG, RIGHT = (
    yaml.safe_load(Path(__file__).with_name(name).read_text("utf-8")) for name in ("wrong.yml", "right.yml")
)
CASES = [(id, number) for id, cases in WRONG.items() for number in range(len(cases))]
OTHERS = [(id, number) for id, cases in RIGHT.items() for number in range(len(cases))]
CJK = "\u4e00-\u9fff"


def judged(exercise, source, tmp_path):
    """What the checker says of a source."""
    file = tmp_path / "work.py"
    file.write_text(source, "utf-8")
    return judge(file, exercise.folder / "checker.py")


def written(exercise, case):
    """A case's file, or the solution with its changes."""
    if "code" in case:
        return case["code"]
    source = exercise.source("solution.py")
    for old, new in case["replace"].items():
        assert old in source, f"{exercise.id}: the solution has no {old!r}"
        source = source.replace(old, str(new))
    return source


def assert_said_in_four_languages(exercise, failure):
    texts = {}
    for lang in LANGUAGES:
        (_, text), *labelled = explain(exercise, failure, lang)
        assert text and not re.search(r"\{[a-z_]+(:[a-z]+)?\}", text), (lang, text)
        link = labelled[-1][1]
        assert ("/pt/" in link, "/es/" in link, "/zh/" in link) == (lang == "pt", lang == "es", lang == "zh")
        assert "/#" in link
        texts[lang] = text
    assert len(set(texts.values())) == len(LANGUAGES), texts


@pytest.mark.parametrize("id", ids())
def test_the_solution_passes(id, tmp_path):
    assert judged(find(id), find(id).source("solution.py"), tmp_path) == []


@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize("id", ids())
def test_the_starter_fails_with_the_intended_message(id, lang, tmp_path):
    failures = judged(find(id), starter(find(id), lang), tmp_path)
    assert [failure.key for failure in failures[:1]] == [find(id).untouched]
    assert_said_in_four_languages(find(id), failures[0])


@pytest.mark.parametrize("id, number", CASES, ids=[f"{id}-{WRONG[id][n]['says']}-{n}" for id, n in CASES])
def test_a_wrong_answer_gets_the_right_hint(id, number, tmp_path):
    case, exercise = WRONG[id][number], find(id)
    source = written(exercise, case)
    failures = judged(exercise, source, tmp_path)
    assert failures and failures[0].key == case["says"], [failure.as_dict() for failure in failures]
    for failure in failures:
        assert_said_in_four_languages(exercise, failure)


@pytest.mark.parametrize("id, number", OTHERS, ids=[f"{id}-{n}" for id, n in OTHERS])
def test_another_right_answer_passes(id, number, tmp_path):
    failures = judged(find(id), written(find(id), RIGHT[id][number]), tmp_path)
    assert not failures, [failure.as_dict() for failure in failures]


@pytest.mark.parametrize("id", ids())
def test_wrong_answers_are_tried(id):
    keys = {case["says"] for case in WRONG.get(id, [])}
    assert len(keys) >= 3
    # Every message of an exercise is one that some wrong answer or the starter really gets.
    assert set(find(id).texts["messages"]) <= keys | {find(id).untouched}


@pytest.mark.parametrize("id", ids())
def test_the_texts_are_complete(id):
    exercise = find(id)
    assert exercise.level in ("easy", "medium", "hard") and exercise.lesson in words()["lessons"]
    assert len(exercise.hints("en")) >= 2
    texts = {f"message {key}": entry for key, entry in exercise.texts["messages"].items()}
    texts |= {f"hint {number}": hint for number, hint in enumerate(exercise.texts["hints"])}
    texts |= {"title": exercise.texts["title"], "task": exercise.texts["task"]}
    for name, entry in texts.items():
        assert_four(f"{id}: {name}", entry)
    keys = set(exercise.texts["messages"]) | set(words()["messages"])
    used = yielded_keys(exercise.folder / "checker.py")
    assert used <= keys, used - keys
    assert set(exercise.texts["messages"]) <= used


def test_the_words_of_the_commands_are_complete():
    for part in ("lessons", "ui", "messages"):
        for key, entry in words()[part].items():
            assert_four(f"{part} {key}", entry)
    assert list(words()["lessons"]) == list(range(1, 11))


@pytest.mark.parametrize("id", ids())
def test_the_page_sets_the_exercise_under_the_same_title(id):
    exercise = find(id)
    page, _, anchor = exercise.page.partition("#")
    assert anchor == f"exercise-{id}"
    if not any((DOCS / lang / page).exists() for lang in LANGUAGES):
        pytest.skip(f"{page} is not on the site yet")
    for lang in LANGUAGES:
        text = (DOCS / lang / page).read_text("utf-8")
        assert f"### {exercise.sign} {exercise.title(lang)} {{#{anchor}}}" in text, (
            lang,
            exercise.title(lang),
        )
        lesson = words()["lessons"][exercise.lesson][lang]
        assert text.startswith(f"# {lesson}\n"), (lang, lesson)


def test_every_section_that_helps_is_there():
    reads = {entry["read"] for entry in words()["messages"].values() if "read" in entry}
    for id in ids():
        reads |= {entry["read"] for entry in find(id).texts["messages"].values() if "read" in entry}
    assert len(reads) > 10
    for read in reads:
        page, _, anchor = read.partition("#")
        for lang in LANGUAGES:
            file = DOCS / lang / page
            if file.exists():
                assert f"{{#{anchor}}}" in file.read_text("utf-8"), (lang, read)


def test_every_exercise_of_the_pages_can_be_checked():
    anchors = re.compile(r"^### .* \{#exercise-([\w-]+)\}$", re.MULTILINE)
    pages = {id for page in (DOCS / "en").glob("*.md") for id in anchors.findall(page.read_text("utf-8"))}
    assert pages and pages <= set(ids()), f"without a checker: {sorted(pages - set(ids()))}"


@pytest.mark.parametrize("id", ids())
def test_the_page_and_the_package_have_one_solution(id):
    """Each statement of the solution stands in the course's listing too."""
    exercise = find(id)
    listing = ast.parse((EXAMPLES / exercise.listing).read_text("utf-8"))
    known = {ast.dump(node) for node in ast.walk(listing)}
    known |= {name for node in ast.walk(listing) for name in names_bound(node)}

    def stands(node: ast.stmt) -> bool:
        if ast.dump(node) in known:
            return True
        if isinstance(node, ast.FunctionDef):
            return all(map(stands, node.body))
        if isinstance(node, ast.Return) and isinstance(node.value, (ast.Name, ast.Tuple)):
            parts = node.value.elts if isinstance(node.value, ast.Tuple) else [node.value]
            return all(isinstance(part, ast.Name) and part.id in known for part in parts)
        return isinstance(node, (ast.Return, ast.Assign)) and ast.dump(node.value) in known

    for node in ast.parse(exercise.source("solution.py")).body:
        assert stands(node), f"{exercise.listing} lacks: {ast.unparse(node)}"


@pytest.mark.parametrize("id", ids())
def test_the_solution_gives_nothing_away_in_the_starter(id):
    body = find(id).source("solution.py").splitlines()
    shared = set(body) & set(find(id).source("starter.py").splitlines())
    assert len(shared) < len(body) / 2 + 2


def test_the_easy_ones_come_first_and_no_file_hides_a_module():
    order = [(exercise.lesson, ["easy", "medium", "hard"].index(exercise.level)) for exercise in in_order()]
    assert order == sorted(order)
    names = [exercise.file_name for exercise in in_order()]
    assert len(set(names)) == len(names) == len(list(FOLDER.glob("*/exercise.yml")))
    assert not any(Path(name).stem.isidentifier() for name in names)


def test_the_package_stands_left_of_the_command():
    for file in [*FOLDER.glob("*.py"), *FOLDER.glob("*/checker.py")]:
        for node in ast.walk(ast.parse(file.read_text("utf-8"))):
            if isinstance(node, ast.ImportFrom):
                assert node.module not in ("sintonia.cli", "trl"), file


def assert_four(where, entry):
    """A text in four languages, with the same values to fill in and the same code in each."""
    assert set(entry) - {"read"} == set(LANGUAGES), where
    for lang in LANGUAGES:
        text = entry[lang]
        assert isinstance(text, str), (where, lang)
        assert sorted(re.findall(r"\{[a-z_]+(?::[a-z]+)?\}", text)) == sorted(
            re.findall(r"\{[a-z_]+(?::[a-z]+)?\}", entry["en"])
        ), (where, lang)
        spans = set(re.findall(r"`[^`]+`", text)), set(re.findall(r"`[^`]+`", entry["en"]))
        assert spans[0] == spans[1], (where, lang, spans[0] ^ spans[1])
        if entry["en"]:
            assert text.strip(), (where, lang)
    bare = re.sub(r"`[^`]*`", "`", entry["zh"])
    assert not re.search(rf"[{CJK}][,.;:?!]|[,;:?!][{CJK}]", bare), (where, bare)
    assert not re.search(rf"[{CJK}][A-Za-z0-9`{{]|[A-Za-z0-9`}}][{CJK}]", bare.replace("_", "")), (
        where,
        bare,
    )


def yielded_keys(checker):
    """Every string of a checker that looks like a key of a message."""
    tree = ast.parse(checker.read_text("utf-8"))
    strings = {node.value for node in ast.walk(tree) if isinstance(node, ast.Constant)}
    known = {key for id in ids() for key in find(id).texts["messages"]} | set(words()["messages"])
    direct = {
        node.args[0].value
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "failed"
        if node.args and isinstance(node.args[0], ast.Constant)
    }
    own = set(yaml.safe_load((checker.parent / "exercise.yml").read_text("utf-8"))["messages"])
    return direct | ({one for one in strings if isinstance(one, str)} & known & own)


def names_bound(node):
    """Names that a statement gives a value to."""
    if isinstance(node, ast.Assign):
        return [target.id for target in node.targets if isinstance(target, ast.Name)]
    return []
