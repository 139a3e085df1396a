"""What the doctor says of the five broken runs before they start."""

# --8<-- [start:listing]
from sintonia import diagnose
from sintonia.comparison import course_rows
from sintonia.models import load_tokenizer

tokenizer = load_tokenizer()
rows = course_rows("train", ["en"])
own = tokenizer.chat_template
stopless = own.replace(" + '<|im_end|>' }}{% endgeneration", " }}{% endgeneration")
recipe = {"use_peft": True, "learning_rate": 1e-3, "max_length": 512}
recipe |= {"use_cpu": True, "bf16": False}
by_id = {"data_collator": "DataCollatorForLanguageModeling"}
runs = {
    "sound": (own, {}),
    "missing EOS": (stopless, {}),
    "pad = EOS": (own, by_id),
    "double shift": (own, {}),  # a loop's own doing: nothing here tells of it
    "wrong template": ("llama3", {}),
    "truncation": (own, {"max_length": 72}),
}
for name, (template, changed) in runs.items():
    options = {"chat_template": template, "recipe": recipe | changed}
    told = [
        one
        for one in diagnose(rows, tokenizer=tokenizer, **options)
        if one.severity != "note"
    ]
    print(name, "" if told else "  nothing")
    for finding in told:
        print(f"  {finding.code} {finding.severity:<8}{finding.title}")
# --8<-- [end:listing]
