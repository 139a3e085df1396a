"""A masked prompt still decides what the reply costs, and still receives gradient."""

# --8<-- [start:listing]
import torch

import sintonia
from sintonia.models import load_model

model = load_model().requires_grad_(False)  # only the prompt's gradient is asked for
table = model.get_input_embeddings().weight


def look(question):
    reply = {"role": "assistant", "content": "The capital of France is Paris."}
    example = sintonia.encode([[{"role": "user", "content": question}, reply]])[0]
    ids = torch.tensor([example["input_ids"]])
    embeddings = table[ids].detach().requires_grad_()  # (1, seq, hidden)
    loss = model(
        inputs_embeds=embeddings, labels=torch.tensor([sintonia.labels(example)])
    ).loss
    loss.backward()
    first = example["assistant_mask"].index(1)
    reached = embeddings.grad[0, :first].norm(dim=-1) > 0
    told = f"{int(reached.sum())} of {first} prompt tokens reached"
    print(f"{loss.item():.2f}  {told}  {question}")


look("What is the capital of France?")
look("What is the capital of Japan?")
look("Write a poem about the sea.")
# --8<-- [end:listing]
