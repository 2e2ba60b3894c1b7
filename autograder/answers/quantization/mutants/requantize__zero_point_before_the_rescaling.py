"""Adds the zero point before the rescaling instead of afterwards."""

import torch


def requantize(accumulator, mantissa, shift, zero_point, *, low, high):
    product = (accumulator.long() + zero_point) * mantissa
    magnitude = (product.abs() + (1 << (shift - 1))) >> shift
    rounded = torch.where(product < 0, -magnitude, magnitude)
    return rounded.clamp(low, high).to(torch.int32)
