"""Clamps at the upper limit alone."""

import torch


def quantize(x, scale, zero_point, *, low, high):
    return (torch.round(x / scale) + zero_point).clamp(max=high).to(torch.int32)
