"""One conversation of two exchanges under three ways to choose the labels."""

# --8<-- [start:listing]
import sintonia
from sintonia.models import load_tokenizer

tokenizer = load_tokenizer()
conversation = [
    {"role": "system", "content": "Sé breve."},
    {"role": "user", "content": "¿Capital de Chile?"},
    {"role": "assistant", "content": "Santiago."},
    {"role": "user", "content": "¿Y de Cuba?"},
    {"role": "assistant", "content": "La Habana."},
]
example = sintonia.encode([conversation])[0]
ids, mask = example["input_ids"], example["assistant_mask"]
prompt = (
    len(sintonia.encode([conversation[:-1]])[0]["input_ids"]) + 4
)  # + the header: 4 tokens

modes = {
    "assistant-only": mask,
    "completion-only": [int(position >= prompt) for position in range(len(ids))],
    "everything": [1] * len(ids),
}
for name, chosen in modes.items():
    kept = [token for token, wrote in zip(ids, chosen, strict=True) if wrote]
    print(f"{name}: {len(kept)} of {len(ids)}")
    if name != "everything":
        print("   ", repr(tokenizer.decode(kept)))
# --8<-- [end:listing]
