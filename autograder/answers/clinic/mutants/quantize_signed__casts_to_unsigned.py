"""Scales to 2^bits - 1 and casts to an unsigned type, so negative weights wrap around."""

import torch


def quantize_signed(weight, *, bits=8):
    levels = 2**bits - 1
    step = weight.abs().max().item() / levels
    codes = torch.round(weight / step).long()
    return codes.to(torch.uint8), step
