"""Returns codes per unit of weight instead of the weight per code."""

import torch


def quantize_signed(weight, *, bits=8):
    factor = (2 ** (bits - 1) - 1) / (weight.abs().max().item() or 1.0)
    return torch.round(weight * factor).to(torch.int8), factor
