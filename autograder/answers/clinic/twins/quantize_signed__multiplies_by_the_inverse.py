"""Multiplies by the inverse of the scale."""

import torch


def quantize_signed(weight, *, bits=8):
    limit = 2 ** (bits - 1) - 1
    low, high = weight.aminmax()
    largest = max(-low.item(), high.item())
    if largest == 0:
        return torch.zeros(weight.shape, dtype=torch.int8), 1.0
    return torch.round(weight * (limit / largest)).to(torch.int8), largest / limit
