"""Products and a sum, output by output."""

import torch


def integer_linear(x, x_zero, weight, bias, mantissa, shift, out_zero, *, low=0, high=255):
    centred = x.to(torch.int32) - x_zero
    columns = [(centred * row.to(torch.int32)).sum(dim=1, dtype=torch.int32) for row in weight]
    sums = torch.stack(columns, dim=1) + bias

    product = sums.long() * mantissa
    magnitude = (product.abs() + (1 << (shift - 1))) >> shift
    rounded = torch.where(product < 0, -magnitude, magnitude)
    return (rounded + out_zero).clamp(low, high).to(torch.int32)
