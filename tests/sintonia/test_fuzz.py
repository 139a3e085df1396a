"""Whatever they are given, readers answer with rows or `InputError`, and commands with 0, 1 or 2.

`benchmarks/fuzz.py` looks for the same with a fuzzer guided by coverage.
"""

from __future__ import annotations

import contextlib
import gzip
import json
import os

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sintonia import InputError, checkpoints, models
from sintonia.chat_templates import prepare
from sintonia.conversations import load_rows
from sintonia.exercises.progress import NAME, Folder
from sintonia.fast_tokenizers import folder_tokenizer
from sintonia.loop_recipes import parse
from sintonia.recipe_files import read_recipe
from sintonia.run_facts import load_recipe, read_model, tensor_shapes
from sintonia.weight_files import INDEX, check_weights

FEW = settings(
    max_examples=80,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
SUFFIXES = (".jsonl", ".json", ".csv", ".tsv", ".parquet", ".jsonl.gz", ".csv.gz", ".json.gz")
PIECES = [
    *(
        b'{"messages": [',
        b'{"role": "user", "content": "',
        b'"}, {"role": "assistant", "content": "b"}]}',
        b"]}",
    ),
    *(b'{"conversations": [{"from": "gpt", "value": ', b'{"instruction": "a", "output": ', b'"prompt": 3, '),
    *(b"null", b"1e999", b"-0", b"9" * 5000, b"NaN", b"true", b"[" * 3000, b"{" * 40, b'"\\ud800"', b'"\\u'),
    *(
        b"\xef\xbb\xbf",
        b"\xff\xfe",
        b"\x00",
        b"\r\n",
        b"\n",
        b"\r",
        b",",
        b'"',
        b'""',
        b"\t",
        b"\xe1",
        b"PAR1",
    ),
    *(b"instruction,output\n", b"text\n", b"---\n- a: &a [*a]\n", b"!!python/object/apply:os.system [id]\n"),
    *(
        b"max_steps: 2\n",
        b"learning_rate: .inf\n",
        b"seed: {}\n",
        b"languages: xx\n",
        b"? [a]\n: b\n",
        b"7: 8\n",
    ),
]
BYTES = st.one_of(
    st.binary(max_size=200),
    st.lists(st.one_of(st.sampled_from(PIECES), st.binary(max_size=6)), max_size=8).map(b"".join),
)
SCRAPS = st.sampled_from(
    [
        *(
            "{% for m in messages %}",
            "{% endfor %}",
            "{{ m.content }}",
            "{{ messages[9].x.y }}",
            "{% if",
            "%}",
        ),
        *(
            "{% generation %}",
            "{% endgeneration %}",
            "{{ ''.__class__ }}",
            "{% set ns = namespace(a=1) %}",
            "{#",
        ),
        *("{{ 'a' * 10**9 }}", "{{ 1 // 0 }}", "{{ raise_exception(3) }}", "{{ messages | tojson }}", "-%}"),
        *(
            "{{ m['role'] }}",
            "{{ [].append(1) }}",
            "{% macro a() %}{{ a() }}{% endmacro %}{{ a() }}",
            "\x00",
            "龘",
        ),
    ]
)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=4) | st.just("../../x"),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=8,
)
TURNS = [{"role": "user", "content": "Oi"}, {"role": "assistant", "content": "Olá"}]


def only_input_errors(call, *arguments) -> None:
    """Make the call; any exception but `InputError` is a failure, and so is one that says nothing."""
    try:
        call(*arguments)
    except InputError as error:
        assert error.faults and "found " in str(error) and "Traceback" not in str(error)


@FEW
@given(data=BYTES, suffix=st.sampled_from(SUFFIXES), packed=st.booleans())
def test_every_reader_of_data(tmp_path, data, suffix, packed):
    path = tmp_path / f"rows{suffix}"
    path.write_bytes(gzip.compress(data) if packed and suffix.endswith(".gz") else data)
    only_input_errors(lambda: list(load_rows(path)))


@FEW
@given(rows=st.lists(JSON, max_size=3))
def test_rows_of_any_shape(rows):
    only_input_errors(lambda: list(load_rows(rows)))


@FEW
@given(parts=st.lists(st.one_of(SCRAPS, st.text(max_size=4)), max_size=6))
def test_templates_of_any_text(parts):
    only_input_errors(lambda: prepare("{# #}" + "".join(parts)).render(TURNS))


@FEW
@given(data=BYTES)
def test_recipes_of_any_bytes(tmp_path, data):
    path = tmp_path / "recipe.yaml"
    path.write_bytes(data)
    only_input_errors(read_recipe, path)
    only_input_errors(load_recipe, path)
    only_input_errors(parse, ["--config", str(path)])


@FEW
@given(content=JSON, cut=st.integers(0, 30))
def test_the_small_files_of_a_model_or_a_run(tmp_path, content, cut):
    text = "[" * 50_000 if cut == 9 else json.dumps(content)
    text = text[:-cut] if cut and cut < 8 else text
    folder = tmp_path / "model"
    folder.mkdir(exist_ok=True)
    (folder / "shard.safetensors").write_bytes(len(text.encode()).to_bytes(8, "little") + text.encode())
    for name in ("config.json", "tokenizer_config.json", "tokenizer.json", INDEX, checkpoints.MANIFEST):
        (folder / name).write_text(text, encoding="utf-8")
    (folder / NAME).write_text(text, encoding="utf-8")
    only_input_errors(folder_tokenizer, folder)
    only_input_errors(check_weights, folder)
    only_input_errors(checkpoints.flaws, folder)
    only_input_errors(tensor_shapes, folder / "shard.safetensors")
    only_input_errors(read_model, folder)
    Folder(folder).latest()
    for name in ("run.json", "adapter_config.json"):
        (folder / name).write_text(text, encoding="utf-8")
        only_input_errors(models.base_of, folder)
        (folder / name).unlink()


WORDS = [
    "render",
    "mask",
    "convert",
    "encode",
    "doctor",
    "exercise",
    "compare",
    "chat",
    "list",
    "hint",
    "start",
]
FLAGS = [
    "--row",
    "--json",
    "--template",
    "--data",
    "--format",
    "--from",
    "--max-length",
    "--lang",
    "--config",
]
FLAGS += [
    "--tuned",
    "--base",
    "--skip-bad",
    "--overwrite",
    "--out",
    "--packing",
    "--eval-data",
    "--strict",
    "-h",
]
FLAGS += [
    "--truncation",
    "--labels",
    "--num-proc",
    "--prompts",
    "--system",
    "--add-generation-prompt",
    "--yes",
]
VALUES = [
    "GOOD",
    "BAD",
    "EMPTY",
    "FOLDER",
    "GONE",
    "OUT",
    "YAML",
    "0",
    "1",
    "-1",
    "9" * 30,
    "1.5",
    "",
    " ",
    "-",
]
VALUES += ["pt", "xx", "auto", "alpaca", "chatml", "{{ 1 }}", "a/b/c", "\x00", "\udce1", "é" * 300, "decode"]
VALUES += ["../x", "drop", "keep_start", "report.html"]


@settings(FEW, max_examples=120)
@given(
    command=st.sampled_from(WORDS),
    rest=st.lists(
        st.one_of(st.sampled_from(FLAGS), st.sampled_from(VALUES), st.text(max_size=3)), max_size=6
    ),
)
def test_any_command_line_ends_with_0_1_or_2(run, tmp_path, command, rest):
    places = {name: tmp_path / name.lower() for name in ("EMPTY", "FOLDER", "GONE", "OUT")}
    places |= {"GOOD": tmp_path / "good.jsonl", "BAD": tmp_path / "bad.jsonl", "YAML": tmp_path / "a.yaml"}
    places["GOOD"].write_text(json.dumps({"messages": TURNS}) + "\n", encoding="utf-8")
    places["BAD"].write_bytes(b'{"messages": \xff\n[]\n')
    places["YAML"].write_text("max_length: 8\nlearning_rate: 1\n", encoding="utf-8")
    places["EMPTY"].touch()
    places["FOLDER"].mkdir(exist_ok=True)
    argv = [command, *(str(places.get(word, word)) for word in rest)]
    if command == "encode" and "--num-proc" not in argv:
        argv += ["--num-proc", "1"]
    with pytest.MonkeyPatch.context() as patch, contextlib.chdir(tmp_path):
        patch.setattr(models, "load_model", no_model)
        patch.setenv("SINTONIA_EXERCISES", os.fspath(tmp_path / "exercises"))
        done = run(*argv)
    assert done.code in (0, 1, 2), (argv, done.err)
    assert "Traceback" not in done.err, argv
    assert done.code != 2 or done.err or done.out, argv


def no_model(*_, **__):
    """What stands for the loading of a model: the embedded one would take seconds a time."""
    from sintonia.errors import Fault

    raise InputError(Fault("the model", "none", "one"))
