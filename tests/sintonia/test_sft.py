"""A real run of two steps on a tiny model: what it writes, what it is fed, what it refuses."""

from __future__ import annotations

import json
import shutil

import pytest
import yaml

from sintonia import InputError, encode, labels, loop_recipes, models, sft_arguments, training_data
from sintonia import sft as training
from sintonia.chat_templates import find_template
from sintonia.run_watch import StopRequest

SHORT = ("--max_steps", "1", "--per_device_train_batch_size", "2", "--compare_after", "false")
KEPT = {
    "adapter_config.json",
    "adapter_model.safetensors",
    "chat_template.jinja",
    "recipe.yaml",
    "report.html",
    "report.md",
    "run.json",
    "tokenizer.json",
    "tokenizer_config.json",
}


def refused(argv) -> str:
    with pytest.raises(InputError) as caught:
        training.parse([str(part) for part in argv])
    return str(caught.value)


# ------------------------------------------------------------------ a run


def test_a_run_folder_holds_all_that_it_takes(trained_folder):
    assert {path.name for path in trained_folder.iterdir()} - {"README.md"} == KEPT
    siblings = {path.name for path in trained_folder.parent.iterdir()}
    assert siblings == {trained_folder.name, "stdout.txt"}


def test_what_a_run_says(trained_folder, tiny_folder):
    lines = (trained_folder.parent / "stdout.txt").read_text("utf-8").splitlines()
    assert lines[0] == f"model: {tiny_folder} (folder)"
    assert lines[1].startswith("data: course, ") and lines[1].endswith(" of them supervised")
    assert any(line.startswith("training loss ") for line in lines)
    assert lines[-2].startswith(f"saved: {trained_folder}  (")
    assert lines[-1] == f"next:  sintonia chat --model {trained_folder}"


def test_the_record(trained_folder, tiny_folder, course):
    record = json.loads((trained_folder / "run.json").read_text("utf-8"))
    assert record["model"] == str(tiny_folder)
    assert record["weights_sha256"] is None
    assert record["conversations"] == len(course["train", "en"])
    assert [step for step, _ in record["losses"]] == [1, 2]
    assert all(0 < loss < 50 for _, loss in record["losses"])
    assert record["train_loss"] == pytest.approx(sum(loss for _, loss in record["losses"]) / 2, rel=1e-3)
    assert {"torch", "transformers", "trl", "peft"} <= set(record["versions"])
    assert set(record["scores"]) == {"en", "all"}


def test_training_changed_the_model_for_the_better(trained_folder):
    before, after = json.loads((trained_folder / "run.json").read_text())["scores"]["en"]
    assert after["response_loss"] < before["response_loss"]


def test_plain_peft_and_transformers_read_the_folder(trained_folder, tiny_folder):
    import torch
    from peft import AutoPeftModelForCausalLM
    from transformers import AutoTokenizer

    theirs = AutoPeftModelForCausalLM.from_pretrained(trained_folder, dtype=torch.float32).eval()
    tokenizer = AutoTokenizer.from_pretrained(trained_folder)
    ids = torch.tensor([[1, 30, 40, 50]])
    assert torch.equal(theirs(input_ids=ids).logits, models.load_model(trained_folder)(input_ids=ids).logits)
    assert tokenizer.chat_template == find_template("smollm2")[1]
    base = models.load_model(tiny_folder)
    assert not torch.equal(base(input_ids=ids).logits, theirs(input_ids=ids).logits)


def test_the_saved_recipe_repeats_the_run(trained_folder):
    resolved = yaml.safe_load((trained_folder / "recipe.yaml").read_text("utf-8"))
    assert "output_dir" not in resolved
    assert (resolved["max_steps"], resolved["use_peft"], resolved["bf16"]) == (2, True, False)
    assert not [value for value in resolved.values() if isinstance(value, str) and "unfinished" in value]
    mine, config, model_config = training.parse(["--config", str(trained_folder / "recipe.yaml")])
    assert (config.max_steps, config.learning_rate, mine.languages) == (2, 1e-3, ["en"])
    assert model_config.lora_r == 16


# ------------------------------------------------------------------ what the trainer is fed


@pytest.fixture  # not for the module: another run resets accelerate's state, which a trainer needs
def trainer(tiny_folder, tmp_path_factory):
    folder = tmp_path_factory.mktemp("trainer") / "out"
    argv = ["--model", str(tiny_folder), "--output_dir", str(folder), "--max_steps", "1"]
    argv += ["--per_device_train_batch_size", "4"]
    mine, config, model_config = training.parse(argv)
    tokenizer = models.load_tokenizer(tiny_folder)
    rows = training.course_rows("train", ["en"])
    dataset = training_data.build_dataset(rows, tokenizer, find_template("smollm2")[1])
    return training._trainer(str(tiny_folder), config, model_config, dataset, tokenizer, StopRequest())


def test_labels_are_ours(trainer, course, tiny):
    examples = encode([row["messages"] for row in course["train", "en"]], tiny[1])
    assert trainer.train_dataset["input_ids"][:] == [example["input_ids"] for example in examples]
    assert trainer.train_dataset["labels"][:] == [labels(example) for example in examples]


def test_a_batch_counts_no_padding_and_the_end_of_turn(trainer, course, tiny):
    ours = {
        tuple(example["input_ids"]): labels(example)
        for example in encode([row["messages"] for row in course["train", "en"]], tiny[1])
    }
    batch = next(iter(trainer.get_train_dataloader()))
    assert len(batch["input_ids"]) == 4
    lengths = batch["attention_mask"].sum(dim=1).tolist()
    for ids, target, length in zip(
        batch["input_ids"].tolist(), batch["labels"].tolist(), lengths, strict=True
    ):
        assert target[:length] == ours[tuple(ids[:length])]
        assert set(target[length:]) <= {-100}
        assert 2 in target  # <|im_end|>, which is the padding token too


def test_full_precision_on_a_cpu(trainer):
    import torch

    if torch.cuda.is_available():
        pytest.skip("this machine has a GPU, which trains in bfloat16")
    assert not trainer.args.bf16 and not trainer.args.fp16 and trainer.args.use_cpu
    assert {weight.dtype for weight in trainer.model.parameters()} == {torch.float32}


def test_only_the_adapter_trains(trainer):
    learning = [name for name, weight in trainer.model.named_parameters() if weight.requires_grad]
    assert learning and all("lora_" in name for name in learning)


def test_data_without_a_supervised_token(tiny):
    rows = [{"messages": [{"role": "user", "content": "Oi"}]}]
    with pytest.raises(InputError, match="^data: found no supervised token"):
        training_data.build_dataset(rows, tiny[1], find_template("smollm2")[1])


# ------------------------------------------------------------------ output folders


def test_a_failure_before_the_first_checkpoint_leaves_nothing(run, tiny_folder, tmp_path, monkeypatch):
    def fails(*_):
        raise RuntimeError("in the middle")

    monkeypatch.setattr(training, "_train", fails)
    with pytest.raises(RuntimeError, match="in the middle"):
        run("sft", "--model", tiny_folder, "--output_dir", tmp_path / "new" / "out", *SHORT)
    assert not [path for path in tmp_path.rglob("*") if path.name != "new"]


def test_what_was_trained_outlives_an_interruption(run, tiny_folder, tmp_path, monkeypatch):
    argv = ("sft", "--model", tiny_folder, "--output_dir", tmp_path / "out", *SHORT)

    def interrupted(*_, **__):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(training, "save_run", interrupted)
        done = run(*argv)
    unfinished = tmp_path / ".out.unfinished"
    assert (done.code, list(tmp_path.iterdir())) == (130, [unfinished])
    assert f"stopped; the same command goes on after step 1 ({unfinished / 'checkpoint-1'})" in done.out
    done = run(*argv)
    assert done.code == 0 and "going on after step 1" in done.out
    record = json.loads((tmp_path / "out" / "run.json").read_text("utf-8"))
    assert record["resumed_after"] == 1 and record["train_loss"] > 0
    assert {path.name for path in tmp_path.iterdir()} == {"out"}
    assert not {path.name for path in (tmp_path / "out").iterdir()} - KEPT - {"README.md"}


def test_overwriting_removes_runs_and_nothing_else(run, tiny_folder, tmp_path):
    (tmp_path / "mine.txt").write_text("mine")
    done = run("sft", "--model", tiny_folder, "--output_dir", tmp_path, "--overwrite", *SHORT)
    assert done.code == 2 and "found no run.json in it" in done.err
    assert (tmp_path / "mine.txt").read_text() == "mine"


def test_an_output_folder_that_is_not_empty_is_not_touched(run, tiny_folder, tmp_path):
    (tmp_path / "mine.txt").write_text("mine")
    done = run("sft", "--model", tiny_folder, "--output_dir", tmp_path, *SHORT)
    assert done.code == 2
    assert done.err.strip().splitlines()[-1] == (
        f"sintonia: {tmp_path}: found a folder that is not empty; expected a new one; "
        "choose another --output_dir, or pass --overwrite"
    )
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]


def test_overwrite_replaces_it_only_when_the_run_is_whole(run, tiny_folder, tmp_path, monkeypatch):
    target = tmp_path / "out"
    target.mkdir()
    (target / "mine.txt").write_text("mine")
    (target / "run.json").write_text("{}")
    argv = ("sft", "--model", tiny_folder, "--output_dir", target, "--overwrite", "true", *SHORT)
    with monkeypatch.context() as patch:
        patch.setattr(training, "save_run", lambda *_, **__: (_ for _ in ()).throw(RuntimeError("full")))
        with pytest.raises(RuntimeError):
            run(*argv)
    assert (target / "mine.txt").read_text() == "mine"
    assert run(*argv).code == 0
    assert (target / "run.json").is_file() and not (target / "mine.txt").exists()
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


def test_an_output_folder_that_is_a_file(run, tiny_folder, tmp_path):
    (tmp_path / "out").touch()
    done = run("sft", "--model", tiny_folder, "--output_dir", tmp_path / "out", *SHORT)
    assert done.code == 2 and "; expected a new one" in done.err
    done = run("sft", "--model", tiny_folder, "--output_dir", tmp_path / "out" / "in", *SHORT)
    assert done.code == 2 and "expected a folder to write in" in done.err


# ------------------------------------------------------------------ recipes


def recipes(root):
    return sorted((root / "code" / "recipes").glob("*.yaml"))


def test_every_recipe_parses(root):
    assert recipes(root)
    for path in recipes(root):
        words = path.read_text("utf-8")
        command = words.split("# command:")[1].splitlines()[0]
        assert "sintonia sft " in command or "sintonia loop " in command
        if "sintonia loop " in command:
            mine = config = loop_recipes.parse(["--config", str(path)])
        else:
            here = ["--use_cpu", "true", "--bf16", "false", "--fp16", "false", "--load_in_4bit", "false"]
            mine, config, _ = training.parse(["--config", str(path), *here])
        assert set(mine.languages) <= {"pt", "es", "zh", "en"}
        assert config.learning_rate > 0


def test_flags_win_over_the_recipe_and_both_forms_of_config_are_read(root):
    recipe = sft_arguments.DEFAULT_RECIPE
    for form in (["--config", str(recipe)], [f"--config={recipe}"], []):
        _, config, _ = training.parse([*form, "--learning_rate", "0.5", "--lora_r", "4"])
        assert config.learning_rate == 0.5
        assert config.num_train_epochs == yaml.safe_load(recipe.read_text())["num_train_epochs"]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("learning_rat: 1\n", "learning_rat"),
        ("model: embedded\n\tdata: x\n", "found invalid YAML; expected `field: value` lines in UTF-8"),
        ("", "found no fields; expected `field: value` lines"),
        ("- a\n- b\n", "found no fields; expected `field: value` lines"),
    ],
    ids=["unknown", "tab", "empty", "list"],
)
def test_a_recipe_that_cannot_be_used(tmp_path, text, found):
    path = tmp_path / "recipe.yaml"
    path.write_text(text)
    error = refused(["--config", path])
    assert error.startswith(f"{path}:") and found in error


def test_a_value_that_a_field_does_not_take(tmp_path):
    path = tmp_path / "recipe.yaml"
    path.write_text("save_strategy: sometimes\n")
    assert refused(["--config", path]).startswith("sintonia sft: found sometimes is not a valid")


def test_a_recipe_of_other_bytes(tmp_path):
    path = tmp_path / "recipe.yaml"
    path.write_bytes(b"data: \xff\n")
    assert "found invalid YAML" in refused(["--config", path])


def test_a_recipe_that_is_not_there(tmp_path):
    assert refused(["--config", tmp_path / "no.yaml"]).startswith(
        f"{tmp_path / 'no.yaml'}: found no such file; expected a YAML recipe; see "
    )
    assert "found a directory; expected a YAML recipe" in refused(["--config", tmp_path])
    assert refused(["--config"]) == "--config: found nothing after it; expected the path of a YAML recipe"


def test_an_unknown_language():
    assert refused(["--languages", "pt", "fr"]) == "--languages: found fr; expected pt es zh en"


def test_a_model_whose_template_has_no_markers_trains_too(run, tiny_folder, tmp_path):
    folder = tmp_path / "unmarked"
    shutil.copytree(tiny_folder, folder)
    (folder / "chat_template.jinja").write_text(find_template("smollm2-original")[1], encoding="utf-8")
    done = run("sft", "--model", folder, "--output_dir", tmp_path / "out", *SHORT)
    assert done.code == 0, done.err
    assert (tmp_path / "out" / "adapter_model.safetensors").is_file()
