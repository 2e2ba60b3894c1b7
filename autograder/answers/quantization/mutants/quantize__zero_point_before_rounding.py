"""Adds the zero point before rounding, which turns some halves round."""

import torch


def quantize(x, scale, zero_point, *, low, high):
    return torch.round(x / scale + zero_point).clamp(low, high).to(torch.int32)
