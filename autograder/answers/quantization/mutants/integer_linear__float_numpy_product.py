"""Multiplies the matrices in numpy's float64 instead of integers."""

import torch


def integer_linear(x, x_zero, weight, bias, mantissa, shift, out_zero, *, low=0, high=255):
    left, right = (x - x_zero).numpy().astype("float64"), weight.numpy().astype("float64")
    sums = torch.from_numpy((left @ right.T).astype("int64")) + bias

    product = sums.long() * mantissa
    magnitude = (product.abs() + (1 << (shift - 1))) >> shift
    rounded = torch.where(product < 0, -magnitude, magnitude)
    return (rounded + out_zero).clamp(low, high).to(torch.int32)
