"""Each command on each bad input: exit 2, one clear message, no traceback, nothing half-written."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys

import pytest

from sintonia import __version__, cli, encode, labels, render, show_mask

ASK, SAY = {"role": "user", "content": "Oi"}, {"role": "assistant", "content": "Olá!"}
GOOD = json.dumps({"messages": [ASK, SAY]}, ensure_ascii=False).encode()
MESSAGE = re.compile(r"^sintonia: .+: found .+; expected .+")


def one(**message) -> bytes:
    return json.dumps({"messages": [message, SAY]}).encode()


# name -> (bytes of the file, or None for no file, "folder" for a directory; words of the message)
BAD_DATA = {
    "missing": (None, "found no such file"),
    "empty": (b"", "found no row"),
    "blank": (b"\n  \n", "found no row"),
    "directory": ("folder", "found a directory"),
    "json": (GOOD + b"\n" + GOOD + b'\n{"messages": [\n', "rows.jsonl:3: found invalid JSON"),
    "encoding": (GOOD + b'\n{"a": "\xe1"}\n', "rows.jsonl:2: found byte 0xe1"),
    "role": (one(role="bot", content="x"), "message 1: found role 'bot'"),
    "no-content": (one(role="user"), "message 1: found no 'content'"),
    "null-content": (one(role="user", content=None), "found content that is null"),
    "list-content": (one(role="user", content=[]), "found content that is a list"),
    "no-assistant": (json.dumps({"messages": [ASK]}).encode(), "found no assistant turn (roles: user)"),
}
DATA_COMMANDS = ["render", "mask", "sft", "compare"]


@pytest.fixture
def bad_file(tmp_path):
    def make(case: str):
        path = tmp_path / "rows.jsonl"
        content = BAD_DATA[case][0]
        if content == "folder":
            path.mkdir()
        elif content is not None:
            path.write_bytes(content)
        return path

    return make


def expect_refusal(done, words: str) -> None:
    assert done.code == 2, done.err
    assert "Traceback" not in done.err + done.out
    line = next(line for line in done.err.splitlines() if line.startswith("sintonia: "))
    assert MESSAGE.match(line), done.err
    assert words in line
    assert len(re.findall("^sintonia: ", done.err, flags=re.M)) == 1


@pytest.fixture
def argv(tmp_path, tiny_folder, trained_folder):
    """The arguments of a command that reads a data file and would write to `tmp_path / "out"`."""

    def build(command: str, data) -> list:
        return {
            "render": ["render", data],
            "mask": ["mask", data],
            "sft": ["sft", "--model", tiny_folder, "--data", data, "--output_dir", tmp_path / "out"],
            "compare": ["compare", "--tuned", trained_folder, "--data", data, "--out", tmp_path / "out.md"],
        }[command]

    return build


@pytest.mark.parametrize("case", BAD_DATA)
@pytest.mark.parametrize("command", DATA_COMMANDS)
def test_bad_data(run, argv, bad_file, tmp_path, command, case):
    path = bad_file(case)
    before = sorted(tmp_path.rglob("*"))
    done = run(*argv(command, path))
    expect_refusal(done, BAD_DATA[case][1])
    assert str(path) in done.err
    assert sorted(tmp_path.rglob("*")) == before
    if command in ("render", "mask"):
        assert done.out == ""


def test_bad_data_in_its_own_process(spawn, tmp_path):
    path = tmp_path / "rows.jsonl"
    path.write_bytes(BAD_DATA["json"][0])
    done = spawn(["-m", "sintonia", "mask", path])
    assert (done.returncode, done.stdout) == (2, "")
    assert f"\nsintonia: {path}:3: found invalid JSON" in "\n" + done.stderr


# ------------------------------------------------------------------ bad models

MODEL_CASES = {
    "missing": "found no such folder; expected a model folder or a hub id",
    "file": "found a file; expected a model folder or a hub id",
    "empty": "found no ",
    "no-weights": "found no weights; expected a *.safetensors file",
    "pickle": "found only pickled weights (pytorch_model.bin); expected a *.safetensors file",
    "no-tokenizer": "found no tokenizer; expected a tokenizer.json",
    "hub": "found HF_HUB_OFFLINE set",
}


@pytest.fixture
def bad_model(tmp_path, tiny_folder):
    def make(case: str):
        path = tmp_path / "model"
        if case == "hub":
            return "nobody-here/nothing-at-all"
        if case == "file":
            path.touch()
        elif case == "empty":
            path.mkdir()
        elif case != "missing":
            shutil.copytree(tiny_folder, path)
            drop = "tokenizer*" if case == "no-tokenizer" else "*.safetensors"
            for file in path.glob(drop):
                file.unlink()
            if case == "pickle":
                (path / "pytorch_model.bin").write_bytes(b"\x80\x02.")
        return path

    return make


def model_argv(command, model, data, trained, out) -> list:
    return {
        "render": ["render", data, "--model", model],
        "mask": ["mask", data, "--model", model],
        "sft": ["sft", "--data", data, "--model", model, "--output_dir", out, "--max_steps", "1"],
        "compare": ["compare", "--tuned", trained, "--base", model, "--data", data, "--out", f"{out}.md"],
        "chat": ["chat", "--model", model],
    }[command]


@pytest.mark.parametrize("case", MODEL_CASES)
@pytest.mark.parametrize("command", ["render", "mask", "sft", "compare", "chat"])
def test_bad_model(run, rows_file, bad_model, trained_folder, tmp_path, command, case):
    data, model = rows_file({"messages": [ASK, SAY]}), bad_model(case)
    if command in ("render", "mask") and case in ("no-weights", "pickle"):
        # These read the tokenizer only, and it is there.
        assert run(command, data, "--model", model).code == 0
        return
    before = sorted(tmp_path.rglob("*"))
    done = run(*model_argv(command, model, data, trained_folder, tmp_path / "out"), stdin="Oi\n")
    expect_refusal(done, MODEL_CASES[case])
    assert str(model) in done.err
    assert sorted(tmp_path.rglob("*")) == before


@pytest.mark.parametrize("case", ["missing", "file", "empty", "no-weights"])
def test_compare_with_a_tuned_folder_that_is_none(run, rows_file, bad_model, tmp_path, case):
    data, folder = rows_file({"messages": [ASK, SAY]}), bad_model(case)
    done = run("compare", "--tuned", folder, "--data", data, "--out", tmp_path / "out.md")
    expect_refusal(done, "found no ")
    assert not (tmp_path / "out.md").exists()


def test_an_adapter_whose_base_is_gone(run, trained_folder, tmp_path):
    folder = tmp_path / "adapter"
    shutil.copytree(trained_folder, folder)
    record = json.loads((folder / "run.json").read_text())
    (folder / "run.json").write_text(json.dumps({**record, "model": str(tmp_path / "gone")}))
    expect_refusal(run("chat", "--model", folder, stdin="Oi\n"), "found no such folder")


@pytest.mark.parametrize("command", ["render", "mask", "sft", "compare", "chat"])
def test_a_template_that_is_not_there(run, rows_file, tiny_folder, trained_folder, tmp_path, command):
    data, out = rows_file({"messages": [ASK, SAY]}), tmp_path / "out"
    flag = "--chat_template" if command == "sft" else "--template"
    argv = model_argv(command, tiny_folder, data, trained_folder, out)
    expect_refusal(run(*argv, flag, "chatlm", stdin="Oi\n"), "chatlm: found no such template")
    assert not out.exists() and not out.with_suffix(".md").exists()


# ------------------------------------------------------------------ usage


@pytest.mark.parametrize(
    "argv",
    [
        ["render"],
        ["train"],
        ["render", "a.jsonl", "--row", "0"],
        ["render", "a.jsonl", "--row", "x"],
        ["mask", "a.jsonl", "--nonsense"],
        ["compare"],
        ["compare", "--tuned", "x", "--lang", "fr"],
        ["chat", "--max-new-tokens", "-1"],
    ],
    ids=" ".join,
)
def test_usage_errors(run, argv):
    done = run(*argv)
    assert (done.code, done.out) == (2, "")
    assert "usage: sintonia" in done.err and "Traceback" not in done.err


@pytest.mark.parametrize("argv", [["--learning_rat", "1"], ["--max_steps", "many"]], ids=" ".join)
def test_usage_errors_of_sft(run, argv):
    done = run("sft", *argv)
    assert done.code == 2
    assert "Traceback" not in done.err and argv[-1] in done.err + argv[-1]


def test_a_row_past_the_end(run, rows_file):
    path = rows_file({"messages": [ASK, SAY]})
    for command in ("render", "mask"):
        expect_refusal(run(command, path, "--row", "2"), "found 1 rows; expected at least 2 for --row")


def test_a_report_of_another_ending_is_refused_before_any_work(run, tmp_path):
    done = run("compare", "--tuned", tmp_path / "no", "--out", "report.pdf")
    expect_refusal(done, "--out: found report.pdf; expected a file ending in .html, .md or .json")


def test_a_package_that_is_not_installed(run, monkeypatch):
    monkeypatch.setitem(sys.modules, "trl", None)
    monkeypatch.delitem(sys.modules, "sintonia.sft", raising=False)
    expect_refusal(run("sft"), "pip install -e '.[train]'")


def test_help(run):
    done = run("--help")
    assert done.code == 0
    for command in ("render", "mask", "sft", "compare", "chat"):
        assert f"    {command} " in done.out
    assert run().code == 2
    assert __version__ == "0.1.0"


# ------------------------------------------------------------------ render and mask


@pytest.fixture
def two(rows_file):
    return rows_file(
        {"messages": [ASK, SAY]}, {"messages": [ASK, {"role": "assistant", "content": "你好 😀"}]}
    )


def test_render(run, two):
    texts = [render([ASK, SAY]).text, render([ASK, {**SAY, "content": "你好 😀"}]).text]
    assert run("render", two).out == "".join(texts)
    assert run("render", two, "--row", "2").out == texts[1]
    assert run("render", two, "--row", "1", "--template", "chatml").out == render([ASK, SAY], "chatml").text


def test_render_ends_every_text_with_a_newline(run, two):
    text = render([ASK, SAY], "llama3").text
    assert not text.endswith("\n")
    assert run("render", two, "--row", "1", "--template", "llama3").out == text + "\n"


def test_render_a_prompt(run, rows_file):
    path = rows_file({"messages": [ASK]})
    done = run("render", path, "--add-generation-prompt")
    assert done.code == 0
    assert done.out.endswith("<|im_start|>user\nOi<|im_end|>\n<|im_start|>assistant\n")


def test_render_with_a_models_own_tokenizer(run, two, tiny_folder):
    assert run("render", two, "--model", tiny_folder).out == run("render", two).out
    assert run("render", two, "--model", "embedded").out == run("render", two).out


def test_a_faulty_file_prints_no_row_at_all(run, rows_file):
    done = run("render", rows_file({"messages": [ASK, SAY]}, {"messages": []}))
    assert (done.code, done.out) == (2, "")


def test_mask(run, two):
    done = run("mask", two, "--row", "1")
    assert done.out == f"{two}, row 1\n{show_mask(encode([[ASK, SAY]])[0])}\n"


def test_mask_json(run, two):
    rows = [json.loads(line) for line in run("mask", two, "--json").out.splitlines()]
    assert len(rows) == 2
    for row, turns in zip(rows, ([ASK, SAY], [ASK, {**SAY, "content": "你好 😀"}]), strict=True):
        example = encode([turns])[0]
        assert list(row) == ["text", "input_ids", "tokens", "assistant_mask", "labels"]
        assert row["text"] == render(turns).text
        assert {key: row[key] for key in example} == example
        assert row["labels"] == labels(example)
        assert len(row["tokens"]) == len(row["input_ids"])
        assert row["tokens"][0] == "<|im_start|>"


def test_mask_json_is_the_same_with_a_tokenizer_of_the_same_kind(run, two, tiny_folder):
    row = json.loads(run("mask", two, "--json", "--row", "1", "--model", tiny_folder).out)
    assert row["text"] == render([ASK, SAY]).text
    assert row["input_ids"] != encode([[ASK, SAY]])[0]["input_ids"]


def test_a_reader_that_had_enough_is_no_error(root, tmp_path):
    path = tmp_path / "many.jsonl"
    path.write_bytes((GOOD + b"\n") * 3000)
    script = f'"{sys.executable}" -m sintonia mask "{path}" | head -1; echo "${{PIPESTATUS[0]}}"'
    done = subprocess.run(
        ["/bin/bash", "-c", script],
        env={"PYTHONPATH": str(root / "code"), "PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.stdout.splitlines() == [f"{path}, row 1", "0"]
    assert len(done.stderr.splitlines()) == 1 and done.stderr.startswith("model: ")


def test_four_languages_whatever_the_locale(spawn, rows_file):
    path = rows_file({"messages": [ASK, {**SAY, "content": "ação 你好"}]})
    environment = {"LC_ALL": "C", "PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
    done = spawn(["-m", "sintonia", "render", path], env=environment, text=False)
    assert done.returncode == 0, done.stderr
    assert "ação 你好" in done.stdout.decode("utf-8")


# ------------------------------------------------------------------ compare and chat


@pytest.mark.parametrize("name", ["report.html", "report.md", "report.json"])
def test_compare(run, trained_folder, two, tmp_path, name, tiny_folder):
    out = tmp_path / "reports" / name
    done = run("compare", "--tuned", trained_folder, "--data", two, "--max-new-tokens", "4", "--out", out)
    assert done.code == 0, done.err
    assert done.out.splitlines()[0] == f"model: {tiny_folder} (folder)"
    assert f"saved: {out}" in done.out
    assert "training loss " in done.out
    assert out.read_text("utf-8")
    assert [path.name for path in out.parent.iterdir()] == [name]


def test_compare_one_language_of_the_course(run, trained_folder):
    done = run("compare", "--tuned", trained_folder, "--lang", "zh", "--max-new-tokens", "2")
    assert done.code == 0, done.err
    assert "[zh] " in done.out and "[en] " not in done.out


def test_compare_to_a_place_that_cannot_be_written(run, trained_folder, two, tmp_path):
    (tmp_path / "file").touch()
    out = tmp_path / "file" / "report.md"
    done = run("compare", "--tuned", trained_folder, "--data", two, "--max-new-tokens", "1", "--out", out)
    expect_refusal(done, "expected a place that can be written")


def test_chat(run, tiny_folder):
    said = "Oi\n\n/new\nOi\n/quit\nnever read\n"
    done = run("chat", "--model", tiny_folder, "--max-new-tokens", "5", stdin=said)
    assert done.code == 0, done.err
    lines = done.out.splitlines()
    assert lines[:2] == [f"model: {tiny_folder} (folder)", "/new starts over, /quit or Ctrl-D leaves"]
    answers = [line.lstrip("> ") for line in lines[2:] if line.strip("> ")]
    assert len(answers) == 2 and answers[0] == answers[1]  # /new: the same question, the same answer


def test_chat_remembers_and_takes_a_system_message(run, tiny_folder, monkeypatch):
    from sintonia import generation

    asked = []

    def answer(model, tokenizer, prompts, **options):
        asked.append([turn["role"] + ":" + turn["content"] for turn in prompts[0]])
        return [generation.Reply("r", True, 2)]

    monkeypatch.setattr(generation, "generate", answer)
    run("chat", "--model", tiny_folder, "--system", "S", stdin="a\nb\n/new\nc\n")
    assert asked == [
        ["system:S", "user:a"],
        ["system:S", "user:a", "assistant:r", "user:b"],
        ["system:S", "user:c"],
    ]


def test_chat_ends_with_its_input(run, tiny_folder):
    assert run("chat", "--model", tiny_folder, stdin="").code == 0


def test_chat_shows_no_control_character_of_a_model(run, tiny_folder, monkeypatch):
    from sintonia import generation

    reply = generation.Reply("a\x1b[2J\x07b\nc", True, 3)
    monkeypatch.setattr(generation, "generate", lambda *_, **__: [reply])
    out = run("chat", "--model", tiny_folder, stdin="Oi\n").out
    assert not {"\x1b", "\x07"} & set(out)


def test_render_steers_no_terminal_and_changes_nothing_in_a_pipe(run, rows_file):
    import contextlib
    import io

    from sintonia.cli import main

    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    path = rows_file({"messages": [{**ASK, "content": "a\x1b[2J\u202eb\tc"}, SAY]})
    assert "a\x1b[2J\u202eb\tc" in run("render", path).out
    with contextlib.redirect_stdout(Terminal()) as out:
        assert main(["render", str(path)]) == 0
    assert "a�[2J�b\tc" in out.getvalue() and not {"\x1b", "\u202e"} & set(out.getvalue())


def test_mask_steers_no_terminal(run, rows_file):
    path = rows_file({"messages": [{**ASK, "content": "a\x1b[2J\x07\u202eb"}, SAY]})
    assert not {"\x1b", "\x07", "\u202e"} & set(run("mask", path).out)


def test_chat_takes_bytes_that_are_no_utf8(spawn, tiny_folder):
    done = spawn(
        ["-m", "sintonia", "chat", "--model", tiny_folder, "--max-new-tokens", "2"],
        input=b"ol\xe1\n",
        text=False,
        env={"PYTHONUTF8": "0", "LC_ALL": "C.UTF-8", "PYTHONIOENCODING": "utf-8:strict"},
    )
    assert b"Traceback" not in done.stderr
    assert done.returncode in (0, 2)


def test_version_is_that_of_the_project(root, capsys):
    import tomllib

    with pytest.raises(SystemExit) as done:
        cli.main(["--version"])
    assert done.value.code == 0
    project = tomllib.loads((root / "pyproject.toml").read_text("utf-8"))["project"]
    assert capsys.readouterr().out == f"sintonia {project['version']}\n"
