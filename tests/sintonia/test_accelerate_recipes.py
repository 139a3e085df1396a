"""The files of code/recipes/accelerate are ones that accelerate reads, and say what their names say."""

from __future__ import annotations

import pytest

KINDS = {
    "ddp.yaml": ("MULTI_GPU", False),
    "ddp-cpu.yaml": ("MULTI_GPU", True),
    "deepspeed-zero3.yaml": ("DEEPSPEED", False),
    "fsdp2.yaml": ("FSDP", False),
    "two-nodes.yaml": ("MULTI_GPU", False),
}
MACHINES = {"two-nodes.yaml": (2, 16)}


def test_every_file_is_looked_at(root):
    assert {path.name for path in (root / "code" / "recipes" / "accelerate").iterdir()} == set(KINDS)


@pytest.mark.parametrize("name", KINDS)
def test_accelerate_reads_it(root, name):
    from accelerate.commands.config.config_args import load_config_from_file

    path = root / "code" / "recipes" / "accelerate" / name
    config = load_config_from_file(str(path))
    kind, on_cpu = KINDS[name]
    assert config.distributed_type == kind
    assert config.use_cpu is on_cpu
    assert (config.num_machines, config.num_processes) == MACHINES.get(name, (1, 2))
    assert config.deepspeed_config.get("zero_stage") == (3 if kind == "DEEPSPEED" else None)
    assert config.fsdp_config.get("fsdp_version") == (2 if kind == "FSDP" else None)
    assert f"code/recipes/accelerate/{name}" in path.read_text("utf-8").split("\n\n")[0]


def test_a_cpu_launch_with_this_file_is_not_the_single_process_one(root):
    """accelerate 1.15 starts one process for MULTI_CPU; the file must not say that."""
    text = (root / "code" / "recipes" / "accelerate" / "ddp-cpu.yaml").read_text("utf-8")
    fields = [line for line in text.splitlines() if not line.startswith("#")]
    assert "distributed_type: MULTI_GPU" in fields
