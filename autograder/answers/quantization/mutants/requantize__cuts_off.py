"""Shifts without rounding."""

import torch


def requantize(accumulator, mantissa, shift, zero_point, *, low, high):
    product = accumulator.long() * mantissa
    rounded = product.sign() * (product.abs() >> shift)
    return (rounded + zero_point).clamp(low, high).to(torch.int32)
