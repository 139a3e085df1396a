"""A recipe, a flag over it, and two flags that do not exist."""

# --8<-- [start:listing]
import textwrap

from sintonia.errors import InputError
from sintonia.sft import parse

recipe = ["--config", "code/recipes/cpu-lora.yaml"]
for flags in ([], ["--learning_rate", "5e-4", "--lora_r", "8"]):
    mine, config, model_config = parse(recipe + flags)
    print(f"{config.learning_rate:g}, rank {model_config.lora_r}, {mine.languages}")

for flags in (["--learning_rat", "5e-4"], ["--warmup_ratio", "0.1"]):
    try:
        parse(recipe + flags)
    except InputError as error:
        print(textwrap.fill(str(error), 80))
# --8<-- [end:listing]
