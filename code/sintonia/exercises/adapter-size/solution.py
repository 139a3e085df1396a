def adapter_size(shapes, rank):
    # A is (rank, inputs), B is (outputs, rank)
    return sum(rank * (inputs + outputs) for inputs, outputs in shapes)
