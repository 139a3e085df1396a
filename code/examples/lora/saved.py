"""An adapter folder, and what the reply costs when its template is not the one it was trained with."""

# --8<-- [start:listing]
import tempfile
from pathlib import Path

from peft import LoraConfig

from sintonia import render
from sintonia.models import attach_lora, load_model, load_tokenizer

question = [{"role": "user", "content": "Olá"}]
config = LoraConfig(r=8, target_modules=["q_proj", "v_proj"])
with tempfile.TemporaryDirectory() as folder:
    tuned, tokenizer = attach_lora(load_model(), config), load_tokenizer()
    tuned.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    for file in sorted(Path(folder).iterdir()):
        print(f"{file.stat().st_size / 1e6:>5.1f} MB  {file.name}")
    saved = load_tokenizer(folder)
    same = render(question, tokenizer=saved) == render(question, tokenizer=tokenizer)
    print("renders as in training:", same)

print("\nwhat the model would read:")
for name in ("smollm2", "chatml", "llama3"):
    prompt = render(question, chat_template=name, add_generation_prompt=True).text
    print(f"{name:<8}{prompt[:62]!r}")
# --8<-- [end:listing]
