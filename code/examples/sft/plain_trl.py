"""`trl sft` with plain.yaml: one step, on twelve rows and a model of toy size."""

# --8<-- [start:listing]
import contextlib
import io
import math
import tempfile
import textwrap
from pathlib import Path

import datasets
import torch
from transformers import LlamaConfig, LlamaForCausalLM
from trl.scripts.sft import main, make_parser

from sintonia.models import load_tokenizer

datasets.disable_progress_bars()
torch.manual_seed(0)
temporary = tempfile.TemporaryDirectory()
scratch = Path(temporary.name)
size = dict.fromkeys(("hidden_size", "intermediate_size", "num_attention_heads"), 8)
toy = LlamaForCausalLM(LlamaConfig(vocab_size=49152, num_hidden_layers=1, **size))
toy.save_pretrained(scratch / "toy")
load_tokenizer().save_pretrained(scratch / "toy")
rows = Path("code/sintonia/data/train/pt.jsonl").read_text("utf-8").splitlines()
(scratch / "rows").mkdir()
(scratch / "rows" / "train.jsonl").write_text("\n".join(rows[:12]), "utf-8")

flags = ["--config", "code/examples/sft/plain.yaml"]  # flags win over the file:
flags += ["--model_name_or_path", str(scratch / "toy"), "--max_steps", "1"]
flags += ["--dataset_name", str(scratch / "rows"), "--output_dir", str(scratch / "run")]
flags += ["--disable_tqdm", "true"]
parsed = make_parser().parse_args_and_config(flags, fail_with_unknown_args=False)
printed = io.StringIO()
with contextlib.redirect_stdout(printed):
    main(*parsed)
first = next(line for line in printed.getvalue().splitlines() if "loss" in line)
for part in first.strip("{}").replace("'", "").split(", "):
    name, _, value = part.partition(": ")
    print(f"{name:<21}{round(float(value), 3)}")
print(f"{'ln 49152, guessing':<21}{math.log(49152):.1f}")
saved = sorted(file.name for file in (scratch / "run").iterdir())
print(textwrap.fill(f"saved: {' '.join(saved)}", 80))
# --8<-- [end:listing]
