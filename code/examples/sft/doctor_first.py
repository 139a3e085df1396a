"""The doctor on a recipe for plain TRL that looks right, and on the course's own."""

# --8<-- [start:listing]
from sintonia.doctor import examine
from sintonia.estimates import Machine

hasty = {
    "dataset_name": "rows",
    "use_peft": True,
    "learning_rate": 2e-5,
    "completion_only_loss": True,
    "max_length": 64,
    "warmup_steps": 100,
}
laptop = Machine(device="CPU", bf16="none", memory=8 << 30)
data = "code/sintonia/data/train/pt.jsonl"
for name, recipe in (("hasty", hasty), ("course", "code/recipes/cpu-lora.yaml")):
    report = examine(data, recipe=recipe, model="embedded", machine=laptop)
    print(f"{name}: exit code {report.exit_code()}")
    for finding in report.findings:
        if finding.severity != "note":
            print(f"  {finding.code} {finding.severity:<8}{finding.title}")
# --8<-- [end:listing]
