"""The same exchange in six shapes, prepared by TRL's own trainer: what would each train?"""

# --8<-- [start:listing]
import tempfile

import datasets
from transformers import LlamaConfig, LlamaForCausalLM
from trl import SFTConfig, SFTTrainer

from sintonia.models import load_tokenizer

datasets.disable_progress_bars()
tokenizer = load_tokenizer()
size = dict.fromkeys(("hidden_size", "intermediate_size", "num_attention_heads"), 8)
model = LlamaForCausalLM(LlamaConfig(vocab_size=49152, num_hidden_layers=1, **size))
folder = tempfile.gettempdir()  # nothing is trained, so nothing is written
arguments = SFTConfig(folder, use_cpu=True, bf16=False, report_to="none")

ask, reply = "Capital do Peru?", "Lima."
user = {"role": "user", "content": ask}
assistant = {"role": "assistant", "content": reply}
turns = [{"from": "human", "value": ask}, {"from": "gpt", "value": reply}]
shapes = {
    "text": {"text": f"{ask} {reply}"},
    "messages": {"messages": [user, assistant]},
    "prompt, completion: strings": {"prompt": ask, "completion": f" {reply}"},
    "prompt, completion: messages": {"prompt": [user], "completion": [assistant]},
    "conversations": {"conversations": turns},
    "instruction, output": {"instruction": ask, "output": reply},
}
for name, row in shapes.items():
    print(name)
    try:
        dataset = datasets.Dataset.from_list([row])
        trainer = SFTTrainer(
            model, arguments, train_dataset=dataset, processing_class=tokenizer
        )
    except KeyError as error:
        print("   KeyError:", error)
        continue
    labels = trainer.data_collator([trainer.train_dataset[0]])["labels"][0]
    for line in tokenizer.decode(labels[labels != -100]).splitlines(keepends=True):
        print("  ", repr(line))
# --8<-- [end:listing]
