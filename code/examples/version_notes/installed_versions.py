"""The versions this page speaks of, read from the packages that are installed."""

# --8<-- [start:listing]
from importlib.metadata import version

packages = "transformers trl datasets peft accelerate huggingface_hub torch"
for name in packages.split():
    release = version(name).split("+")[0]  # 2.13.0 for 2.13.0+cpu
    print(f"{name:16} {release}")
# --8<-- [end:listing]
