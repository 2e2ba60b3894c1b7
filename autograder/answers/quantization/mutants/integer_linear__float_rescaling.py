"""Rescales the sums with a float instead of mantissa and shift."""

import torch


def integer_linear(x, x_zero, weight, bias, mantissa, shift, out_zero, *, low=0, high=255):
    sums = (x.int() - x_zero) @ weight.int().T + bias

    exact = sums.double() * mantissa * 2.0**-shift
    rounded = torch.where(exact < 0, -torch.floor(0.5 - exact), torch.floor(exact + 0.5))
    return (rounded + out_zero).clamp(low, high).to(torch.int32)
