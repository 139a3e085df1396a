"""One adapter over three bases: its own, one of another width, and a twin that fits."""

# --8<-- [start:listing]
import contextlib
import tempfile

from peft import LoraConfig, PeftModel

from sintonia.doctor import diagnose
from sintonia.models import attach_lora, load_model
from sintonia.small_model import Making, train_tokenizer, untrained_model

row = [{"role": "user", "content": "Oi"}, {"role": "assistant", "content": "Olá!"}]
bases = {"own": Making(), "wide": Making(hidden=192), "twin": Making(seed=1)}
with tempfile.TemporaryDirectory() as folder, contextlib.chdir(folder):
    tokenizer = train_tokenizer(["Oi. Olá!"], 300)
    for name, making in bases.items():
        untrained_model(300, making).save_pretrained(name)
    config = LoraConfig(r=4, target_modules="all-linear")
    attach_lora(load_model("own"), config).save_pretrained("adapter")

    for name in bases:
        print(f"{name}:", end=" ")
        try:
            PeftModel.from_pretrained(load_model(name), "adapter")
            print("loads")
        except RuntimeError as error:
            print(str(error).splitlines()[1].split(":", 1)[1].strip())
        for finding in diagnose(
            [row], tokenizer=tokenizer, model="adapter", recipe={"base": name}
        ):
            if finding.code == "R06":
                print(f"  R06 {finding.seen}")
# --8<-- [end:listing]
