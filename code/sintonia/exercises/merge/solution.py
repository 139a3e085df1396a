def merged_weight(weight, lora_a, lora_b, alpha):
    rank = lora_a.shape[0]
    return weight + alpha / rank * lora_b @ lora_a
