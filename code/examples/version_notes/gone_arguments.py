"""Arguments that are gone, what each call says, and the ones that took their place."""

# --8<-- [start:listing]
import inspect
import os
import warnings

os.environ["CUDA_VISIBLE_DEVICES"] = ""  # what a machine without a GPU sees

from transformers import Trainer, TrainingArguments
from trl import DPOTrainer, ModelConfig, SFTConfig, SFTTrainer

CPU = {"use_cpu": True, "bf16": False}
OF_CONFIG = (
    "evaluation_strategy use_mps_device no_cuda group_by_length warmup_ratio"
    " max_seq_length overwrite_output_dir logging_dir save_safetensors adafactor"
    " per_gpu_train_batch_size push_to_hub_token"
)
OF_TRAINER = (
    "tokenizer max_seq_length dataset_kwargs packing dataset_text_field"
    " neftune_noise_alpha model_init_kwargs dataset_num_proc"
)


def attempt(target, arguments, **others):
    for argument in arguments.split():
        try:
            target(**others, **{argument: None})
            print(f"accepted: {target.__name__}({argument}=...)")
        except TypeError as error:
            said, _, _ = str(error).partition(
                ". Did you mean"
            )  # a guess of Python 3.13
            print(f"TypeError: {said}")


attempt(SFTConfig, OF_CONFIG, **CPU)
attempt(TrainingArguments, "evaluation_strategy warmup_ratio no_cuda", use_cpu=True)
attempt(SFTTrainer, OF_TRAINER, model=None)
attempt(Trainer, "tokenizer")
attempt(DPOTrainer, "tokenizer beta", model=None)
attempt(ModelConfig, "torch_dtype")

print("\nnow:")
for new in (
    {"eval_strategy": "epoch"},
    {"warmup_steps": 0.1},
    {"train_sampling_strategy": "group_by_length"},
    {"max_length": 512},
    {"dataset_kwargs": {"skip_prepare_dataset": True}},
    {"optim": "adafactor"},
    {"per_device_train_batch_size": 2},
    {"hub_token": "hf_..."},
):
    config = SFTConfig(**CPU, **new)
    print("SFTConfig(" + ", ".join(f"{k}={v!r}" for k, v in new.items()) + ")")
warm_up = SFTConfig(**CPU, warmup_steps=0.1).get_warmup_steps(200)
print("warmup_steps=0.1 of 200 steps:", warm_up)
print("report_to:", SFTConfig(**CPU).report_to)

print("\non a CPU:")
for arguments in ({}, {"use_cpu": True}, CPU):
    try:
        print(f"{arguments}: bf16 is {SFTConfig(**arguments).bf16}")
    except ValueError as error:
        print(f"ValueError: {error}")

with warnings.catch_warnings(record=True) as caught:
    warnings.simplefilter("always")
    SFTConfig(**CPU, gradient_checkpointing=True)
print()
for warning in caught:
    print(f"{warning.category.__name__}: {warning.message}")

known = inspect.signature(SFTConfig).parameters
print("\nfields with 'warmup':", [name for name in known if "warmup" in name])
# --8<-- [end:listing]
