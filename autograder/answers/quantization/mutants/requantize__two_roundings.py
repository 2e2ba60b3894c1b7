"""Rounds twice, once at half the shift and once at the end."""

import torch


def requantize(accumulator, mantissa, shift, zero_point, *, low, high):
    product = accumulator.long() * mantissa
    high_half = product.sign() * ((product.abs() + 2**30) >> 31)
    rest = shift - 31
    rounded = high_half
    if rest > 0:
        rounded = high_half.sign() * ((high_half.abs() + (1 << (rest - 1))) >> rest)
    elif rest < 0:
        rounded = product.sign() * ((product.abs() + (1 << (shift - 1))) >> shift)
    return (rounded + zero_point).clamp(low, high).to(torch.int32)
