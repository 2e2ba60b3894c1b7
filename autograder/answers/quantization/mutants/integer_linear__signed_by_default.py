"""Clamps by default to signed codes instead of those from 0 to 255."""

import torch


def integer_linear(x, x_zero, weight, bias, mantissa, shift, out_zero, *, low=-128, high=127):
    sums = (x.int() - x_zero) @ weight.int().T + bias

    product = sums.long() * mantissa
    magnitude = (product.abs() + (1 << (shift - 1))) >> shift
    rounded = torch.where(product < 0, -magnitude, magnitude)
    return (rounded + out_zero).clamp(low, high).to(torch.int32)
