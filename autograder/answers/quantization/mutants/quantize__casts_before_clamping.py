"""Casts to 8 bits before clamping, so large codes wrap around."""

import torch


def quantize(x, scale, zero_point, *, low, high):
    codes = (torch.round(x / scale) + zero_point).to(torch.int32)
    codes = codes.to(torch.int8) if low < 0 else codes.to(torch.uint8)
    return codes.to(torch.int32).clamp(low, high)
