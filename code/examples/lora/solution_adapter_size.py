"""LoRA's parameter count by hand."""

# --8<-- [start:listing]
from sintonia.estimates import EMBEDDED_CONFIG, lora_parameters


def adapter_size(shapes, rank):
    # A is (rank, inputs), B is (outputs, rank)
    return sum(rank * (inputs + outputs) for inputs, outputs in shapes)


hidden, inner, keys = 576, 1536, 192
attention = [(hidden, hidden), (hidden, keys), (hidden, keys), (hidden, hidden)]
gated = [(hidden, inner), (hidden, inner), (inner, hidden)]
by_hand = adapter_size(30 * (attention + gated), 16)
print(f"{by_hand:,}", by_hand == lora_parameters(EMBEDDED_CONFIG, 16))
print("r=8, q and v:", f"{adapter_size(30 * [(hidden, hidden), (hidden, keys)], 8):,}")
# --8<-- [end:listing]
