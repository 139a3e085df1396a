"""As many processes as were asked for, wrapped as asked for, or an error."""

from __future__ import annotations

import pytest

from sintonia import InputError
from sintonia.launches import asked_for, check_wrapper, describe_launch


def launch(*parts):
    return ["python", "/usr/bin/accelerate", "launch", *parts]


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        (launch("--num_processes", "2", "-m", "sintonia", "sft"), 2),
        (launch("--num_processes=4", "train.py"), 4),
        (launch("-m", "sintonia", "sft", "--num_processes", "8"), None),
        (launch("train.py"), None),
        (["python", "-m", "accelerate.commands.launch", "--num_processes", "3", "-m", "sintonia"], 3),
        (["python", "/lib/accelerate/commands/launch.py", "--num_processes", "3", "train.py"], 3),
        (["torchrun", "--nproc_per_node", "2"], None),
        ([], None),
    ],
)
def test_what_a_launcher_was_asked_for(line, expected):
    assert asked_for(line) == expected


def test_what_its_file_asks_for(root):
    config = root / "code" / "recipes" / "accelerate" / "ddp-cpu.yaml"
    assert asked_for(launch("--config_file", str(config), "-m", "sintonia")) == 2
    assert asked_for(launch("--config_file", "not-there.yaml", "-m", "sintonia")) is None


def test_one_process_where_two_were_asked_for():
    with pytest.raises(InputError, match="^launch: found 1 process; expected 2, as asked for; take torchrun"):
        describe_launch(1, "NO", launch("--cpu", "--num_processes", "2", "-m", "sintonia", "sft"))


@pytest.mark.parametrize("wanted", ["FSDP", "DEEPSPEED"])
def test_plain_ddp_where_sharding_was_asked_for(monkeypatch, wanted):
    monkeypatch.setenv(f"ACCELERATE_USE_{wanted}", "true")
    with pytest.raises(InputError, match=f"found MULTI_CPU, which is plain DDP; expected {wanted}"):
        describe_launch(2, "MULTI_CPU", [])
    assert describe_launch(2, wanted, []).startswith(f"processes: 2, {wanted} (")


def test_fsdp_on_gpus_is_multi_gpu_until_there_is_a_trainer(monkeypatch):
    monkeypatch.setenv("ACCELERATE_USE_FSDP", "true")
    assert describe_launch(2, "MULTI_GPU", []) == "processes: 2, FSDP (fully_shard)"


def test_a_run_that_nobody_launched_says_nothing(monkeypatch):
    monkeypatch.delenv("RANK", raising=False)
    assert describe_launch(1, "NO", ["bash"]) is None


def wrapped(*names):
    kind = object
    for name in names:
        kind = type(name, (kind,), {})
    return kind()


@pytest.mark.parametrize(
    ("kind", "model", "fits"),
    [
        ("NO", wrapped("Llama"), True),
        ("MULTI_CPU", wrapped("DistributedDataParallel"), True),
        ("MULTI_GPU", wrapped("Llama"), False),
        ("NO", wrapped("DistributedDataParallel"), False),
        ("FSDP", wrapped("Llama", "FSDPLlama"), True),
        ("FSDP", wrapped("DistributedDataParallel"), False),
        ("DEEPSPEED", wrapped("DeepSpeedEngine"), True),
    ],
)
def test_the_class_around_the_model(kind, model, fits):
    if fits:
        check_wrapper(model, kind)
    else:
        with pytest.raises(InputError, match="^launch: found a model in "):
            check_wrapper(model, kind)
