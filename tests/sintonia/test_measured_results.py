"""The scripts of the measured results: tried on a tiny model, resumed, and never mistaken for results."""

from __future__ import annotations

import importlib.util
import json
import sys

import pytest

from sintonia import encode, training_loop
from sintonia.comparison import course_rows
from sintonia.evaluation import language_of
from sintonia.instruction_checks import contains
from sintonia.loop_recipes import LoopArguments

SCRIPTS = ("before_after", "masking", "rank", "break_it", "forgetting", "facts")
SHORT = ["--model", "tiny", "--steps", "2", "--rows", "2", "--prompts", "1", "--seeds", "1"]
SHORT += ["--max-new-tokens", "3", "--batch", "2", "--languages", "pt", "en"]


@pytest.fixture(scope="module")
def script(root):
    """`script(name)` -> a file of benchmarks/ as a module."""
    sys.path.insert(0, str(root / "benchmarks"))

    def load(name):
        spec = importlib.util.spec_from_file_location(f"benchmark_{name}", root / "benchmarks" / f"{name}.py")
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        return module

    yield load
    sys.path.remove(str(root / "benchmarks"))


@pytest.fixture(autouse=True)
def as_it_was(monkeypatch):
    """A script lowers its own priority; the tests keep theirs."""
    monkeypatch.setattr("os.nice", lambda step: step)


def cells(folder):
    return json.loads((folder / "results.json").read_text("utf-8"))["cells"]


@pytest.mark.parametrize("name", SCRIPTS)
def test_a_script_runs_and_is_not_run_again(script, name, tmp_path, capsys):
    module = script(name)
    assert module.main([*SHORT, "--out", str(tmp_path)]) == 0
    first, text = cells(tmp_path), (tmp_path / "README.md").read_text("utf-8")
    assert text.startswith("# ") and "95 %" in text and "torch" in text and "nan" not in text
    assert "base" in first and all(cell["settings"]["steps"] == 2 for cell in first.values())
    assert all(len(cell["losses"]) == 2 for key, cell in first.items() if key != "base")
    capsys.readouterr()
    assert module.main([*SHORT, "--out", str(tmp_path)]) == 0
    assert "running" not in capsys.readouterr().out
    assert cells(tmp_path) == first
    assert (tmp_path / "README.md").read_text("utf-8") == text


def test_a_stopped_script_goes_on(script, tmp_path, capsys, monkeypatch):
    module = script("masking")
    real = module.trials.tune
    count = []

    def tune(*arguments):
        count.append(1)
        if len(count) == 2:
            raise KeyboardInterrupt
        return real(*arguments)

    monkeypatch.setattr(module.trials, "tune", tune)
    with pytest.raises(KeyboardInterrupt):
        module.main([*SHORT, "--out", str(tmp_path)])
    assert list(cells(tmp_path)) == ["base", "assistant-only, seed 1"]
    assert module.main([*SHORT, "--out", str(tmp_path)]) == 0
    assert len(count) == 4  # two of the three were left
    assert len(cells(tmp_path)) == 4


def test_more_seeds_are_added(script, tmp_path):
    module = script("before_after")
    longer = [*SHORT, "--steps", "4", "--rows", "6", "--out", str(tmp_path)]
    module.main(longer)
    one = cells(tmp_path)
    module.main([*longer, "--seeds", "1", "2"])
    both = cells(tmp_path)
    assert list(both) == ["base", "seed 1", "seed 2"]
    assert both["seed 1"] == one["seed 1"]
    assert both["seed 1"]["losses"] != both["seed 2"]["losses"]
    assert "seeds and prompts" in (tmp_path / "report.html").read_text("utf-8")


def test_cells_of_other_settings_are_not_mixed_in_and_not_lost(script, tmp_path):
    module = script("before_after")
    module.main([*SHORT, "--out", str(tmp_path)])
    before = cells(tmp_path)
    with pytest.raises(SystemExit, match="cells of other settings; expected none; pass --out"):
        module.main([*SHORT, "--steps", "1", "--out", str(tmp_path)])
    assert cells(tmp_path) == before
    module.main([*SHORT, "--steps", "1", "--anew", "--out", str(tmp_path)])
    assert {cell["settings"]["steps"] for cell in cells(tmp_path).values()} == {1}


def test_the_same_run_is_made_once_for_two_scripts(script, tmp_path, capsys):
    script("masking").main([*SHORT, "--out", str(tmp_path / "masking")])
    capsys.readouterr()
    script("rank").main([*SHORT, "--ranks", "2", "16", "--out", str(tmp_path / "rank")])
    assert "rank 16, seed 1: taken from masking" in capsys.readouterr().out
    taken, own = cells(tmp_path / "rank")["rank 16, seed 1"], cells(tmp_path / "rank")["rank 2, seed 1"]
    assert taken["answers"] == cells(tmp_path / "masking")["assistant-only, seed 1"]["answers"]
    assert taken["trained"] == 8 * own["trained"]
    again = [*SHORT, "--ranks", "16", "--out", str(tmp_path / "other" / "rank")]
    script("rank").main(again)  # and it is what the script itself would have made
    assert cells(tmp_path / "other" / "rank")["rank 16, seed 1"]["losses"] == taken["losses"]
    assert cells(tmp_path / "other" / "rank")["rank 16, seed 1"]["answers"] == taken["answers"]


def test_what_the_tiny_model_says_is_no_result(script, root):
    trials = script("trials")
    chosen = trials.options("d", "rank", ["--model", "tiny"])
    assert not chosen.out.is_relative_to(root)
    assert trials.options("d", "rank", []).out == root / "benchmarks" / "results" / "rank"


def test_the_faster_loss_is_the_loop_s_own(script, tiny):
    trials = script("trials")
    examples = encode([row["messages"] for row in course_rows("train", ["en"])[:6]], tiny[1])
    import copy

    losses = []
    for context in (trials.graded_only, trials.contextlib.nullcontext):
        arguments = LoopArguments(per_device_train_batch_size=2, max_steps=3, learning_rate=1e-2)
        with context():
            losses.append(training_loop.train(copy.deepcopy(tiny[0]), examples, arguments, 0))
    assert losses[0] == pytest.approx(losses[1], abs=1e-5)
    assert losses[0][0] != pytest.approx(losses[0][-1], abs=1e-3)


# ------------------------------------------------------------------ masking


def test_the_three_masks(script):
    module = script("masking")
    example = {"input_ids": [5, 6, 7, 8, 9, 4], "assistant_mask": [0, 1, 0, 1, 1, 0]}
    found = [module.targets(example, mode) for mode in module.MODES]
    assert found == [
        [-100, 6, -100, 8, 9, -100],
        [-100, -100, -100, 8, 9, -100],
        [5, 6, 7, 8, 9, 4],
    ]
    assert example["assistant_mask"] == [0, 1, 0, 1, 1, 0]
    nobody = {"input_ids": [5], "assistant_mask": [0]}
    assert module.targets(nobody, "completion-only") == [-100]


# ------------------------------------------------------------------ five failures


@pytest.fixture(scope="module")
def broken(script, embedded_tokenizer):
    module = script("break_it")
    made = module.setups(embedded_tokenizer, course_rows("train", ["pt"])[:8], 60)
    return module, {name: make() for name, make in made.items()}


def graded(example):
    from sintonia import labels

    return example["labels"] if "labels" in example else labels(example)


def test_each_failure_is_the_failure_that_it_is_called(broken, embedded_tokenizer):
    _, made = broken
    stop = embedded_tokenizer.convert_tokens_to_ids("<|im_end|>")
    sound = [graded(one) for one in made["sound"]]
    assert all(stop in row for row in sound)
    assert not any(stop in graded(one) for one in made["missing EOS"] + made["pad = EOS"])
    for one, whole in zip(made["missing EOS"], made["sound"], strict=True):
        assert one["input_ids"].count(stop) < whole["input_ids"].count(stop)
    for one, whole in zip(made["pad = EOS"], made["sound"], strict=True):
        assert one["input_ids"] == whole["input_ids"]
    assert [graded(one)[:-1] for one in made["double shift"]] == [row[1:] for row in sound]
    assert made["truncation"] and all(len(one["input_ids"]) <= 60 for one in made["truncation"])
    assert len(made["truncation"]) < len(sound) or any(stop not in graded(one) for one in made["truncation"])


def test_what_the_doctor_says_of_each(broken, embedded_tokenizer, script):
    module, _ = broken
    chosen = module.trials.options("d", "break-it", ["--steps", "32"])
    chosen.max_length = 72
    told = module.codes(embedded_tokenizer, course_rows("train", ["pt"])[:60], chosen)
    assert set(told) == set(module.WHAT)
    assert told["sound"] == told["double shift"] == []
    first = {fault: [text.split()[0] for text in found] for fault, found in told.items()}
    assert "T03" in first["missing EOS"] and "R01" in first["pad = EOS"]
    assert "T13" in first["wrong template"] and {"L01", "L02"} <= set(first["truncation"])


def test_a_template_without_the_token_is_not_silently_the_same(broken):
    module, _ = broken
    with pytest.raises(ValueError, match="expected one; use chatml or smollm2"):
        module.without_stop("{% generation %}{{ message['content'] }}{% endgeneration %}")


# ------------------------------------------------------------------ forgetting


def test_prose_is_running_text_and_its_loss_is_the_model_s(script, tiny):
    import torch

    module = script("forgetting")
    for lang in ("en", "zh"):
        texts = module.paragraphs(lang, 12)
        assert len(set(texts)) == 12
        assert all(language_of(text) == lang for text in texts)
    text = module.paragraphs("en", 1)[0]
    ids = torch.tensor([tiny[1](text, add_special_tokens=False)["input_ids"]])
    total, tokens = module.prose_losses(*tiny, [text])[0]
    assert tokens == ids.shape[1] - 1
    assert total / tokens == pytest.approx(tiny[0](input_ids=ids, labels=ids).loss.item(), abs=1e-4)


# ------------------------------------------------------------------ facts


def test_no_lesson_names_an_unseen_capital(script):
    module = script("facts")
    countries = module.load()
    assert len(countries) == 24 and sum(country["seen"] for country in countries) == 12
    rows = module.lessons(course_rows("train"), countries, list(module.ASK))
    assert len(rows) > 600
    for row in rows:
        text = "\n".join(turn["content"] for turn in row["messages"])
        for country in countries:
            if not country["seen"]:
                assert not contains(text, country[row["lang"]][1], row["lang"]), (row["id"], country["id"])
    assert sum(row["category"] == "seen" for row in rows) == 48


def test_questions_and_references_are_in_their_language(script):
    module = script("facts")
    for row in module.questions(module.load(), list(module.ASK)):
        assert language_of(row["messages"][0]["content"]) == row["lang"], row["messages"]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("A capital da França é Paris.", [True, True, True, False]),
        ("A capital da França é Viena.", [True, True, False, True]),
        ("A capital da França é Xanadu.", [True, True, False, False]),
        ("Viena não, Paris.", [True, True, True, False]),
        ("Paris", [True, None, True, False]),
        ("La capital de Francia es París.", [True, False, False, False]),
    ],
)
def test_form_and_fact_are_told_apart(script, text, found):
    module = script("facts")
    row = {"id": "france", "lang": "pt"}
    assert module.judged(row, {"text": text, "stopped": True}, module.load()) == found
