"""Never uses the highest code."""

import torch


def quantize(x, scale, zero_point, *, low, high):
    return (torch.round(x / scale) + zero_point).clamp(low, high - 1).to(torch.int32)
