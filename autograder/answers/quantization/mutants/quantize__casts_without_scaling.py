"""Casts the values to integers without dividing by the scale."""

import torch


def quantize(x, scale, zero_point, *, low, high):
    return x.to(torch.int32).clamp(low, high)
