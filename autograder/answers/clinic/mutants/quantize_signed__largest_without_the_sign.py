"""Takes the largest weight instead of the largest magnitude, so strongly negative ones leave the range."""

import torch


def quantize_signed(weight, *, bits=8):
    limit = 2 ** (bits - 1) - 1
    scale = weight.max().item() / limit or 1.0
    return torch.round(weight / scale).clamp(-limit, limit).to(torch.int8), scale
