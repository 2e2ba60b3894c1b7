"""Half minus one for negative products, then an arithmetic shift."""

import torch


def requantize(accumulator, mantissa, shift, zero_point, *, low, high):
    product = accumulator.long() * mantissa
    nudge = (1 << (shift - 1)) - (product < 0).long()
    return ((product + nudge) >> shift).add(zero_point).clamp(low, high).to(torch.int32)
