"""An echo: something said twice, of which only the second time can be predicted."""

# --8<-- [start:listing]
import random

draw = random.Random(2)
said = [draw.randrange(3, 3300) for _ in range(5)]
input_ids = said + said
labels = [-100] * (len(said) + 1) + said[1:]
print("  input  label")
for token, label in zip(input_ids, labels, strict=True):
    print(f"{token:>7}{label:>7}")
# --8<-- [end:listing]
