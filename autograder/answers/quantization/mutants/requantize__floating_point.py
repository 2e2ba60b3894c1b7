"""Computes in float64, which cannot hold every product exactly."""

import torch


def requantize(accumulator, mantissa, shift, zero_point, *, low, high):
    exact = accumulator.double() * mantissa / 2.0**shift
    rounded = torch.sign(exact) * torch.floor(exact.abs() + 0.5)
    return (rounded + zero_point).clamp(low, high).to(torch.int32)
