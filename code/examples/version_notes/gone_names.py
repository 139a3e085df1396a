"""Names that tutorials import and that are gone, then the names that took their place."""

# --8<-- [start:listing]
import importlib

GONE = {
    "trl": "setup_chat_format DataCollatorForCompletionOnlyLM"
    " ConstantLengthDataset ORPOTrainer PPOTrainer AutoModelForCausalLMWithValueHead",
    "trl.core": "LengthSampler",
    "transformers": "AdamW Conversation TFAutoModel TextDataset",
    "peft": "prepare_model_for_int8_training",
    "datasets": "load_metric",
    "huggingface_hub": "HfFolder Repository",
}
HERE = {
    "trl": "clone_chat_template RLOOTrainer GRPOTrainer",
    "trl.experimental.orpo": "ORPOTrainer",
    "torch.optim": "AdamW",
    "peft": "prepare_model_for_kbit_training",
    "huggingface_hub": "get_token login upload_folder",
}


def attempt(module, name):
    try:
        exec(f"from {module} import {name}")
    except ImportError as error:
        # without the path in brackets, which is different on your machine
        print(f"{type(error).__name__}: {str(error).split(' (')[0]}")
    else:
        print(f"from {module} import {name}")


for names in (GONE, HERE):
    for module, listed in names.items():
        for name in listed.split():
            attempt(module, name)
    print()

have_ppo = importlib.util.find_spec("trl.experimental.ppo") is not None
print("PPO in trl.experimental:", have_ppo)
# --8<-- [end:listing]
