"""The loop's heart, printed from the package itself: page and package cannot differ."""

# --8<-- [start:listing]
import inspect
import re
from textwrap import dedent

from sintonia import training_loop

loss = inspect.getsource(training_loop.next_token_loss)
print(re.sub(r'    """.*?"""\n', "", loss, flags=re.DOTALL))  # without its docstring

lines = inspect.getsource(training_loop.train).splitlines()
start = next(i for i, line in enumerate(lines) if "in enumerate(plan)" in line)
end = next(i for i, line in enumerate(lines) if "optimizer.zero_grad()" in line)
print(dedent("\n".join(lines[start : end + 1])))
# --8<-- [end:listing]
