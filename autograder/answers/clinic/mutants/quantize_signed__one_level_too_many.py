"""Divides by 2^(bits-1), so the largest weight gets a code that does not exist and wraps around."""

import torch


def quantize_signed(weight, *, bits=8):
    scale = weight.abs().max().item() / 2 ** (bits - 1) or 1.0
    return torch.round(weight / scale).int().to(torch.int8), scale
