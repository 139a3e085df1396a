"""Three ways to end a rendered conversation."""

# --8<-- [start:listing]
from sintonia.models import load_tokenizer

tokenizer = load_tokenizer()
system = {"role": "system", "content": "Responda em uma frase."}
question = {"role": "user", "content": "Qual é a capital do Peru?"}
begun = {"role": "assistant", "content": "A capital do Peru é"}


def show(name, messages, **options):
    text = tokenizer.apply_chat_template(messages, tokenize=False, **options)
    print(f"{name:<18}", repr(text[-62:]))


show("no prompt", [system, question])
show("generation prompt", [system, question], add_generation_prompt=True)
show("prefill", [system, question, begun], continue_final_message=True)
show("finished turn", [system, question, begun])
# --8<-- [end:listing]
