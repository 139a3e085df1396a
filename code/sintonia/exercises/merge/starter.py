import torch


def merged_weight(weight, lora_a, lora_b, alpha):
    pass


if __name__ == "__main__":
    torch.manual_seed(0)
    weight = torch.randn(5, 6)  # (outputs, inputs)
    lora_a, lora_b = torch.randn(2, 6), torch.randn(5, 2)
    x = torch.randn(6)
    print("beside it:", weight @ x + 4 / 2 * lora_b @ (lora_a @ x))
    print("merged:   ", merged_weight(weight, lora_a, lora_b, 4) @ x)
