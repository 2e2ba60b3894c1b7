"""Clamps to eight bits, whatever low and high say."""

import torch


def quantize(x, scale, zero_point, *, low, high):
    limits = (-128, 127) if low < 0 else (0, 255)
    return (torch.round(x / scale) + zero_point).clamp(*limits).to(torch.int32)
