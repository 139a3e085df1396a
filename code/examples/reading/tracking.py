"""Who is told of a run: nobody, unless you name somebody."""

# --8<-- [start:listing]
from transformers.integrations import get_reporting_integration_callbacks
from trl import SFTConfig

config = SFTConfig(use_cpu=True, bf16=False, activation_checkpointing=False)
print("report_to:", config.report_to)
print("callbacks:", get_reporting_integration_callbacks(config.report_to))
trackio = get_reporting_integration_callbacks(["trackio"])[0]
try:
    trackio()
    print("trackio is installed")
except RuntimeError as error:
    print(f"{type(error).__name__}: {error}")
# --8<-- [end:listing]
