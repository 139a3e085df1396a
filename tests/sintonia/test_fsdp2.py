"""FSDP2: two processes that each hold half the weights train what one process trains, and save it whole.

accelerate shards on GPUs only. Here torch's `fully_shard` divides our model over two gloo processes of a CPU.
torch 2.13 supports every step of it there: gathered weights, scattered gradients, clipping and AdamW on
DTensors, the whole state dict. `supervised_loss` calls the root, so all hooks run. Two rules hold on GPUs
too. A tied weight must lie in one group, so `embed_tokens` and `lm_head` stay with the root. And gradients
are averaged over the processes: a loss with the divisor of the whole batch is multiplied by their number.

`sintonia sft` is tried with the recipe itself, `fsdp2.yaml` without its bfloat16. The processes are told what
they would find on GPUs, `MULTI_GPU`, and from there on accelerate's own code does the sharding.

This file is also the program of the processes: `test_fsdp2.py steps|sft MODEL OUT`.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest

KINDS = ("full", "lora")
STEPS, ROWS, WORLD = 4, 4, 2
SFT = (
    *("--max_steps", str(STEPS), "--languages", "en", "--max_length", "96", "--logging_steps", "1"),
    *("--learning_rate", "1e-3", "--lora_dropout", "0", "--doctor", "false"),
    *("--train_sampling_strategy", "random"),
)
# AdamW divides by the gradient's own size, so a rounding can weigh as much as a step where a gradient is next
# to nothing. A hundredth of one step of 1e-3 leaves room for that; 1.5e-7 was measured, where weights moved
# by 4e-3.
TOLERANCE = 1e-5


def batches(tokenizer: Any, rank: int, world: int) -> list[tuple[dict[str, Any], int, int]]:
    """For each step the rows of this process, their supervised tokens, and those of the whole batch."""
    from sintonia import IGNORE_INDEX, collate, encode
    from sintonia.comparison import course_rows

    rows = [row["messages"] for row in course_rows("train", ["en"])[: STEPS * ROWS]]
    examples = encode(rows, tokenizer, max_length=96)
    found = []
    for first in range(0, STEPS * ROWS, ROWS):
        step = examples[first : first + ROWS]
        mine, whole = collate(step[rank::world], 0), collate(step, 0)
        found.append((mine, *(int((part["labels"] != IGNORE_INDEX).sum()) for part in (mine, whole))))
    return found


def prepared(folder: Path | str, kind: str) -> Any:
    """The model that every process begins with: all of it trains, or a LoRA adapter whose B is not 0."""
    import torch

    from sintonia import models

    model = models.load_model(folder)
    torch.manual_seed(0)
    if kind == "lora":
        from peft import LoraConfig

        model = models.attach_lora(model, LoraConfig(task_type="CAUSAL_LM", r=4, target_modules="all-linear"))
        for name, weight in model.named_parameters():
            if "lora_B" in name:
                torch.nn.init.normal_(weight, std=0.05)
    return model.train()


def shard(model: Any) -> None:
    """Each decoder layer is a group; the root, with what is left, another."""
    from torch.distributed.device_mesh import init_device_mesh
    from torch.distributed.fsdp import fully_shard

    mesh = init_device_mesh("cpu", (WORLD,))
    for module in list(model.modules()):
        if type(module).__name__ == "LlamaDecoderLayer":
            fully_shard(module, mesh=mesh)
    fully_shard(model, mesh=mesh)


def train(model: Any, data: list[tuple[dict[str, Any], int, int]]) -> list[tuple[float, float]]:
    """Loss and gradient norm of each step: those of the whole batch, whoever holds its rows."""
    import torch

    from sintonia.loss_masks import supervised_loss

    several = torch.distributed.is_initialized()
    trained = [weight for weight in model.parameters() if weight.requires_grad]
    optimizer = torch.optim.AdamW(trained, lr=1e-3)
    figures = []
    for batch, _, supervised in data:
        loss = supervised_loss(model, batch, supervised)
        (loss * WORLD if several else loss).backward()
        norm = torch.nn.utils.clip_grad_norm_(trained, 1.0)
        optimizer.step()
        optimizer.zero_grad()
        total = loss.detach()
        if several:
            torch.distributed.all_reduce(total)
            norm = norm.full_tensor()
        figures.append((total.item(), norm.item()))
    return figures


def answered(model: Any, tokenizer: Any) -> Any:
    """The logits of some rows, where they have tokens."""
    import torch

    batch = batches(tokenizer, 0, 1)[0][0]
    with torch.no_grad():
        return model.eval()(input_ids=batch["input_ids"]).logits[batch["attention_mask"].bool()]


def sharded_steps(folder: str, out: str) -> None:
    """The steps of both kinds in one of the processes; the first one writes what came of it."""
    import torch
    from safetensors.torch import save_file
    from torch.distributed.tensor import DTensor

    from sintonia import models
    from sintonia.launches import whole_weights

    rank = torch.distributed.get_rank()
    tokenizer = models.load_tokenizer(folder)
    data = batches(tokenizer, rank, WORLD)
    for kind in KINDS:
        model = prepared(folder, kind)
        shard(model)
        facts = {
            "sharded": all(isinstance(weight, DTensor) for weight in model.parameters()),
            "held": sum(weight.to_local().numel() for weight in model.parameters()),
            "all": sum(weight.numel() for weight in model.parameters()),
            "supervised": [mine for _, mine, _ in data],
            "figures": train(model, data),
        }
        told: list[Any] = [None] * WORLD
        torch.distributed.all_gather_object(told, facts)
        logits = answered(model, tokenizer)
        weights = whole_weights(model)
        if rank == 0:
            model.save_pretrained(Path(out) / kind, state_dict=weights)
            save_file({"logits": logits}, Path(out) / f"{kind}-logits.safetensors")
            (Path(out) / f"{kind}.json").write_text(json.dumps(told), encoding="utf-8")


def main(what: str, folder: str, out: str) -> None:
    """What each of the processes does."""
    import torch

    torch.set_num_threads(1)
    torch.distributed.init_process_group("gloo")
    if what == "steps":
        sharded_steps(folder, out)
    else:
        from accelerate.state import DistributedType, PartialState

        from sintonia import cli

        torch._C._get_accelerator = lambda *_: torch.device("cpu")  # of a build for GPUs
        PartialState._prepare_backend = lambda *_, **__: ("gloo", DistributedType.MULTI_GPU)
        for kind in KINDS:
            own = ("--use_peft", str(kind == "lora"), "--output_dir", f"{out}/{kind}")
            size = ("--per_device_train_batch_size", str(ROWS // WORLD))
            assert cli.main(["sft", "--model", folder, *own, *size, *SFT]) == 0
    torch.distributed.destroy_process_group()


def plain_model(folder: Path) -> Any:
    """A folder as transformers and peft load it, without us."""
    from peft import AutoPeftModelForCausalLM
    from transformers import AutoModelForCausalLM

    adapter = (folder / "adapter_config.json").is_file()
    loader = AutoPeftModelForCausalLM if adapter else AutoModelForCausalLM
    return loader.from_pretrained(folder).eval()


def files(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


def assert_same_weights(one: Any, other: Any) -> None:
    import torch

    one, other = dict(one.named_parameters()), dict(other.named_parameters())
    assert one.keys() == other.keys()
    for name, weight in one.items():
        torch.testing.assert_close(weight, other[name], rtol=0, atol=TOLERANCE, msg=name)


@pytest.fixture(scope="module")
def steps(tiny_folder, spawn, tmp_path_factory):
    """What two processes left behind that trained with `fully_shard`."""
    out = tmp_path_factory.mktemp("sharded")
    launch = ("-m", "torch.distributed.run", "--standalone", "--nproc_per_node", WORLD)
    done = spawn([*launch, __file__, "steps", tiny_folder, out])
    assert done.returncode == 0, (done.stdout + done.stderr)[-3000:]
    return out


@pytest.mark.parametrize("kind", KINDS)
def test_each_process_holds_half(steps, kind):
    told = json.loads((steps / f"{kind}.json").read_text("utf-8"))
    assert len(told) == WORLD
    for facts in told:
        assert facts["sharded"]
        assert facts["held"] * WORLD == facts["all"]  # every first dimension of this model is even


@pytest.mark.parametrize("kind", KINDS)
def test_two_halves_train_what_one_whole_trains(steps, tiny, tiny_folder, kind):
    first, second = json.loads((steps / f"{kind}.json").read_text("utf-8"))
    shares = zip(first["supervised"], second["supervised"], strict=True)
    assert all(one != other for one, other in shares)  # else the divisor would not matter
    assert first["figures"] == second["figures"]
    before, alone = (dict(prepared(tiny_folder, kind).named_parameters()), prepared(tiny_folder, kind))
    figures = train(alone, batches(tiny[1], 0, 1))
    for (loss, norm), (whole_loss, whole_norm) in zip(first["figures"], figures, strict=True):
        assert loss == pytest.approx(whole_loss, rel=1e-5)
        assert norm == pytest.approx(whole_norm, rel=1e-4)
    for name, weight in alone.named_parameters():
        moved = (weight - before[name]).abs().max().item()
        assert moved > 100 * TOLERANCE if weight.requires_grad else moved == 0, name
    assert_same_weights(plain_model(steps / kind), alone)


@pytest.mark.parametrize("kind", KINDS)
def test_plain_transformers_answers_as_the_sharded_model_did(steps, tiny, kind):
    import torch
    from safetensors.torch import load_file

    logits = load_file(steps / f"{kind}-logits.safetensors")["logits"]
    torch.testing.assert_close(answered(plain_model(steps / kind), tiny[1]), logits, rtol=0, atol=1e-5)


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_saved_is_what_one_process_saves(steps, tiny_folder, tmp_path, kind):
    from safetensors.torch import load_file

    prepared(tiny_folder, kind).save_pretrained(tmp_path)
    assert files(steps / kind) == files(tmp_path)
    for path in tmp_path.glob("*.safetensors"):
        one, other = load_file(path), load_file(steps / kind / path.name)
        assert {name: weight.shape for name, weight in one.items()} == {n: w.shape for n, w in other.items()}


def test_sft_with_the_recipe(root, tiny_folder, spawn, run, tmp_path):
    recipe = root / "code" / "recipes" / "accelerate" / "fsdp2.yaml"
    flags = ("--config_file", recipe, "--mixed_precision", "no", "--main_process_port", "0")
    launch = ("-m", "accelerate.commands.launch", *flags)
    environment = {"ACCELERATE_TORCH_DEVICE": "cpu", "CUDA_VISIBLE_DEVICES": ""}
    done = spawn([*launch, __file__, "sft", tiny_folder, tmp_path], env=environment)
    assert done.returncode == 0, (done.stdout + done.stderr)[-3000:]
    assert done.stdout.count("processes: 2, FSDP (fully_shard)") == len(KINDS)
    for kind in KINDS:
        alone = tmp_path / f"alone-{kind}"
        own = ("--use_peft", str(kind == "lora"), "--output_dir", alone, "--compare_after", "false")
        size = ("--per_device_train_batch_size", str(ROWS))
        assert run("sft", "--model", tiny_folder, *own, *size, *SFT).code == 0
        assert files(tmp_path / kind) == files(alone)
        losses = [
            [loss for _, loss in json.loads((folder / "run.json").read_text("utf-8"))["losses"]]
            for folder in (tmp_path / kind, alone)
        ]
        assert losses[0] == pytest.approx(losses[1], rel=1e-5)
        assert_same_weights(plain_model(tmp_path / kind), plain_model(alone))
        command = f"compare --tuned {tmp_path / kind}"
        assert f"not compared: no process holds the whole model; sintonia {command}\n" in done.stdout
        assert run(*command.split(), "--lang", "en", "--prompts", "1", "--max-new-tokens", "2").code == 0


if __name__ == "__main__":
    main(*sys.argv[1:])
