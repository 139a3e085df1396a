"""Two processes train what one trains; a launch that is not what was asked for does not begin."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

STEPS = 4
ARGUMENTS = (
    *("--max_steps", str(STEPS), "--languages", "en", "--max_length", "96", "--logging_steps", "1"),
    *("--compare_after", "false", "--learning_rate", "1e-3", "--lora_dropout", "0", "--doctor", "false"),
    *("--train_sampling_strategy", "random"),
)


def launched(root, line, target, batch):
    """Exit status and words of a launched run."""
    environment = {name: value for name, value in os.environ.items() if name != "OMP_NUM_THREADS"}
    environment["PYTHONPATH"] = str(root / "code")
    size = ("--per_device_train_batch_size", str(batch))
    command = [sys.executable, "-m", *map(str, line), *size, "--output_dir", str(target), *ARGUMENTS]
    done = subprocess.run(command, env=environment, cwd=root, capture_output=True, text=True, timeout=400)
    return done.returncode, done.stdout + done.stderr


def losses(folder):
    return [loss for _, loss in json.loads((folder / "run.json").read_text("utf-8"))["losses"]]


def test_two_processes_train_what_one_trains(root, tiny_folder, tmp_path, run):
    alone = tmp_path / "alone"
    flags = ("--per_device_train_batch_size", "4", "--output_dir", alone, *ARGUMENTS)
    assert run("sft", "--model", tiny_folder, *flags).code == 0
    config = root / "code" / "recipes" / "accelerate" / "ddp-cpu.yaml"
    launch = ("accelerate.commands.launch", "--config_file", config, "-m", "sintonia", "sft")
    code, said = launched(root, (*launch, "--model", tiny_folder), tmp_path / "both", 2)
    assert code == 0, said[-3000:]
    assert "processes: 2, MULTI_CPU (DistributedDataParallel)" in said
    assert said.count("model: ") == said.count("data: course, ") == 1
    assert losses(tmp_path / "both") == pytest.approx(losses(alone), rel=1e-4)
    assert {path.name for path in (tmp_path / "both").iterdir()} == {path.name for path in alone.iterdir()}
    assert {path.name for path in tmp_path.iterdir()} == {"alone", "both"}


def test_in_every_epoch_all_processes_share_out_one_order(root, tiny_folder, tmp_path):
    """With dropout, whose draws differ from process to process, and rows grouped by length."""
    rows = [{"question": "?" * number, "answer": "!" * number} for number in range(1, 13)]
    data = tmp_path / "rows.jsonl"
    data.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    line = ("torch.distributed.run", "--standalone", "--nproc_per_node", "2", "-m", "sintonia", "sft")
    flags = ("--model", tiny_folder, "--data", data, "--output_dir", tmp_path / "out", "--save_steps", "5")
    flags += ("--max_steps", "10", "--per_device_train_batch_size", "2", "--lora_dropout", "0.5")
    flags += ("--train_sampling_strategy", "group_by_length", "--compare_after", "false", "--doctor", "false")
    environment = {**os.environ, "PYTHONPATH": str(root / "code")}
    command = [sys.executable, "-m", *map(str, (*line, *flags))]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=400)
    assert done.returncode == 0, (done.stdout + done.stderr)[-3000:]
    for step in (5, 10):  # in the second epoch, and in the fourth
        kept = [tmp_path / "out" / f"checkpoint-{step}" / f"order_{rank}.bin" for rank in (0, 1)]
        assert kept[0].read_bytes() == kept[1].read_bytes()


def test_what_two_processes_trained_is_read_by_plain_peft(root, tiny_folder, tmp_path):
    from peft import AutoPeftModelForCausalLM

    line = ("torch.distributed.run", "--standalone", "--nproc_per_node", "2", "-m", "sintonia", "sft")
    code, said = launched(root, (*line, "--model", tiny_folder), tmp_path / "out", 2)
    assert code == 0, said[-3000:]
    model = AutoPeftModelForCausalLM.from_pretrained(tmp_path / "out")
    assert any("lora_" in name for name, _ in model.named_parameters())


def test_accelerate_starts_one_process_where_two_were_asked_for(root, tiny_folder, tmp_path):
    line = ("accelerate.commands.accelerate_cli", "launch", "--cpu", "--num_processes", "2")
    code, said = launched(root, (*line, "-m", "sintonia", "sft", "--model", tiny_folder), tmp_path / "out", 2)
    assert code != 0
    assert "sintonia: launch: found 1 process; expected 2, as asked for" in said
    assert not (tmp_path / "out").exists()
