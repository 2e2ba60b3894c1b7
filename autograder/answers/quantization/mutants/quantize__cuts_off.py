"""Cuts the codes off instead of rounding them."""

import torch


def quantize(x, scale, zero_point, *, low, high):
    return (x / scale + zero_point).clamp(low, high).to(torch.int32)
