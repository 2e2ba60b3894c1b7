"""Clamps before it adds the zero point instead of afterwards."""

import torch


def requantize(accumulator, mantissa, shift, zero_point, *, low, high):
    product = accumulator.long() * mantissa
    magnitude = (product.abs() + (1 << (shift - 1))) >> shift
    rounded = torch.where(product < 0, -magnitude, magnitude)
    return (rounded.clamp(low, high) + zero_point).to(torch.int32)
