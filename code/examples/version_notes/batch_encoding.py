"""What apply_chat_template returns now, what that breaks, and tokenizer methods gone."""

# --8<-- [start:listing]
import torch  # noqa: F401 (used by the lines below, which are evaluated)
from transformers import LlamaConfig, LlamaForCausalLM

from sintonia.models import load_tokenizer

tokenizer = load_tokenizer()
size = {"hidden_size": 16, "intermediate_size": 32, "num_hidden_layers": 1}
heads = {"num_attention_heads": 2, "num_key_value_heads": 2}
model = LlamaForCausalLM(LlamaConfig(vocab_size=len(tokenizer), **size, **heads))
conversation = [{"role": "system", "content": ""}, {"role": "user", "content": "Oi"}]


def attempt(code):
    try:
        print(f"{code}\n    {eval(code)}")
    except Exception as error:
        print(f"{code}\n    {type(error).__name__}: {error}".rstrip())


encoded = tokenizer.apply_chat_template(conversation)
tensors = tokenizer.apply_chat_template(conversation, return_tensors="pt")
ids = tokenizer.apply_chat_template(conversation, return_dict=False)
attempt("type(encoded).__name__, list(encoded)")
attempt("len(encoded), len(ids)")
attempt("encoded + [2]")
attempt("torch.tensor(encoded)")
attempt("tensors.shape")
attempt("model.generate(tensors, max_new_tokens=1)")
attempt("model.generate(**tensors, max_new_tokens=1).shape")
attempt("ids + [2]")

print()
attempt("tokenizer.encode_plus('Oi')")
attempt("tokenizer.batch_encode_plus(['Oi'])")
attempt("tokenizer.additional_special_tokens")
attempt("tokenizer(['Oi'])['input_ids']")
attempt("tokenizer.add_special_tokens({'extra_special_tokens': ['<|note|>']})")
attempt("tokenizer.extra_special_tokens")
attempt("tokenizer.decode([[1, 2], [3]])")
# --8<-- [end:listing]
