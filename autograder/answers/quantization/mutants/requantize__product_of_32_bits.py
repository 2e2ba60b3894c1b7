"""Multiplies into 32 bits, which overflow."""

import torch


def requantize(accumulator, mantissa, shift, zero_point, *, low, high):
    product = (accumulator * mantissa).to(torch.int32).long()
    magnitude = (product.abs() + (1 << (shift - 1))) >> shift
    rounded = torch.where(product < 0, -magnitude, magnitude)
    return (rounded + zero_point).clamp(low, high).to(torch.int32)
