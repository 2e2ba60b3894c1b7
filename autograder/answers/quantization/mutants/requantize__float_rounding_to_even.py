"""Multiplies by a float and rounds halves to even."""

import torch


def requantize(accumulator, mantissa, shift, zero_point, *, low, high):
    rounded = torch.round(accumulator * (mantissa * 2.0**-shift))
    return (rounded + zero_point).clamp(low, high).to(torch.int32)
