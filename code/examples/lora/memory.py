"""Memory of a training step in its parts: the embedded model, and one of 7 billion parameters."""

# --8<-- [start:listing]
from dataclasses import replace

from sintonia.estimates import EMBEDDED_CONFIG, parameters, training_memory

MISTRAL_7B = {
    "hidden_size": 4096,
    "intermediate_size": 14336,
    "num_hidden_layers": 32,
    "num_attention_heads": 32,
    "num_key_value_heads": 8,
    "vocab_size": 32000,
}


PARTS = ("weights", "gradients", "optimizer", "activations", "logits", "lost")


def show(name, config, shards=1, **step):
    needed = training_memory(config, **step)
    shared = {part: getattr(needed, part) // shards for part in (*PARTS[:3], "twice")}
    needed = replace(needed, **shared)
    sizes = [getattr(needed, part) for part in PARTS] + [needed.total]
    print(f"{name:<26}" + "".join(f"{size / 2**30:>8.2f}" for size in sizes))


print(f"{'GiB':<26} weights   grad.  optim.  activ.  logits    lost    peak")
print(f"embedded, {parameters(EMBEDDED_CONFIG):,} parameters, 8 rows of 512")
step = {"batch_size": 8, "length": 512}
show("  full", EMBEDDED_CONFIG, **step)
show("  LoRA r=16", EMBEDDED_CONFIG, rank=16, **step)
show("  LoRA r=16, checkpointing", EMBEDDED_CONFIG, rank=16, checkpointing=True, **step)
show("  the same, 1 row", EMBEDDED_CONFIG, rank=16, batch_size=1, length=512)

print(f"Mistral 7B, {parameters(MISTRAL_7B):,} parameters, 1 row of 2048")
step = {"batch_size": 1, "length": 2048, "checkpointing": True}
step |= {"half": True, "cpu": False}
show("  full", MISTRAL_7B, **step)
show("  full, FSDP2 on 8 GPUs", MISTRAL_7B, shards=8, **step)
show("  LoRA r=16, bf16 weights", MISTRAL_7B, rank=16, dtype="bfloat16", **step)
show("  LoRA r=64, bf16 weights", MISTRAL_7B, rank=64, dtype="bfloat16", **step)
# --8<-- [end:listing]
