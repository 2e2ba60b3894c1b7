"""Clamps to the codes from 0 to 255, whatever low and high say."""

import torch


def integer_linear(x, x_zero, weight, bias, mantissa, shift, out_zero, *, low=0, high=255):
    sums = (x.int() - x_zero) @ weight.int().T + bias

    product = sums.long() * mantissa
    magnitude = (product.abs() + (1 << (shift - 1))) >> shift
    rounded = torch.where(product < 0, -magnitude, magnitude)
    return (rounded + out_zero).clamp(0, 255).to(torch.int32)
