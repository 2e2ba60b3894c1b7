"""Changes the codes x that were passed in."""

import torch


def integer_linear(x, x_zero, weight, bias, mantissa, shift, out_zero, *, low=0, high=255):
    x -= x_zero
    sums = x.int() @ weight.int().T + bias

    product = sums.long() * mantissa
    magnitude = (product.abs() + (1 << (shift - 1))) >> shift
    rounded = torch.where(product < 0, -magnitude, magnitude)
    return (rounded + out_zero).clamp(low, high).to(torch.int32)
