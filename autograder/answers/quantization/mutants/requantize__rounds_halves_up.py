"""Rounds halves up instead of away from zero."""

import torch


def requantize(accumulator, mantissa, shift, zero_point, *, low, high):
    product = accumulator.long() * mantissa
    rounded = (product + (1 << (shift - 1))) >> shift
    return (rounded + zero_point).clamp(low, high).to(torch.int32)
