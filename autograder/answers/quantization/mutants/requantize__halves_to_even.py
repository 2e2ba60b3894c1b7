"""Rounds halves to even instead of away from zero."""

import torch


def requantize(accumulator, mantissa, shift, zero_point, *, low, high):
    product = accumulator.long() * mantissa
    rounded = (product + (1 << (shift - 1))) >> shift
    half = (product & ((1 << shift) - 1)) == (1 << (shift - 1))
    rounded = torch.where(half & (rounded % 2 == 1), rounded - 1, rounded)
    return (rounded + zero_point).clamp(low, high).to(torch.int32)
