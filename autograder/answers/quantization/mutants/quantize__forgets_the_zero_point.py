"""Leaves out the zero point."""

import torch


def quantize(x, scale, zero_point, *, low, high):
    return torch.round(x / scale).clamp(low, high).to(torch.int32)
