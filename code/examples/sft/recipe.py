"""The default recipe, as it stands in the repository."""

# --8<-- [start:listing]
from pathlib import Path

print(Path("code/recipes/cpu-lora.yaml").read_text("utf-8"), end="")
# --8<-- [end:listing]
