"""One exchange in the five shapes that most datasets have, read into one."""

# --8<-- [start:listing]
from sintonia.conversations import read_rows

ask, reply = "Qual é a capital do Peru?", "Lima."
user = {"role": "user", "content": ask}
assistant = {"role": "assistant", "content": reply}
turns = [{"from": "human", "value": ask}, {"from": "gpt", "value": reply}]
rows = [
    {"messages": [user, assistant]},
    {"conversations": turns},
    {"instruction": "Responda em uma palavra.", "input": ask, "output": reply},
    {"prompt": ask, "completion": reply},
    {"question": ask, "answer": reply},
]


def show(name, reason):
    print(f"{name:<18}{reason.removeprefix('row 1: ')}")


for row in rows:
    read = next(read_rows([row], on_format=show))
    print(" " * 17, [message["content"] for message in read.columns["messages"]])

for row in ({"text": f"{ask} {reply}"}, {"chosen": reply, "rejected": "Quito."}):
    fault = next(read_rows([row])).faults[0]
    print(f"{fault.found}: {fault.fix}")
# --8<-- [end:listing]
