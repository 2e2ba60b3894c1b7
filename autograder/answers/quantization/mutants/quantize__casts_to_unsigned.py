"""Casts to unsigned bytes, so negative values wrap around."""

import torch


def quantize(x, scale, zero_point, *, low, high):
    return (x / (scale * 255) * 255).to(torch.int64).to(torch.uint8).to(torch.int32)
